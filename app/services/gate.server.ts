import { nanoid } from "nanoid";
import { z } from "zod";
import { inTransaction, type Tx } from "@models/connection.server";
import { DomainError, Invalid } from "@models/errors";
import { claimGuestDraft, findClaimedDraft, keepGuestDraft, type GuestDraft } from "@models/guest-draft.server";
import { isNonceSpent, spendNonce } from "@models/intent.server";
import type { ReportKind } from "@models/report.server";
import { env } from "../env.server";
import { countGraphemes, unitsMax } from "../format/graphemes";
import type { Viewer } from "./viewer";
import { setFollowIn } from "./follows.server";
import { setLikeIn } from "./likes.server";
import { requireMayInteract } from "./mainland.server";
import { requireWithinLimit } from "./rate-limit.server";
import { castVoteIn } from "./polls.server";
import { fileReportIn } from "./reports.server";
import { setSaveIn } from "./saves.server";
import { requireMay } from "./tiers.server";
import { sign, unsign } from "./token.server";

/**
 * The gate: what a guest tried is put into a signed intent, and done after login.
 * Guarantees: (1) an intent is used at most once, because its nonce is stored in the transaction of the act; (2) target
 * and rights are checked at the end by the same services as always; (3) after 15 minutes it is refused;
 * (4) words are given back for sending, never published from here. See docs/decisions/0008-gate-intents.md.
 */
export const INTENT_LIFE_MS = 15 * 60_000;
const CLAIMED_DRAFT_LIFE_MS = 24 * 3_600_000;

const id = z.string().regex(/^[\w:.-]{1,80}$/);

export const IntentDraft = z.object({
  act: z.enum(["like", "save", "follow", "vote", "report", "comment", "reply", "post", "edit"]),
  targetKind: z.enum(["post", "comment", "member", "topic", "new"]),
  targetId: id,
  /** The post that a comment belongs to. */
  postId: id.optional(),
  choices: z.array(id).max(20).optional(),
  reason: z.string().max(40).optional(),
  detail: z.string().max(2_000).optional(),
  redirectTo: z.string().max(2_000),
});
export type IntentDraft = z.infer<typeof IntentDraft>;
export type GatedAct = IntentDraft["act"];

const Intent = IntentDraft.extend({ nonce: z.string().min(16).max(40), exp: z.number().int() });
export type Intent = z.infer<typeof Intent>;

const intentKey = () => ({ secret: env.INTENT_SECRET, purpose: "intent" });

/** Words of a guest, by field name as the form sends them. */
export type GuestText = Record<string, string>;

/** Signs the intent; words go into a guest draft under its nonce. */
export async function createIntent({ draft, text }: { draft: IntentDraft; text?: GuestText }, now: Date): Promise<string> {
  const intent: Intent = { ...draft, nonce: nanoid(), exp: now.getTime() + INTENT_LIFE_MS };
  if (text && isTextAct(draft.act) && Object.values(text).some((words) => words.trim() !== "")) {
    requireKeepable(text);
    await keepGuestDraft({
      _id: intent.nonce,
      memberId: null,
      act: draft.act,
      postId: draft.targetKind === "new" ? null : (draft.postId ?? draft.targetId),
      commentId: draft.targetKind === "comment" ? draft.targetId : null,
      fields: text,
      expiresAt: new Date(intent.exp),
    });
  }
  return sign(intent, intentKey());
}

const TEXT_GRAPHEMES_MAX = 20_000;

function requireKeepable(text: GuestText): void {
  for (const words of Object.values(text)) {
    const tooLong = words.length > unitsMax(TEXT_GRAPHEMES_MAX) || countGraphemes(words) > TEXT_GRAPHEMES_MAX;
    if (tooLong) throw new Invalid("guest text is too long to keep", { messageKey: "gate.textTooLong" });
  }
}

export function isTextAct(act: GatedAct): act is GuestDraft["act"] {
  return act === "comment" || act === "reply" || act === "post" || act === "edit";
}

export type IntentState = { state: "open" | "expired"; intent: Intent } | { state: "invalid"; intent: null };

/** Who may read it has not been asked yet: an intent names an act, it proves nothing about a person. */
export function readIntent(token: string | null | undefined, now: Date): IntentState {
  if (!token || token.length > 8_000) return { state: "invalid", intent: null };
  const parsed = Intent.safeParse(unsign(token, intentKey()));
  if (!parsed.success) return { state: "invalid", intent: null };
  return { state: parsed.data.exp < now.getTime() ? "expired" : "open", intent: parsed.data };
}

interface GatedActRule {
  /** "Log in to like this post"; the kind of target may have a sentence of its own. */
  titleKey: (intent: Pick<IntentDraft, "targetKind">) => string;
  /** What happens after login, said on the gate. */
  promiseKey: string;
  /** Said on the page afterwards. */
  doneKey: string;
  execute: (viewer: Viewer, intent: Intent, now: Date, tx: Tx) => Promise<unknown>;
}

/** The one table from an act to what is done for the member who has just logged in. */
export const GATED_ACTS: Record<GatedAct, GatedActRule> = {
  like: {
    titleKey: ({ targetKind }) => (targetKind === "comment" ? "gate.likeComment" : "gate.likePost"),
    promiseKey: "gate.likePromise",
    doneKey: "gate.likeDone",
    execute: (viewer, { targetKind, targetId, postId }, now, tx) =>
      setLikeIn(
        targetKind === "comment"
          ? { postId: requirePost(postId), commentId: targetId, memberId: viewer.id, liked: true }
          : { postId: targetId, memberId: viewer.id, liked: true },
        now,
        tx,
      ),
  },
  save: {
    titleKey: () => "gate.savePost",
    promiseKey: "gate.savePromise",
    doneKey: "gate.saveDone",
    execute: (viewer, { targetId }, now, tx) => setSaveIn({ postId: targetId, memberId: viewer.id, saved: true }, now, tx),
  },
  follow: {
    titleKey: ({ targetKind }) => (targetKind === "topic" ? "gate.followTopic" : "gate.followMember"),
    promiseKey: "gate.followPromise",
    doneKey: "gate.followDone",
    execute: (viewer, { targetKind, targetId }, now, tx) =>
      setFollowIn({ kind: targetKind === "topic" ? "topic" : "member", targetId, memberId: viewer.id, followed: true }, now, tx),
  },
  vote: {
    titleKey: () => "gate.vote",
    promiseKey: "gate.votePromise",
    doneKey: "gate.voteDone",
    execute: (viewer, { targetId, choices }, now, tx) => castVoteIn({ postId: targetId, memberId: viewer.id, choices: choices ?? [] }, now, tx),
  },
  report: {
    titleKey: () => "gate.report",
    promiseKey: "gate.reportPromise",
    doneKey: "gate.reportDone",
    execute: (viewer, { targetKind, targetId, postId, reason, detail }, now, tx) =>
      fileReportIn(
        { kind: requireReportKind(targetKind), targetId, postId: postId ?? null, reporterId: viewer.id, reason: reason ?? "", detail: detail ?? "" },
        now,
        tx,
      ),
  },
  comment: { titleKey: () => "gate.comment", promiseKey: "gate.textPromise", doneKey: "gate.textBack", execute: handWordsOver },
  reply: { titleKey: () => "gate.reply", promiseKey: "gate.textPromise", doneKey: "gate.textBack", execute: handWordsOver },
  post: { titleKey: () => "gate.post", promiseKey: "gate.textPromise", doneKey: "gate.textBack", execute: handWordsOver },
  /** A session that ended while something of one's own was being edited. */
  edit: { titleKey: () => "gate.edit", promiseKey: "gate.textPromise", doneKey: "gate.textBack", execute: handWordsOver },
};

function requireReportKind(kind: IntentDraft["targetKind"]): ReportKind {
  if (kind === "post" || kind === "comment" || kind === "member") return kind;
  throw new Invalid(`a ${kind} is not reported`);
}

function requirePost(postId: string | undefined): string {
  if (!postId) throw new Invalid("a comment needs its post");
  return postId;
}

function handWordsOver(viewer: Viewer, intent: Intent, now: Date, tx: Tx): Promise<boolean> {
  return claimGuestDraft({ nonce: intent.nonce, memberId: viewer.id, expiresAt: new Date(now.getTime() + CLAIMED_DRAFT_LIFE_MS) }, now, tx);
}

export interface Resumed {
  redirectTo: string;
  notice: { key: string; tone: "good" | "warn"; params?: Record<string, string | number> } | null;
}

/**
 * Does what the guest tried, once. A refusal (target gone, own post, over a limit, used before) is an answer, not an
 * exception: the person is logged in by now and gets the page back with a sentence that says why.
 */
export async function resumeIntent(viewer: Viewer, token: string | null, now: Date): Promise<Resumed> {
  const { state, intent } = readIntent(token, now);
  if (!intent) return { redirectTo: "/", notice: { key: "gate.notOurs", tone: "warn" } };
  if (state === "expired") return { redirectTo: intent.redirectTo, notice: { key: "gate.expired", tone: "warn" } };
  const rule = GATED_ACTS[intent.act];
  try {
    if (await isNonceSpent(intent.nonce)) return usedBefore(intent);
    requireMay(viewer, intent.act);
    if (!isTextAct(intent.act)) {
      requireMayInteract(viewer);
      // Words handed back are counted when they are sent.
      await requireWithinLimit(viewer, intent.act, now);
    }
    const done = await inTransaction(async (tx) => {
      const row = { nonce: intent.nonce, memberId: viewer.id, act: intent.act, expiresAt: new Date(intent.exp + INTENT_LIFE_MS) };
      if (!(await spendNonce(row, tx))) return null;
      return { result: await rule.execute(viewer, intent, now, tx) };
    });
    if (!done) return usedBefore(intent);
    if (isTextAct(intent.act)) return backToComposer(intent, done.result === true);
    return { redirectTo: intent.redirectTo, notice: { key: rule.doneKey, tone: "good" } };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { redirectTo: intent.redirectTo, notice: refusalNotice(error) };
  }
}

function usedBefore(intent: Intent): Resumed {
  return { redirectTo: isTextAct(intent.act) ? composerPath(intent) : intent.redirectTo, notice: { key: "gate.usedBefore", tone: "warn" } };
}

function refusalNotice(error: DomainError): Resumed["notice"] {
  const fallback = error.code === "NOT_FOUND" || error.code === "GONE" ? "gate.targetGone" : "gate.refused";
  return { key: error.messageKey ?? fallback, tone: "warn", ...(error.params ? { params: error.params } : {}) };
}

function backToComposer(intent: Intent, hasWords: boolean): Resumed {
  const notice = hasWords ? ({ key: GATED_ACTS[intent.act].doneKey, tone: "good" } as const) : null;
  return { redirectTo: composerPath(intent, hasWords), notice };
}

/** Where the composer of this target opens; `resume` names the words to fill in. A reply opens in its own thread. */
export function composerPath(intent: Intent, hasWords = false): string {
  const query = new URLSearchParams();
  if (intent.act === "reply") query.set("reply", intent.targetId);
  if (hasWords) query.set("resume", intent.nonce);
  const search = query.size > 0 ? `?${query.toString()}` : "";
  if (intent.act === "edit") return `${editPath(intent)}${search}`;
  if (intent.act === "post") return `/${intent.targetId === "clip" ? "clips" : "posts"}/new${search}`;
  if (intent.act === "reply" && intent.postId) return `/posts/${intent.postId}/comments/${intent.targetId}${search}#reply`;
  return `/posts/${intent.targetId}${search}#compose`;
}

function editPath({ targetKind, targetId, postId }: Intent): string {
  if (targetKind === "post") return `/posts/${targetId}/edit`;
  return targetKind === "comment" && postId ? `/posts/${postId}/comments/${targetId}/edit` : "/account";
}

export interface ResumedText {
  nonce: string;
  act: GuestDraft["act"];
  postId: string | null;
  commentId: string | null;
  fields: GuestText;
}

/** The words that wait for this member at this address; null for everybody else. */
export async function findResumedText({ nonce, memberId }: { nonce: string; memberId: string }, now: Date): Promise<ResumedText | null> {
  if (!/^[\w-]{16,40}$/.test(nonce)) return null;
  const draft = await findClaimedDraft(nonce, memberId, now);
  return draft && { nonce, act: draft.act, postId: draft.postId, commentId: draft.commentId, fields: draft.fields };
}
