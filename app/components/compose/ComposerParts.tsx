import { Link } from "@remix-run/react";
import { Icon } from "~/components/ui/Icon";
import { formatClock } from "~/format/dates";
import { findWordHints } from "~/format/finance-words";
import { countGraphemes } from "~/format/graphemes";
import { BODY_MAX, TITLE_MAX } from "~/format/post-limits";
import { useLocale, useT } from "~/i18n/react";
import type { Refusal } from "./send";
import type { DraftState, useDraft } from "./use-draft";
import type { ComposerWords, DraftMark } from "./words";

/** What every composer says about its words: where they are kept, what was refused, what a rule forbids, how long they are. */
export function DraftStatus({ state, savedAt, guest, problem }: { state: DraftState; savedAt: string | null; guest: boolean; problem: string | null }) {
  const t = useT();
  const locale = useLocale();
  const time = savedAt ? formatClock(savedAt, locale) : "";
  const sentence =
    state === "saving" ? t("draft.saving")
    : state === "saved" && savedAt ? t("draft.savedAt", { time })
    : state === "local" ? t("draft.local")
    : state === "loggedOut" ? t("draft.loggedOut")
    : state === "refused" ? (problem ?? t("draft.local"))
    : guest ? t("draft.guest")
    : "";
  return (
    <span className="meta status" role="status">
      {sentence}
    </span>
  );
}

/** What goes with the words whatever they say: which submission this is, and what it was read from. */
export function MarkFields({ mark, lang }: { mark: DraftMark; lang: string }) {
  return (
    <>
      <input type="hidden" name="submissionId" value={mark.submissionId} />
      <input type="hidden" name="draftId" value={mark.draftId} />
      <input type="hidden" name="draftRevision" value={mark.revision} />
      <input type="hidden" name="postId" value={mark.postId ?? ""} />
      <input type="hidden" name="postRevision" value={mark.postRevision ?? ""} />
      <input type="hidden" name="lang" value={lang} />
    </>
  );
}

export function Notices({ draft, refusal, offline, draftCount, isEdit }: { draft: ReturnType<typeof useDraft>; refusal: Refusal | null; offline: boolean; draftCount: number; isEdit: boolean }) {
  const t = useT();
  const locale = useLocale();
  return (
    <div aria-live="polite" className="notices">
      {refusal ? <p className="note bad">{refusal.error}</p> : null}
      {offline ? <p className="note warn">{t("compose.offline")}</p> : null}
      {draft.other ? (
        <p className="note warn">
          {t("draft.forked", { title: draft.other.title || t("draft.untitled") })}{" "}
          <a className="link" href={`/posts/new?draft=${draft.other.id}`} target="_blank" rel="noreferrer">
            {t("draft.seeOther")}
          </a>
        </p>
      ) : null}
      {draft.restoredAt ? (
        <p className="note">
          {t("draft.restored", { time: formatClock(draft.restoredAt, locale) })}{" "}
          <button type="button" className="text-btn link" onClick={draft.startOver}>
            {t(isEdit ? "draft.useStored" : "draft.startOver")}
          </button>
        </p>
      ) : null}
      {draftCount > 0 && !draft.restoredAt && draft.state === "new" && !isEdit ? (
        <p className="meta">
          <Link className="link" to="/drafts">
            {t("draft.waiting", { count: draftCount })}
          </Link>
        </p>
      ) : null}
    </div>
  );
}

/** Words that break a rule, named with their place before anything is sent. */
export function WordHints({ words, field }: { words: ComposerWords; field: React.RefObject<HTMLTextAreaElement> }) {
  const t = useT();
  const hints = findWordHints(words.body);
  if (hints.length === 0) return null;
  return (
    <div className="notices" role="status">
      {hints.map((hint) => (
        <p className="err" key={hint.key + hint.index}>
          <Icon name="flag" />
          <span>
            {t(`compose.hint.${hint.key}`, { paragraph: hint.paragraph, match: hint.match })}{" "}
            <Link className="link" to="/rules" target="_blank">
              {t("compose.hint.rules")}
            </Link>
            {" · "}
            <button
              type="button"
              className="text-btn link"
              onClick={() => {
                field.current?.focus();
                field.current?.setSelectionRange(hint.index, hint.index + hint.match.length);
              }}
            >
              {t("compose.hint.jump")}
            </button>
          </span>
        </p>
      ))}
    </div>
  );
}

export function Limits({ words, postsPerDay }: { words: ComposerWords; postsPerDay: number | null }) {
  const t = useT();
  const locale = useLocale();
  const format = new Intl.NumberFormat(locale);
  const used = countGraphemes(words.body.trim());
  const titleUsed = countGraphemes(words.title.trim());
  return (
    <p className={used > BODY_MAX || titleUsed > TITLE_MAX ? "err num" : "meta num"} id="body-count">
      {t("compose.length", { used: format.format(used), max: format.format(BODY_MAX) })}
      {titleUsed > TITLE_MAX - 15 ? ` · ${t("compose.titleLength", { used: titleUsed, max: TITLE_MAX })}` : ""}
      {postsPerDay === null ? "" : ` · ${t("compose.perDay", { count: postsPerDay })}`}
    </p>
  );
}
