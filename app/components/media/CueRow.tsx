import { useRef, type RefObject } from "react";
import { Icon } from "~/components/ui/Icon";
import { useT } from "~/i18n/react";
import { formatCueTime, parseCueTime, type CueDraft } from "./cue-list";

interface Props {
  cue: CueDraft;
  index: number;
  video: RefObject<HTMLVideoElement>;
  onChange: (part: Partial<CueDraft>) => void;
  onAdd: () => void;
  onSplit: (cursor: number) => void;
  onRemove: () => void;
}

/** One line: when it stands, what it says, and the buttons that a hand on the video needs. */
export function CueRow({ cue, index, video, onChange, onAdd, onSplit, onRemove }: Props) {
  const t = useT();
  const words = useRef<HTMLTextAreaElement>(null);
  const name = t("media.captions.cue", { index: index + 1 });
  const hereNow = () => (video.current ? formatCueTime(video.current.currentTime * 1_000) : null);

  function play() {
    const startMs = parseCueTime(cue.start);
    if (!video.current || startMs === null) return;
    video.current.currentTime = startMs / 1_000;
    // A browser that will not start a video says so by a rejected promise; the frame is there all the same.
    video.current.play().catch(() => undefined);
  }

  return (
    <li className="cue" id={`cue-${cue.id}`}>
      <fieldset>
        <legend className="vh">{name}</legend>
        <div className="cue-times">
          {(["start", "end"] as const).map((side) => (
            <span key={side} className="cue-time">
              <label>
                <span className="vh">{`${name} · ${t(`media.captions.${side}`)}`}</span>
                <input className="input num" value={cue[side]} inputMode="decimal" autoComplete="off" aria-invalid={parseCueTime(cue[side]) === null || undefined} onChange={(event) => onChange({ [side]: event.currentTarget.value })} />
              </label>
              <button
                type="button"
                className="tool"
                aria-label={`${t("media.captions.now")}: ${name} · ${t(`media.captions.${side}`)}`}
                title={t("media.captions.hereNow")}
                onClick={() => {
                  const at = hereNow();
                  if (at) onChange({ [side]: at });
                }}
              >
                {t("media.captions.now")}
              </button>
            </span>
          ))}
          <button type="button" className="tool" aria-label={t("media.captions.playCue")} title={t("media.captions.playCue")} onClick={play}>
            <Icon name="play" />
          </button>
        </div>
        <label>
          <span className="vh">{`${name} · ${t("media.captions.text")}`}</span>
          <textarea ref={words} className="input" rows={2} value={cue.text} onChange={(event) => onChange({ text: event.currentTarget.value })} />
        </label>
        <p className="picture-acts">
          <button type="button" className="act-btn" onClick={onAdd}>
            {t("media.captions.addCue")}
          </button>
          <button type="button" className="act-btn" onClick={() => onSplit(words.current?.selectionStart ?? 0)}>
            {t("media.captions.splitCue")}
          </button>
          <button type="button" className="act-btn" onClick={onRemove}>
            {t("media.captions.removeCue")}
          </button>
        </p>
      </fieldset>
    </li>
  );
}
