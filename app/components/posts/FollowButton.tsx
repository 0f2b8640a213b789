import { GatedForm } from "~/components/ui/GatedForm";
import { useT } from "~/i18n/react";

/** Follows a member or a topic. */
export function FollowButton({ kind, id, path, name, followed }: { kind: "member" | "topic"; id: string; path: string; name: string; followed: boolean }) {
  const t = useT();
  const gate = { act: "follow" as const, targetKind: kind, targetId: id };
  return (
    <GatedForm<{ followed: boolean }> action={`${path}/follow`} fields={{}} gate={gate}>
      {({ busy, data }) => {
        const shown = data && typeof data.followed === "boolean" ? data.followed : followed;
        return (
          <button
            className="btn small"
            name="followed"
            value={String(!shown)}
            aria-pressed={shown}
            aria-busy={busy}
            aria-label={t(shown ? "post.unfollowName" : "post.followName", { name })}
          >
            {t(shown ? "post.following" : "post.follow")}
          </button>
        );
      }}
    </GatedForm>
  );
}
