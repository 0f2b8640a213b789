import { GatedForm } from "~/components/ui/GatedForm";
import { Time } from "~/components/ui/Time";
import { formatDateTime } from "~/format/dates";
import { useLocale, useT } from "~/i18n/react";
import type { PollView } from "~/services/posts-read.server";

export type PollData = PollView;

/** A poll: choices before voting, results after it or when it has ended. */
export function PollCard({ postId, poll, lang }: { postId: string; poll: PollData; lang: string }) {
  const t = useT();
  const gate = { act: "vote" as const, targetKind: "post" as const, targetId: postId, postId };
  return (
    <GatedForm<{ poll: PollData }> action={`/posts/${postId}/vote`} fields={{}} gate={gate}>
      {({ busy, data }) => {
        const shown = data?.poll ?? poll;
        const open = !shown.closed && shown.chosen.length === 0;
        return (
          <fieldset className="poll">
            <legend className="vh">{t("post.poll")}</legend>
            <h2 lang={lang}>{shown.question}</h2>
            {open ? <Choices poll={shown} lang={lang} /> : <Results poll={shown} lang={lang} />}
            <div className="row-between">
              <PollFacts poll={shown} />
              {open ? (
                <button className="btn primary small" aria-busy={busy}>
                  {t("post.vote")}
                </button>
              ) : null}
            </div>
          </fieldset>
        );
      }}
    </GatedForm>
  );
}

function Choices({ poll, lang }: { poll: PollData; lang: string }) {
  return (
    <>
      {poll.options.map((option) => (
        <label key={option.id} className="choice" lang={lang}>
          <input type={poll.multiple ? "checkbox" : "radio"} name="choice" value={option.id} required={!poll.multiple} />
          {option.text}
        </label>
      ))}
    </>
  );
}

function Results({ poll, lang }: { poll: PollData; lang: string }) {
  const t = useT();
  return (
    <>
      {poll.options.map((option) => {
        const votes = option.votes ?? 0;
        const share = poll.voters > 0 ? Math.round((100 * votes) / poll.voters) : 0;
        return (
          <div key={option.id} className="result">
            <span lang={lang}>
              {option.text}
              {poll.chosen.includes(option.id) ? <span className="meta"> · {t("post.yourVote")}</span> : null}
            </span>
            <span className="num">
              {share}% <span className="meta">{t("post.votes", { count: votes })}</span>
            </span>
            <meter min={0} max={100} value={share} aria-label={`${option.text} ${share}%`} />
          </div>
        );
      })}
    </>
  );
}

function PollFacts({ poll }: { poll: PollData }) {
  const t = useT();
  const locale = useLocale();
  return (
    <p className="meta">
      {t("post.voters", { count: poll.voters })} ·{" "}
      {poll.closed ? (
        <>
          {t("post.pollClosed")} <Time iso={poll.closesAt} />
        </>
      ) : (
        t("post.pollCloses", { when: formatDateTime(poll.closesAt, locale) })
      )}
      {poll.multiple && !poll.closed && poll.chosen.length === 0 ? <> · {t("post.pollMultiple")}</> : null}
    </p>
  );
}
