import { useState } from "react";
import { FileButton } from "~/components/compose/PictureField";
import { LOCALES, type Locale } from "~/i18n/locales";
import { useT } from "~/i18n/react";

export interface CaptionsGiven {
  /** The text of a .vtt or .srt file. */
  text: string;
  fileName: string;
  lang: string;
  noSpeech: boolean;
}

const FILE_BYTES_MAX = 512 * 1024;

/** Reads a file as the server would: UTF-8, and Latin-1 for what is not. */
export async function readCaptionsFile(file: File): Promise<string | null> {
  if (file.size > FILE_BYTES_MAX) return null;
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Older programs save in the code page of their country; Western ones are readable so, and the words can be corrected after.
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** What is said in a clip: a file with captions, or the word that nothing is said. */
export function CaptionsField({ given, ready, required, error, onChange }: { given: CaptionsGiven; ready: boolean; required: boolean; error: string | undefined; onChange: (given: CaptionsGiven) => void }) {
  const t = useT();
  const [tooLarge, setTooLarge] = useState(false);

  async function read(file: File | undefined) {
    const text = file ? await readCaptionsFile(file) : null;
    setTooLarge(text === null);
    if (file && text !== null) onChange({ ...given, text, fileName: file.name, noSpeech: false });
  }

  return (
    <fieldset className="declares">
      <legend className="meta">{t("media.captions.title")}</legend>
      {ready ? (
        <div className="pick-files">
          <FileButton label={t(given.text === "" ? "media.captions.choose" : "media.captions.chooseOther")} accept=".vtt,.srt,text/vtt,application/x-subrip" onPick={([file]) => void read(file)} />
          {given.text === "" ? null : (
            <>
              <span className="meta">{given.fileName}</span>
              <button type="button" className="act-btn" onClick={() => onChange({ ...given, text: "", fileName: "" })}>
                {t("media.captions.drop")}
              </button>
            </>
          )}
        </div>
      ) : (
        <div className="field">
          <label htmlFor="captions">{t("media.captions.paste")}</label>
          <textarea className="input" id="captions" name="captions" rows={3} />
        </div>
      )}
      <label className="meta">
        {t("media.captions.lang")}{" "}
        <LangSelect value={given.lang} onChange={(lang) => onChange({ ...given, lang })} />
      </label>
      <label className="reason">
        <input type="checkbox" name="noSpeech" checked={given.noSpeech} disabled={given.text !== ""} onChange={() => onChange({ ...given, noSpeech: !given.noSpeech })} />
        {t("media.captions.noSpeech")}
      </label>
      {tooLarge ? <p className="err">{t("media.captions.tooLong")}</p> : null}
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
