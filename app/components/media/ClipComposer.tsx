import { Form, Link, useNavigate } from "@remix-run/react";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { DraftStatus, Limits, MarkFields, Notices, WordHints } from "~/components/compose/ComposerParts";
import { DeclarationField, FieldError, TopicField, type TopicChoice } from "~/components/compose/PostExtras";
import { sendForm, type Refusal } from "~/components/compose/send";
import { useDraft } from "~/components/compose/use-draft";
import { useSendingPlace } from "~/components/compose/use-sending-place";
import { toForm, type ComposerStart } from "~/components/compose/words";
import { useGate } from "~/components/gate/GateProvider";
import { useViewer } from "~/components/layout/page-context";
import { TITLE_MAX } from "~/format/post-limits";
import { useT } from "~/i18n/react";
import type { AssetView } from "./asset";
import { CaptionsField, noCaptions } from "./CaptionsField";
import { ClipFileField } from "./ClipFileField";
import type { Phase } from "./transfers";
import { useClipFile } from "./use-clip-file";

export interface ClipComposerProps {
  start: ComposerStart;
  topics: TopicChoice[];
  postsPerDay: number | null;
  draftCount: number;
  /** The video of a draft, of an edit, or of a plain form that came back. */
  asset: AssetView | null;
  /** Uploads of this member that broke off and belong to no post yet. */
  unfinished: AssetView[];
  /** Clips without captions stand on their author's page alone. */
  captionsRequired: boolean;
  /** The file may be chosen anew: always for a new clip, for an edit only while nothing can be shown. */
  mayReplace: boolean;
  refusal: Refusal | null;
}

const PLACE = { name: "clip", address: "/clips/new" };

/** A new clip, or the words of one: written while the file is on its way. Without scripts the file goes first. */
export function ClipComposer({ start, topics, postsPerDay, draftCount, asset, unfinished, captionsRequired, mayReplace, refusal: given }: ClipComposerProps) {
  const t = useT();
  const viewer = useViewer();
  const gate = useGate();
  const draft = useDraft(start, viewer?.id ?? null, PLACE);
  const { words, change, mark } = draft;
  const [ready, setReady] = useState(false);
  const said = words.said ?? noCaptions(words.lang);
  const field = useRef<HTMLTextAreaElement>(null);
  const file = useClipFile({ place: useSendingPlace("clip", mark.draftId), assetId: words.assetId ?? null, maySend: viewer !== null, given: asset, onAsset: (assetId) => change({ assetId }) });
  const sending = useClipSending({ given, phase: file.transfer?.phase ?? null, onDone: draft.finish, form: sendable });
  useEffect(() => setReady(true), []);
  const isEdit = start.postId !== null;
  const hasFile = file.local !== null || file.asset !== null;
  const errors = sending.refusal?.fields ?? {};

  function publish(event: FormEvent<HTMLFormElement>) {
    const pressed = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value");
    if (pressed !== "publish" || !ready) return;
    event.preventDefault();
    if (!viewer) return gate.open({ act: "post", targetKind: "new", targetId: "clip" }, new FormData(event.currentTarget));
    void sending.publish();
  }

  /** Null while the server has not yet taken on the file that is being sent: it is named by its id. */
  function sendable(): URLSearchParams | null {
    if (!words.assetId && isOnItsWay(file.transfer?.phase ?? null)) return null;
    return toForm(words, mark);
  }

  if (sending.location !== null) return <Sent location={sending.location} file={file} title={words.title} />;
  return (
    <Form method="post" autoComplete="off" className={`composer clip-form${words.assetId || isEdit ? "" : " no-file"}`} onSubmit={publish}>
      <MarkFields mark={mark} lang={words.lang} />
      <input type="hidden" name="kind" value="clip" />
      <input type="hidden" name="assetId" value={words.assetId ?? ""} />
      <header className="compose-head">
        <h1>{t(isEdit ? "media.clip.editTitle" : "media.clip.newTitle")}</h1>
        <DraftStatus state={draft.state} savedAt={draft.savedAt} guest={!viewer} problem={draft.problem} />
        {/* The one thing to do first is to choose a video; until then that button is the primary one. */}
        <button className={hasFile ? "btn primary small" : "btn small"} name="intent" value="publish" aria-busy={sending.busy}>
          {t(sending.busy ? "compose.publishing" : isEdit ? "compose.publishEdit" : "compose.publish")}
        </button>
      </header>
      <Notices draft={draft} refusal={sending.refusal} offline={sending.offline} draftCount={draftCount} isEdit={isEdit} />
      <ClipFileField file={file} ready={ready} unfinished={words.assetId ? [] : unfinished} mayReplace={mayReplace} error={errors.assetId} onTake={(assetId) => change({ assetId })} />
      <div className="clip-words">
        <label className="vh" htmlFor="title">
          {t("compose.title")}
        </label>
        <input id="title" name="title" className="write-title" value={words.title} lang={words.lang} placeholder={t("compose.titlePlaceholder", { max: TITLE_MAX })} aria-invalid={errors.title ? true : undefined} autoComplete="off" onChange={(event) => change({ title: event.currentTarget.value })} />
        <FieldError errors={errors} field="title" />
        <label className="vh" htmlFor="body">
          {t("media.clip.about")}
        </label>
        <textarea ref={field} id="body" name="body" className="write" rows={5} value={words.body} lang={words.lang} placeholder={t("media.clip.aboutPlaceholder")} aria-describedby="body-count" onChange={(event) => change({ body: event.currentTarget.value })} />
        <FieldError errors={errors} field="body" />
        <section className="compose-foot">
          <TopicField topics={topics} chosen={words.topics} errors={errors} change={change} />
          <DeclarationField words={words} errors={errors} change={change} />
          {isEdit ? (
            <p>
              <Link className="btn small" to={`/clips/${start.postId}/captions`}>
                {t("media.captions.open")}
              </Link>
            </p>
          ) : (
            <CaptionsField given={said} ready={ready} required={captionsRequired} error={errors.captions} onChange={(part) => change((before) => ({ said: { ...(before.said ?? noCaptions(before.lang)), ...part } }))} />
          )}
          <WordHints words={words} field={field} />
          <Limits words={words} postsPerDay={isEdit ? null : postsPerDay} />
          <p className="row-between">
            <button className="btn small" name="intent" value="save">
              {t("compose.save")}
            </button>
            <Link className="act-btn link" to="/media">
              {t("media.list.title")}
            </Link>
          </p>
        </section>
      </div>
    </Form>
  );
}

const isOnItsWay = (phase: Phase | null): boolean => phase !== null && phase !== "sent" && phase !== "refused";

/** Sends the words once; they stand from then on, whether the file has arrived or not. */
function useClipSending({ given, phase, onDone, form }: { given: Refusal | null; phase: Phase | null; onDone: () => void; form: () => URLSearchParams | null }) {
  const navigate = useNavigate();
  const [state, setState] = useState<"idle" | "waiting" | "sending" | "offline">("idle");
  const [refusal, setRefusal] = useState(given);
  const [location, setLocation] = useState<string | null>(null);

  async function publish() {
    if (state === "sending") return;
    setRefusal(null);
    const body = form();
    if (!body) return setState("waiting");
    setState("sending");
    const answer = await sendForm<{ location: string }>("/clips/new/send", body);
    setState(answer.kind === "offline" ? "offline" : "idle");
    if (answer.kind === "refused") setRefusal(answer.refusal);
    if (answer.kind === "login") navigate(`/login?redirectTo=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    if (answer.kind !== "done") return;
    onDone();
    setLocation(answer.value.location);
  }

  const isReady = state === "waiting" && form() !== null;
  useEffect(() => {
    if (isReady) void publish();
    // The one moment at which the file has got its id; `publish` is another function at each render.
  }, [isReady]);

  useEffect(() => {
    if (location !== null && !isOnItsWay(phase)) navigate(location, { replace: true });
  }, [location, phase, navigate]);

  return { refusal, busy: state === "sending" || state === "waiting", offline: state === "offline", location, publish };
}

/** The words stand, the file is still going: nothing is left to do but to keep the page open. */
function Sent({ location, file, title }: { location: string; file: ReturnType<typeof useClipFile>; title: string }) {
  const t = useT();
  return (
    <section className="composer clip-form">
      <header className="compose-head">
        <h1>{t("media.clip.sentTitle")}</h1>
      </header>
      <p className="note good" role="status">
        {t("media.clip.sentAbout", { title })}{" "}
        <Link className="link" to={location}>
          {t("media.clip.sentSee")}
        </Link>
      </p>
      <ClipFileField file={file} ready unfinished={[]} mayReplace={false} error={undefined} onTake={() => undefined} />
    </section>
  );
}
