import { VIDEO_BYTES_MAX, VIDEO_SEC_MAX } from "@models/media-reasons";
import { useT } from "~/i18n/react";

/**
 * For browsers without scripts: the video in a form of its own, first; it comes back to `redirectTo`, where the words are,
 * with its id. `words` says that some wait there already, `heading` that nothing else names the page.
 */
export function ClipForm({ redirectTo, words, heading }: { redirectTo: string; words: boolean; heading: boolean }) {
  const t = useT();
  return (
    <noscript>
      <form method="post" action="/media/uploads" encType="multipart/form-data" className="composer picture-form">
        {heading ? <h1>{t("media.clip.newTitle")}</h1> : null}
        <p className="note">{t(words ? "media.clip.formOther" : "media.clip.formLead")}</p>
        <input type="hidden" name="kind" value="video" />
        <input type="hidden" name="redirectTo" value={redirectTo} />
        <div className="field">
          <label htmlFor="clip-file">{t("media.clip.file")}</label>
          <input className="input" id="clip-file" type="file" name="file" accept="video/*" required />
          <p className="hint">{t("media.clip.limits", { minutes: VIDEO_SEC_MAX / 60, megabytes: VIDEO_BYTES_MAX / 1024 / 1024 })}</p>
        </div>
        <p>
          <button className="btn primary">{t("media.clip.send")}</button>
        </p>
      </form>
    </noscript>
  );
}
