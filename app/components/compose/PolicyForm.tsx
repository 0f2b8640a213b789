import { useFetcher } from "@remix-run/react";
import { useT } from "~/i18n/react";

const POLICIES = ["open", "held", "closed"] as const;

/** Who may comment on one's own post. */
export function PolicyForm({ postId, policy }: { postId: string; policy: string }) {
  const t = useT();
  const fetcher = useFetcher<{ policy?: string; error?: string }>();
  const stored = fetcher.data?.policy;
  return (
    <fetcher.Form method="post" action={`/posts/${postId}/comment-policy`}>
      <fieldset className="declares">
        <legend className="meta">{t("comment.policyTitle")}</legend>
        {POLICIES.map((choice) => (
          <label key={choice} className="reason">
            <input type="radio" name="policy" value={choice} defaultChecked={choice === policy} />
            {t(`comment.policy.${choice}`)}
          </label>
        ))}
        <p className="hint">{t("comment.policyHint")}</p>
        <p>
          <button className="btn small" aria-busy={fetcher.state !== "idle"}>
            {t("comment.policySave")}
          </button>{" "}
          <span className="meta" role="status">
            {fetcher.data?.error ?? (stored && fetcher.state === "idle" ? t("comment.saved") : "")}
          </span>
        </p>
      </fieldset>
    </fetcher.Form>
  );
}
