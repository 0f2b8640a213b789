import { useEffect, useRef } from "react";
import { PlainLink } from "~/components/ui/PlainLink";
import { Why } from "~/components/posts/Why";
import { useT } from "~/i18n/react";
import type { HiddenKind } from "./hidden";
import type { ClipData } from "./types";

export interface ClipMenuProps {
  clip: ClipData;
  captions: boolean;
  onCaptions: () => void;
  onHide: (kind: HiddenKind, id: string, name: string) => void;
  onWords: () => void;
  onClose: () => void;
}

/** What else can be done with a clip, as a sheet. `showModal` keeps the focus inside and gives it back. */
export function ClipMenu({ clip, captions, onCaptions, onHide, onWords, onClose }: ClipMenuProps) {
  const t = useT();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const act = (work: () => void) => () => {
    dialog.current?.close();
    work();
  };
  const { topic } = clip;
  return (
    <dialog
      ref={dialog}
      className="sheet clip-menu"
      aria-labelledby="clip-menu"
      onClose={onClose}
      onClick={(event) => {
        // A press beside the sheet lands on the dialog itself.
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div className="grab" aria-hidden="true" />
      <h2 id="clip-menu" lang={clip.lang}>
        {clip.title}
      </h2>
      {clip.reason ? (
        <p className="meta">
          {t("clips.why")}
          <Why reason={clip.reason} />
        </p>
      ) : null}
      <ul>
        <li>
          <button type="button" aria-pressed={captions} onClick={onCaptions} disabled={clip.media.captions.length === 0}>
            {t(clip.media.captions.length === 0 ? "clips.noCaptions" : captions ? "clips.captionsOff" : "clips.captionsOn")}
          </button>
        </li>
        <li>
          <button type="button" onClick={act(onWords)}>
            {t("clips.openWords")}
          </button>
        </li>
        <li>
          <button type="button" onClick={act(() => onHide("clips", clip.id, clip.title))}>
            {t("clips.notInterested")}
          </button>
        </li>
        {clip.mine ? null : (
          <li>
            <button type="button" onClick={act(() => onHide("authors", clip.author.id, clip.author.displayName))}>
              {t("clips.hideAuthor", { name: clip.author.displayName })}
            </button>
          </li>
        )}
        {topic ? (
          <li>
            <button type="button" onClick={act(() => onHide("topics", topic.slug, topic.name))}>
              {t("clips.hideTopic", { name: topic.name })}
            </button>
          </li>
        ) : null}
        {clip.mine ? null : (
          <li>
            <PlainLink to={`/report/post/${clip.id}`} rel="nofollow">
              {t("post.report")}
            </PlainLink>
          </li>
        )}
      </ul>
      <p className="meta">{t("clips.hiddenHere")}</p>
      <button type="button" className="btn wide" onClick={() => dialog.current?.close()}>
        {t("common.close")}
      </button>
    </dialog>
  );
}
