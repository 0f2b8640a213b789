import { useEffect, useState } from "react";
import { fetchAsset } from "~/components/media/asset";
import { useT } from "~/i18n/react";
import type { Translate } from "~/i18n/t";
import type { ClipStandingData } from "./types";

/** What goes on by itself; a look by an operator takes too long to be asked about. */
const MOVING: readonly ClipStandingData["state"][] = ["uploading", "checking", "poster"];
/** The author can bring another file. */
const STUCK: readonly ClipStandingData["state"][] = ["rejected", "failed", "removed", "gone"];
const ASK_MS = 3_000;
/** Ten minutes in one state; after that a reload asks. */
const ASKS_MAX = 200;

/** The sentence about a clip that waits: why, and what happens next. */
export function standingText(t: Translate, { state, reason }: Pick<ClipStandingData, "state" | "reason">): string {
  if (state === "rejected") return t("media.standing.rejected", { reason: reason ? t(`media.reason.${reason}`) : "" });
  return t(`media.standing.${state === "playable" ? "ready" : state}`);
}

/** What the author of a clip that waits is told on its page, kept up to date, with the way on. Works without scripts too. */
export function ClipStanding({ postId, standing }: { postId: string; standing: ClipStandingData }) {
  const t = useT();
  const known = useStanding(standing);
  const { state } = known;
  return (
    <div className="clip-state">
      <p role="status">{standingText(t, known)}</p>
      {state === "uploading" ? (
        <a className="btn small" href="/media" data-nav="">
          {t("media.standing.seeUpload")}
        </a>
      ) : null}
      {state === "playable" || state === "ready" ? (
        <a className="btn small" href={`/clips/${postId}`}>
          {t("media.standing.watch")}
        </a>
      ) : null}
      {known.retryable ? (
        <form method="post" action={`/media/assets/${known.assetId}`} className="inline">
          <input type="hidden" name="intent" value="retry" />
          <button className="btn small">{t("media.standing.again")}</button>
        </form>
      ) : null}
      {STUCK.includes(state) ? (
        <a className="btn small" href={`/clips/${postId}/edit`} data-nav="">
          {t("media.standing.otherFile")}
        </a>
      ) : null}
    </div>
  );
}

/** Asks again while something moves by itself and somebody looks. */
function useStanding(given: ClipStandingData): ClipStandingData {
  const [known, setKnown] = useState(given);
  const { assetId, state } = known;
  useEffect(() => {
    if (!MOVING.includes(state)) return;
    const stop = new AbortController();
    let asks = 0;
    const timer = window.setInterval(() => {
      if (document.visibilityState === "hidden") return;
      if ((asks += 1) > ASKS_MAX) return window.clearInterval(timer);
      void fetchAsset(assetId, stop.signal).then((answer) => {
        if (stop.signal.aborted || answer === null) return;
        if (answer === "gone") setKnown({ assetId, state: "gone", reason: null, retryable: false });
        else setKnown({ assetId, state: answer.state, reason: answer.reason, retryable: answer.retryable });
      });
    }, ASK_MS);
    return () => {
      stop.abort();
      window.clearInterval(timer);
    };
  }, [assetId, state]);
  return known;
}
