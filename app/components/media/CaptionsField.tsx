import { useState } from "react";
import { FileButton } from "~/components/compose/PictureField";
import { LOCALES, type Locale } from "~/i18n/locales";
import { useT } from "~/i18n/react";
import { readCaptionsFile } from "./captions-file";

export interface CaptionsGiven {
  /** The text of a .vtt or .srt file, or as it was pasted. */
  text: string;
  /** Empty for what was pasted. */
  fileName: string;
  lang: string;
  noSpeech: boolean;
}

/** Nothing said yet, in the language of the words. */
export function noCaptions(lang: string): CaptionsGiven {
  return { text: "", fileName: "", lang, noSpeech: false };
}

/** What is said in a clip: a file with captions, or the word that nothing is said. */
export function CaptionsField({ given, ready, required, error, onChange }: { given: CaptionsGiven; ready: boolean; required: boolean; error: string | undefined; onChange: (part: Partial<CaptionsGiven>) => void }) {
  const t = useT();
  const [problem, setProblem] = useState<string | null>(null);

  async function read(file: File | undefined) {
    if (!file) return;
    // Its length is not known before the video has been looked at.
    const found = await readCaptionsFile(file, { durationSec: null });
    setProblem(found.kind === "refused" ? t(found.messageKey, found.params) : null);
    if (found.kind === "read") onChange({ text: found.text, fileName: file.name, noSpeech: false });
  }

  return (
    <fieldset className="declares">
      <legend className="meta">{t("media.captions.title")}</legend>
      {ready ? (
        <div className="pick-files">
          <FileButton label={t(given.text === "" ? "media.captions.choose" : "media.captions.chooseOther")} accept=".vtt,.srt,text/vtt,application/x-subrip" onPick={([file]) => void read(file)} />
          {given.text === "" ? null : (
            <>
              <span className="meta">{given.fileName || t("media.captions.pasted")}</span>
              <button type="button" className="act-btn" onClick={() => onChange({ text: "", fileName: "" })}>
                {t("media.captions.drop")}
              </button>
            </>
          )}
        </div>
      ) : (
        <div className="field">
          <label htmlFor="captions">{t("media.captions.paste")}</label>
          <textarea className="input" id="captions" name="captions" rows={3} defaultValue={given.text} autoComplete="off" onChange={({ currentTarget: { value } }) => onChange({ text: value })} />
        </div>
      )}
      <label className="meta">
        {t("media.captions.lang")}{" "}
        <LangSelect value={given.lang} onChange={(lang) => onChange({ lang })} />
      </label>
      <label className="reason">
        <input type="checkbox" name="noSpeech" checked={given.noSpeech} disabled={given.text !== ""} onChange={() => onChange({ noSpeech: !given.noSpeech })} />
        {t("media.captions.noSpeech")}
      </label>
      {problem ? <p className="err">{problem}</p> : null}
      {error ? <p className="err">{error}</p> : null}
      <p className="hint">{t(required ? "media.captions.requiredHint" : "media.captions.hint")}</p>
    </fieldset>
  );
}

export function LangSelect({ value, name = "captionsLang", onChange }: { value: string; name?: string; onChange: (lang: Locale) => void }) {
  const t = useT();
  return (
    <select className="input small" name={name} value={value} onChange={(event) => onChange(event.currentTarget.value as Locale)}>
      {LOCALES.map((lang) => (
        <option key={lang} value={lang}>
          {t(`media.captions.langs.${lang}`)}
        </option>
      ))}
    </select>
  );
}
