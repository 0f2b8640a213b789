import { Form, Link } from "@remix-run/react";
import { useEffect, useRef, useState, type FormEvent } from "react";
import { useGate } from "~/components/gate/GateProvider";
import { useViewer } from "~/components/layout/page-context";
import { TITLE_MAX } from "~/format/post-limits";
import { useT } from "~/i18n/react";
import { BodyField } from "./BodyField";
import { DraftStatus, Limits, MarkFields, Notices, WordHints } from "./ComposerParts";
import { PictureField } from "./PictureField";
import { DeclarationField, FieldError, PollField, TopicField, type TopicChoice } from "./PostExtras";
import { sendForm, type Refusal } from "./send";
import { useDraft } from "./use-draft";
import { usePictures } from "./use-pictures";
import { useSendingPlace } from "./use-sending-place";
import { usePublish } from "./use-publish";
import { toForm, type ComposerStart, type ComposerWords } from "./words";

export interface PostComposerProps {
  start: ComposerStart;
  topics: TopicChoice[];
  /** Posts a day for this member's tier; null for guests and staff. */
  postsPerDay: number | null;
  draftCount: number;
  /** The stored words were begun on an older version of the post. */
  behind?: boolean;
  /** What a form sent without scripts brought back. */
  returned: { refusal: Refusal | null; preview: string | null } | null;
}

/** The post composer: a new post, or the edit of one. Without scripts it is a plain form with three buttons. */
export function PostComposer({ start, topics, postsPerDay, draftCount, behind, returned }: PostComposerProps) {
  const t = useT();
  const viewer = useViewer();
  const gate = useGate();
  const draft = useDraft(start, viewer?.id ?? null);
  const { words, change, mark } = draft;
  const field = useRef<HTMLTextAreaElement>(null);
  const [ready, setReady] = useState(false);
  const pictures = usePictures({ place: useSendingPlace("post", mark.draftId), body: words.body, field });
  const sending = usePublish({ form: () => toForm(words, mark), pictures, given: returned?.refusal ?? null, onDone: draft.finish });
  const { refusal } = sending;
  const preview = usePreview(words, returned?.preview ?? null);
  useEffect(() => setReady(true), []);
  const errors = refusal?.fields ?? {};
  const isEdit = start.postId !== null;

  function askToLogIn(form: HTMLFormElement) {
    gate.open({ act: "post", targetKind: "new", targetId: "new" }, new FormData(form));
  }

  function publish(event: FormEvent<HTMLFormElement>) {
    const pressed = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value");
    if (pressed !== "publish" || !ready) return;
    event.preventDefault();
    if (!viewer) return askToLogIn(event.currentTarget);
    void sending.publish();
  }

  function takeFiles(files: Iterable<File>) {
    const form = field.current?.form;
    if (viewer) pictures.add(files);
    else if (form) askToLogIn(form);
  }

  return (
    <Form method="post" autoComplete="off" className="composer" onSubmit={publish}>
      <MarkFields mark={mark} lang={words.lang} />
      <header className="compose-head">
        <h1>{t(isEdit ? "compose.editTitle" : "compose.newTitle")}</h1>
        <DraftStatus state={draft.state} savedAt={draft.savedAt} guest={!viewer} problem={draft.problem} />
        <button className="btn primary small" name="intent" value="publish" aria-busy={sending.state === "sending" || sending.state === "waiting"}>
          {t(sending.state === "sending" ? "compose.publishing" : isEdit ? "compose.publishEdit" : "compose.publish")}
        </button>
      </header>
      <Notices draft={draft} refusal={refusal} offline={sending.state === "offline"} draftCount={draftCount} isEdit={isEdit} />
      {sending.state === "waiting" ? (
        <p className="note" role="status">
          {t("media.pic.waiting", { count: sending.waitingFor })}{" "}
          <button type="button" className="text-btn link" onClick={sending.stopWaiting}>
            {t("media.pic.stopWaiting")}
          </button>
        </p>
      ) : null}
      {start.postId && (behind || draft.behind) ? (
        <p className="note warn">
          {t("compose.behind")}{" "}
          <Link className="link" to={`/posts/${start.postId}/history`} target="_blank">
            {t("compose.seeChanges")}
          </Link>
        </p>
      ) : null}
      <label className="vh" htmlFor="title">
        {t("compose.title")}
      </label>
      <input
        id="title"
        name="title"
        className="write-title"
        value={words.title}
        lang={words.lang}
        placeholder={t("compose.titlePlaceholder", { max: TITLE_MAX })}
        aria-invalid={errors.title ? true : undefined}
        autoComplete="off"
        onChange={(event) => change({ title: event.currentTarget.value })}
      />
      <FieldError errors={errors} field="title" />
      <BodyField field={field} value={words.body} ready={ready} hidden={preview.shown && ready} invalid={errors.body !== undefined} onChange={(body) => change({ body })} onTogglePreview={preview.toggle} onFiles={takeFiles} />
      {preview.shown ? <Preview title={words.title} lang={words.lang} html={preview.html} state={preview.state} /> : null}
      <FieldError errors={errors} field="body" />
      {ready ? <PictureField pictures={pictures} body={words.body} onPick={takeFiles} onBody={(body) => change({ body })} /> : null}
      <section className="compose-foot">
        <TopicField topics={topics} chosen={words.topics} errors={errors} change={change} />
        <DeclarationField words={words} errors={errors} change={change} />
        {isEdit ? null : <PollField poll={words.poll} errors={errors} ready={ready} change={change} />}
        <WordHints words={words} field={field} />
        <Limits words={words} postsPerDay={isEdit ? null : postsPerDay} />
        <p className="row-between">
          <span>
            <button className="btn small" name="intent" value="save">
              {t("compose.save")}
            </button>{" "}
            <noscript>
              <button className="btn small" name="intent" value="preview">
                {t("compose.preview")}
              </button>{" "}
              <button className="btn small" name="intent" value="picture">
                {t("media.pic.saveAndAdd")}
              </button>
            </noscript>
          </span>
          <Link className="act-btn link" to="/drafts">
            {t("draft.title")}
          </Link>
        </p>
      </section>
    </Form>
  );
}

interface PreviewState {
  shown: boolean;
  html: string;
  state: "idle" | "loading" | "offline";
  toggle: () => void;
}

/** Asks the server for the words as they will stand: the same renderer as the published post. */
function usePreview(words: ComposerWords, returned: string | null): PreviewState {
  const [shown, setShown] = useState(returned !== null);
  const [html, setHtml] = useState(returned ?? "");
  const [state, setState] = useState<PreviewState["state"]>("idle");

  async function toggle() {
    if (shown) return setShown(false);
    setShown(true);
    setState("loading");
    const answer = await sendForm<{ html: string }>("/preview", new URLSearchParams({ body: words.body, lang: words.lang }));
    if (answer.kind === "done") setHtml(answer.value.html);
    setState(answer.kind === "done" ? "idle" : "offline");
  }
  return { shown, html, state, toggle: () => void toggle() };
}

function Preview({ title, lang, html, state }: { title: string; lang: string; html: string; state: PreviewState["state"] }) {
  const t = useT();
  return (
    <section className="preview" aria-label={t("compose.preview")}>
      {state === "loading" ? <p className="meta late">{t("compose.previewLoading")}</p> : null}
      {state === "offline" ? <p className="err">{t("compose.previewOffline")}</p> : null}
      {html !== "" && state !== "offline" ? (
        <>
          <h2 className="write-title" lang={lang}>
            {title}
          </h2>
          <div className="read" lang={lang} dangerouslySetInnerHTML={{ __html: html }} />
        </>
      ) : null}
      {html === "" && state === "idle" ? <p className="meta">{t("compose.previewEmpty")}</p> : null}
    </section>
  );
}
