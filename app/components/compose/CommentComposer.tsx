import { Link, useRevalidator } from "@remix-run/react";
import { nanoid } from "nanoid";
import { useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from "react";
import { useGate } from "~/components/gate/GateProvider";
import { useViewer } from "~/components/layout/page-context";
import { countGraphemes } from "~/format/graphemes";
import { formatCount } from "~/format/numbers";
import { COMMENT_MAX } from "~/format/post-limits";
import { useLocale, useT } from "~/i18n/react";
import { dropLocal, findLocal, keepBoth, keepLocal } from "./local-copy";
import type { Answer, Refusal } from "./send";

export interface ReplyTarget {
  id: string;
  parentId: string;
  name: string;
}

export interface CommentComposerProps {
  postId: string;
  policy: "open" | "held" | "closed";
  /** The reader wrote the post. */
  mine: boolean;
  /** Words that came back through the login. */
  resumedText?: { postId: string | null; commentId: string | null; fields: Record<string, string> } | null;
  replyTo?: ReplyTarget | undefined;
  /** Opens with the cursor in it. */
  open?: boolean;
  /** What an answer without scripts brought back: the words, and why they were not taken. */
  returned?: { body: string; refusal: Refusal } | null;
}

interface Sent {
  commentId: string;
  state: "published" | "held";
}

/** What sends comes with the first comment; when it cannot come, there is no network for the comment either. */
async function send(url: string, words: FormData): Promise<Answer<Sent>> {
  try {
    const { sendForm } = await import("./send");
    return await sendForm<Sent>(url, words);
  } catch {
    // Said in the form; the words stay in it.
    return { kind: "offline" };
  }
}

const isText = (value: unknown): value is string => typeof value === "string";

/**
 * The composer under a post. Its words are kept in this browser from the first key, stay in the form whatever the answer
 * is, and come back through the gate; they leave only when the server says that the comment stands.
 */
export function CommentComposer({ postId, policy, mine, resumedText, replyTo, open, returned }: CommentComposerProps) {
  const t = useT();
  const viewer = useViewer();
  const gate = useGate();
  const revalidator = useRevalidator();
  const target = replyTo?.id ?? "";
  const key = `comment:${postId}:${target}`;
  const resumed = resumedText?.postId === postId && (resumedText.commentId ?? "") === target ? (resumedText.fields.body ?? "") : "";
  const field = useRef<HTMLTextAreaElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const [body, setBody] = useState(returned?.body || resumed);
  const [submissionId, setSubmissionId] = useState("");
  const [state, setState] = useState<"idle" | "sending" | "offline">("idle");
  const [refusal, setRefusal] = useState<Refusal | null>(returned?.refusal ?? null);
  const [sent, setSent] = useState<Sent | null>(null);
  /** What was typed before this page came alive; null from then on. */
  const early = useRef<string | null>("");

  useEffect(() => {
    setSubmissionId(nanoid());
    const copy = findLocal(key, viewer?.id ?? null, isText);
    const typed = early.current ?? "";
    early.current = null;
    if (typed !== "") change(copy ? keepBoth(copy.words, typed) : typed);
    else if (copy) setBody((standing) => (standing === "" ? copy.words : standing));
    if (open || resumed) field.current?.focus();
    // Runs once per target: a later render must not put words back that were just sent.
    // The viewer can change under an open sheet, and then the same words belong to the new member.
  }, [key]);

  if (policy === "closed") return <p className="note" id="say">{t("comment.closed")}</p>;

  function change(value: string) {
    setBody(value);
    setSent(null);
    // The copy of an earlier visit has not been read yet.
    if (early.current !== null) early.current = value;
    else if (value === "") dropLocal(key);
    else keepLocal(key, viewer?.id ?? null, value);
  }

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (state === "sending" || !form.current) return;
    const words = new FormData(form.current);
    if (!viewer) {
      gate.open(replyTo ? { act: "reply", targetKind: "comment", targetId: replyTo.id, postId } : { act: "comment", targetKind: "post", targetId: postId, postId }, words);
      return;
    }
    setState("sending");
    setRefusal(null);
    const answer = await send(`/posts/${postId}/comments/send`, words);
    setState(answer.kind === "offline" ? "offline" : "idle");
    if (answer.kind === "refused") setRefusal(answer.refusal);
    if (answer.kind === "login") window.location.assign(`/login?redirectTo=${encodeURIComponent(window.location.pathname + window.location.search)}`);
    if (answer.kind !== "done") return;
    dropLocal(key);
    setBody("");
    setSent(answer.value);
    setSubmissionId(nanoid());
    revalidator.revalidate();
  }

  function onKeyDown(event: KeyboardEvent<HTMLTextAreaElement>) {
    // Enter that ends a word of an input method is not a wish to send.
    if (event.nativeEvent.isComposing || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.current?.requestSubmit();
  }

  const problem = refusal?.fields.body ?? refusal?.error;
  return (
    <form ref={form} method="post" action={`/posts/${postId}/comments`} className="say-form" onSubmit={submit} id="compose">
      <input type="hidden" name="submissionId" value={submissionId} />
      {replyTo ? <input type="hidden" name="replyToId" value={replyTo.id} /> : null}
      <label htmlFor="say" className={replyTo ? "label" : "vh"}>
        {replyTo ? t("comment.replyTo", { name: replyTo.name }) : t("comment.label")}
      </label>
      <textarea
        ref={field}
        id="say"
        name="body"
        className="input"
        rows={3}
        value={body}
        placeholder={t(replyTo ? "comment.replyPlaceholder" : "comment.placeholder")}
        aria-invalid={problem ? true : undefined}
        aria-describedby="say-hint"
        onChange={(event) => change(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div className="row-between">
        <ComposerHint body={body} policy={policy} mine={mine} />
        <button className="btn small" aria-busy={state === "sending"}>
          {t(state === "sending" ? "comment.sending" : viewer ? "comment.send" : "comment.sendAsGuest")}
        </button>
      </div>
      <div aria-live="polite">
        {problem ? <p className="err">{problem}</p> : null}
        {state === "offline" ? <p className="err">{t("comment.offline")}</p> : null}
        {sent ? <SentLine sent={sent} postId={postId} /> : null}
      </div>
    </form>
  );
}

function ComposerHint({ body, policy, mine }: { body: string; policy: string; mine: boolean }) {
  const t = useT();
  const locale = useLocale();
  const used = countGraphemes(body.trim());
  const max = formatCount(COMMENT_MAX, locale);
  return (
    <p className={used > COMMENT_MAX ? "err" : "hint"} id="say-hint">
      {used > 0 ? t("comment.length", { used: formatCount(used, locale), max }) : t("comment.limits", { max })}
      {policy === "held" && !mine ? ` · ${t("comment.heldHint")}` : ""}
    </p>
  );
}

function SentLine({ sent, postId }: { sent: Sent; postId: string }) {
  const t = useT();
  return (
    <p className="note good">
      {t(sent.state === "held" ? "comment.sentHeld" : "comment.sent")}{" "}
      <Link className="link" to={`/posts/${postId}/comments/${sent.commentId}`} prefetch="none">
        {t("comment.see")}
      </Link>
    </p>
  );
}
