import { useT } from "~/i18n/react";
import { PICTURE_TYPES } from "./use-pictures";

/** For browsers without scripts: one picture in a form of its own, which comes back to the composer with its line. */
export function PictureForm({ redirectTo }: { redirectTo: string }) {
  const t = useT();
  return (
    <form method="post" action="/media/uploads" encType="multipart/form-data" className="composer picture-form">
      <p className="note good">{t("media.pic.formLead")}</p>
      <input type="hidden" name="kind" value="image" />
      <input type="hidden" name="redirectTo" value={redirectTo} />
      <div className="field">
        <label htmlFor="picture-alt">{t("media.pic.altPlain")}</label>
        <input className="input" id="picture-alt" name="alt" maxLength={300} placeholder={t("media.pic.altPlaceholder")} />
      </div>
      <div className="field">
        <label htmlFor="picture-file">{t("media.pic.file")}</label>
        <input className="input" id="picture-file" type="file" name="file" accept={PICTURE_TYPES} required />
      </div>
      <p>
        <button className="btn primary">{t("media.pic.send")}</button>
      </p>
    </form>
  );
}
