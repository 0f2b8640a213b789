import { PlainLink } from "~/components/ui/PlainLink";
import { useT } from "~/i18n/react";
import { countHidden } from "./hidden";
import type { ClipList } from "./use-clip-list";

/** The last place of the feed: what is still coming, why nothing comes, or that everything has been seen. */
export function ClipEnd({ list, index, onFirst }: { list: ClipList; index: number; onFirst: () => void }) {
  const t = useT();
  const { more, clips } = list;
  const hidden = countHidden(list.hidden);
  return (
    <article className="clip clip-end" aria-posinset={index + 1} aria-setsize={-1} aria-labelledby="clip-end" tabIndex={-1}>
      <div>
        {more.state === "failed" ? (
          <>
            <h2 id="clip-end">{t("clips.moreFailed")}</h2>
            <p role="alert">{more.sentence ?? t("clips.moreFailedHint")}</p>
            <button type="button" className="btn" onClick={list.loadMore}>
              {t("clips.retry")}
            </button>
          </>
        ) : more.state === "none" ? (
          <>
            <h2 id="clip-end">{t(clips.length === 0 && hidden === 0 ? "clips.empty" : "clips.caughtUp")}</h2>
            <p>{t(clips.length === 0 && hidden === 0 ? "clips.emptyHint" : "clips.caughtUpHint")}</p>
            {clips.length > 1 ? (
              <button type="button" className="btn clip-live" onClick={onFirst}>
                {t("clips.toFirst")}
              </button>
            ) : null}
            <PlainLink className="btn" to="/clips/topics">
              {t("clips.toTopics")}
            </PlainLink>
            <PlainLink className="btn" to="/">
              {t("clips.toArticles")}
            </PlainLink>
          </>
        ) : (
          <h2 id="clip-end" role="status">
            {t("clips.moreLoading")}
          </h2>
        )}
        {hidden > 0 && more.state !== "failed" ? (
          <p className="clip-hidden">
            {t("clips.hiddenCount", { count: hidden })}{" "}
            <button type="button" className="clip-follow" onClick={list.showAll}>
              {t("clips.showAll")}
            </button>
          </p>
        ) : null}
      </div>
    </article>
  );
}
