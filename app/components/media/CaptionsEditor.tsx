import { Link } from "@remix-run/react";
import { Fragment, useEffect, useRef, useState, type FormEvent } from "react";
import { parseCaptions, serializeCaptions } from "@media/captions";
import { dropLocal, findLocal, keepLocal } from "~/components/compose/local-copy";
import { FileButton } from "~/components/compose/PictureField";
import { sendForm, type Refusal } from "~/components/compose/send";
import { useViewer } from "~/components/layout/page-context";
import { LOCALES, type Locale } from "~/i18n/locales";
import { useT } from "~/i18n/react";
import { readCaptionsFile } from "./captions-file";
import { CueRow } from "./CueRow";
import { addCue, adoptDrafts, findCueProblem, splitCue, toCues, toDrafts, type CueDraft } from "./cue-list";
import { LangSelect } from "./CaptionsField";

export interface CaptionsEditorProps {
  postId: string;
  assetId: string;
  lang: Locale;
  source: string;
  revision: number;
  durationSec: number | null;
  videoUrl: string | null;
  posterUrl: string | null;
  refusal: Refusal | null;
}

interface Kept {
  drafts: CueDraft[];
  revision: number;
}

const isKept = (value: unknown): value is Kept => typeof value === "object" && value !== null && Array.isArray((value as Partial<Kept>).drafts) && typeof (value as Partial<Kept>).revision === "number";

interface Saved {
  revision: number;
  source: string;
}

/** The lines of a clip beside the video. Without scripts the same text stands in one field. */
export function CaptionsEditor(props: CaptionsEditorProps) {
  const t = useT();
  const video = useRef<HTMLVideoElement>(null);
  const [ready, setReady] = useState(false);
  // Who wrote in the plain field before the scripts were there finishes there.
  const [begun, setBegun] = useState(false);
  useEffect(() => setReady(true), []);
  return (
    <div className="captions-editor">
      <div className="captions-video">
        {props.videoUrl ? (
          <video ref={video} src={props.videoUrl} poster={props.posterUrl ?? undefined} controls playsInline preload="metadata" aria-label={t("media.captions.video")} />
        ) : (
          <p className="note">{t("media.captions.notYet")}</p>
        )}
      </div>
      {ready && !begun ? <Cues {...props} video={video} /> : <PlainText {...props} onBegin={() => setBegun(true)} />}
    </div>
  );
}

function PlainText({ postId, lang, source, revision, refusal, onBegin }: CaptionsEditorProps & { onBegin: () => void }) {
  const t = useT();
  return (
    <form method="post" className="captions-text">
      <input type="hidden" name="intent" value="save" />
      <input type="hidden" name="lang" value={lang} />
      <input type="hidden" name="revision" value={revision} />
      <p className="meta">
        {t("media.captions.lang")}
        {LOCALES.map((other) => (
          <Fragment key={other}>
            {" "}
            <a className="link" href={`/clips/${postId}/captions?lang=${other}`} aria-current={other === lang ? "page" : undefined}>
              {t(`media.captions.langs.${other}`)}
            </a>
          </Fragment>
        ))}
      </p>
      {refusal ? <p className="note bad">{refusal.error}</p> : null}
      <div className="field">
        <label htmlFor="source">{t("media.captions.source")}</label>
        <textarea className="input" id="source" name="source" rows={16} defaultValue={source} autoComplete="off" aria-describedby="source-hint" onChange={onBegin} />
        <p className="hint" id="source-hint">
          {t("media.captions.sourceHint")}
        </p>
      </div>
      <p>
        <button className="btn primary">{t("media.captions.save")}</button>
      </p>
    </form>
  );
}

function Cues({ postId, assetId, lang, source, revision: opened, durationSec, video }: CaptionsEditorProps & { video: React.RefObject<HTMLVideoElement> }) {
  const t = useT();
  const viewer = useViewer();
  const localKey = `captions:${assetId}:${lang}`;
  const [drafts, setDrafts] = useState<CueDraft[]>(() => draftsOf(source));
  const [revision, setRevision] = useState(opened);
  const [state, setState] = useState<"idle" | "saving" | "saved" | "offline">("idle");
  const [problem, setProblem] = useState<string | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [other, setOther] = useState<Saved | null>(null);
  const [restored, setRestored] = useState(false);
  const latest = useRef(drafts);
  latest.current = drafts;
  const focusCue = useFocusOnCue(drafts);

  useEffect(() => {
    const copy = findLocal(localKey, viewer?.id ?? null, isKept);
    if (!copy) return;
    setDrafts(adoptDrafts(copy.words.drafts));
    setRevision(copy.words.revision);
    setRestored(true);
    // Once: what is typed afterwards is kept by `change`.
  }, [localKey]);

  function change(next: CueDraft[]) {
    setDrafts(next);
    setState("idle");
    setProblem(null);
    keepLocal<Kept>(localKey, viewer?.id ?? null, { drafts: next, revision });
  }

  async function load(file: File | undefined) {
    if (!file) return;
    const found = await readCaptionsFile(file, { durationSec });
    if (found.kind === "refused") return setProblem(t(found.messageKey, found.params));
    change(toDrafts(found.cues));
    setSaid(t("media.captions.loaded", { name: file.name }));
  }

  async function save(onRevision: number) {
    const found = findCueProblem(drafts);
    if (found) {
      setProblem(t(`media.captions.${found.key}`, { index: found.index + 1 }));
      const row = document.getElementById(`cue-${drafts[found.index]?.id}`);
      row?.scrollIntoView({ block: "center" });
      row?.querySelector<HTMLElement>(found.key === "cueEmpty" ? "textarea" : "input")?.focus();
      return;
    }
    setState("saving");
    setSaid(null);
    const text = serializeCaptions(toCues(drafts));
    const answer = await sendForm<Saved>(`/clips/${postId}/captions/save`, new URLSearchParams({ intent: "save", lang, revision: String(onRevision), source: text }));
    setState(answer.kind === "done" ? "saved" : answer.kind === "offline" ? "offline" : "idle");
    setProblem(answer.kind === "refused" ? answer.refusal.error : answer.kind === "login" ? t("draft.loggedOut") : null);
    if (answer.kind === "refused" && answer.refusal.code === "CONFLICT") setOther((answer.refusal as Refusal & { stored?: Saved }).stored ?? null);
    if (answer.kind !== "done") return;
    setRestored(false);
    setOther(null);
    setRevision(answer.value.revision);
    if (latest.current === drafts) return dropLocal(localKey);
    // Typed while the save was on its way: not stored yet, and made on what has just been saved.
    setState("idle");
    keepLocal<Kept>(localKey, viewer?.id ?? null, { drafts: latest.current, revision: answer.value.revision });
  }

  function add(index: number) {
    const next = addCue(drafts, index, here());
    change(next);
    focusCue(next[index + 1]?.id);
  }

  function split(index: number, cursor: number) {
    const next = splitCue(drafts, index, cursor);
    change(next);
    focusCue(next[next.length > drafts.length ? index + 1 : index]?.id);
  }

  function remove(index: number) {
    const next = drafts.filter((_, at) => at !== index);
    change(next);
    focusCue(next[Math.min(index, next.length - 1)]?.id);
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (state !== "saving") void save(revision);
  }

  function useTheirs({ source: theirs, revision: newest }: Saved) {
    setDrafts(draftsOf(theirs));
    setRevision(newest);
    setOther(null);
    setProblem(null);
    setRestored(false);
    dropLocal(localKey);
  }

  const set = (index: number, part: Partial<CueDraft>) => change(drafts.map((cue, at) => (at === index ? { ...cue, ...part } : cue)));
  const here = () => (video.current ? Math.round(video.current.currentTime * 1_000) : null);
  return (
    <form className="captions-text" onSubmit={submit}>
      <p className="row-between">
        <LangLink postId={postId} lang={lang} />
        <FileButton label={t("media.captions.load")} accept=".vtt,.srt,text/vtt,application/x-subrip" onPick={([file]) => void load(file)} />
      </p>
      <div aria-live="polite" className="notices">
        {problem ? <p className="note bad">{problem}</p> : null}
        {said ? <p className="note">{said}</p> : null}
        {state === "offline" ? <p className="note warn">{t("compose.offline")}</p> : null}
        {restored && !other ? (
          <p className="note">
            {t("media.captions.restored")}{" "}
            <button type="button" className="text-btn link" onClick={() => useTheirs({ source, revision: opened })}>
              {t("media.captions.dropRestored")}
            </button>
          </p>
        ) : null}
      </div>
      {other ? <Conflict other={other} onMine={() => void save(other.revision)} onTheirs={() => useTheirs(other)} /> : null}
      {drafts.length === 0 ? (
        <p className="meta">{t("media.captions.empty")}</p>
      ) : (
        <ol className="cues">
          {drafts.map((cue, index) => (
            <CueRow
              key={cue.id}
              cue={cue}
              index={index}
              video={video}
              onChange={(part) => set(index, part)}
              onAdd={() => add(index)}
              onSplit={(cursor) => split(index, cursor)}
              onRemove={() => remove(index)}
            />
          ))}
        </ol>
      )}
      <p className="row-between captions-foot">
        <span>
          {drafts.length === 0 ? (
            <button type="button" className="btn small" onClick={() => add(-1)}>
              {t("media.captions.addFirst")}
            </button>
          ) : (
            <span className="meta num">{t("media.captions.cues", { count: drafts.length })}</span>
          )}
        </span>
        <span>
          <span className="meta" role="status">
            {state === "saved" ? t("media.captions.saved") : state === "saving" ? t("media.captions.saving") : ""}
          </span>{" "}
          <button className="btn primary" aria-busy={state === "saving"} disabled={drafts.length === 0}>
            {t("media.captions.save")}
          </button>
        </span>
      </p>
    </form>
  );
}

/** Puts the cursor into the words of a line once it is drawn; when the last line has gone, on the button that makes one. */
function useFocusOnCue(drafts: readonly CueDraft[]): (id: number | undefined) => void {
  const wanted = useRef<string | null>(null);
  useEffect(() => {
    if (wanted.current === null) return;
    document.querySelector<HTMLElement>(wanted.current)?.focus();
    wanted.current = null;
  }, [drafts]);
  return (id) => {
    wanted.current = id === undefined ? ".captions-foot button" : `#cue-${id} textarea`;
  };
}

/** Nothing of either version is lost: both are read before one is chosen. */
function Conflict({ other, onMine, onTheirs }: { other: Saved; onMine: () => void; onTheirs: () => void }) {
  const t = useT();
  return (
    <section className="note warn conflict" aria-label={t("media.captions.other")}>
      <h2>{t("media.captions.other")}</h2>
      <pre>{other.source}</pre>
      <p className="transfer-acts">
        <button type="button" className="btn small" onClick={onMine}>
          {t("media.captions.useMine")}
        </button>
        <button type="button" className="btn small" onClick={onTheirs}>
          {t("media.captions.useOther")}
        </button>
      </p>
    </section>
  );
}

/** Another language is another page: what is typed for this one stays in this browser until it is saved. */
function LangLink({ postId, lang }: { postId: string; lang: Locale }) {
  const t = useT();
  return (
    <label className="meta">
      {t("media.captions.lang")} <LangSelect value={lang} name="lang" onChange={(next) => window.location.assign(`/clips/${postId}/captions?lang=${next}`)} />
    </label>
  );
}

function draftsOf(source: string): CueDraft[] {
  if (source.trim() === "") return [];
  // Stored captions were written by the same hand, so reading them back does not fail.
  return toDrafts(parseCaptions(source, { durationSec: null }));
}

export function BackToClip({ postId }: { postId: string }) {
  const t = useT();
  return (
    <Link className="btn small" to={`/clips/${postId}`}>
      {t("media.captions.backToClip")}
    </Link>
  );
}
