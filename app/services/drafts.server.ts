import { createHash } from "node:crypto";
import { nanoid } from "nanoid";
import { inTransaction, type Tx } from "@models/connection.server";
import { countDrafts, DRAFTS_MAX, findDraftOfPost, getDraft, insertDraft, listDrafts, removeDraft, reviseDraft, type Draft, type DraftCaptions, type DraftKind, type DraftWords } from "@models/draft.server";
import { Conflict, NotFound } from "@models/errors";
import { requireOwnPost, type PostState } from "@models/post.server";
import { cleanText } from "~/format/clean-text";
import { takeGraphemes } from "~/format/graphemes";

/**
 * Drafts on the server. Saving never loses words: a save made on an older revision than the stored one becomes a draft
 * of its own beside it, and the writer is shown both.
 */
export interface SaveDraft {
  memberId: string;
  /** Made by the composer, so that a save whose answer was lost can be sent again. */
  draftId: string;
  /** The revision these words were made on; 0 for a draft that was never saved. */
  revision: number;
  postId: string | null;
  postRevision: number | null;
  words: DraftWords;
  /** Left out for a post. */
  kind?: DraftKind;
  assetId?: string | null;
  captions?: DraftCaptions | null;
}

export interface DraftSaved {
  draftId: string;
  revision: number;
  savedAt: string;
  /** The draft that moved meanwhile, when these words were put beside it. */
  conflictWith: { id: string; title: string; updatedAt: string } | null;
}

export class DraftsFull extends Conflict {
  constructor() {
    super(`more than ${DRAFTS_MAX} drafts`, { messageKey: "draft.full", params: { count: DRAFTS_MAX } });
  }
}

export function saveDraft(save: SaveDraft, now: Date): Promise<DraftSaved> {
  return inTransaction(async (tx) => {
    const stored = await getDraft(save.memberId, save.draftId, tx);
    if (!stored) return insertNew({ ...save, forkOf: null }, now, tx);
    if (comparable(stored, stored) === comparable(save.words, save)) return saved(stored, stored.updatedAt);
    const { memberId, draftId, revision, words, assetId = null, captions = null } = save;
    if (stored.revision === revision && (await reviseDraft({ memberId, draftId, revision, words, assetId, captions }, now, tx))) {
      return saved({ _id: draftId, revision: revision + 1 }, now);
    }
    return fork(save, stored, now, tx);
  });
}

/** The id of a split is made from what it holds: sending the same losing save twice makes one second draft. */
async function fork(save: SaveDraft, stored: Draft, now: Date, tx: Tx): Promise<DraftSaved> {
  const print = createHash("sha256").update(JSON.stringify([save.draftId, save.revision, comparable(save.words, save)])).digest("base64url");
  const forkId = print.slice(0, 21);
  const conflictWith = { id: stored._id, title: stored.title, updatedAt: stored.updatedAt.toISOString() };
  const known = await getDraft(save.memberId, forkId, tx);
  if (known) return { ...saved(known, known.updatedAt), conflictWith };
  const made = await insertNew({ ...save, draftId: forkId, forkOf: stored._id, postId: stored.postId, postRevision: stored.postRevision }, now, tx);
  return { ...made, conflictWith };
}

async function insertNew({ memberId, draftId, postId, postRevision, words, forkOf, kind = "post", assetId = null, captions = null }: SaveDraft & { forkOf: string | null }, now: Date, tx: Tx): Promise<DraftSaved> {
  if ((await countDrafts(memberId, tx)) >= DRAFTS_MAX) throw new DraftsFull();
  await insertDraft({ _id: draftId, memberId, kind, assetId, captions, postId, postRevision, forkOf, ...words, revision: 1, createdAt: now, updatedAt: now }, tx);
  return saved({ _id: draftId, revision: 1 }, now);
}

function saved({ _id, revision }: Pick<Draft, "_id" | "revision">, at: Date): DraftSaved {
  return { draftId: _id, revision, savedAt: at.toISOString(), conflictWith: null };
}

/** The same text for the same words with the same video, in whichever order their fields were stored. */
function comparable({ lang, title, body, topics, declarations, holds, poll }: DraftWords, { assetId, captions }: Pick<SaveDraft, "assetId" | "captions">): string {
  const asked = poll && [poll.question, poll.multiple, poll.closesInDays, poll.options];
  const said = captions ? [captions.text, captions.lang, captions.noSpeech] : null;
  return JSON.stringify([lang, title, body, topics, declarations, holds, asked, assetId ?? null, said]);
}

/** The composer's copy of a draft. */
export interface DraftView extends DraftWords {
  id: string;
  revision: number;
  kind: DraftKind;
  assetId: string | null;
  captions: DraftCaptions | null;
  postId: string | null;
  postRevision: number | null;
  updatedAt: string;
}

export async function readDraft(memberId: string, draftId: string): Promise<DraftView> {
  const draft = await getDraft(memberId, draftId);
  if (!draft) throw new NotFound(`draft ${draftId}`);
  return toView(draft);
}

/** What the edit page opens with: the unfinished edit if there is one, else the post as it stands. */
export async function openEdit({ memberId, postId }: { memberId: string; postId: string }): Promise<{ draft: DraftView; state: PostState; commentPolicy: string; postRevision: number }> {
  const post = await requireOwnPost(postId, memberId);
  const unfinished = await findDraftOfPost(memberId, postId);
  const { lang, title, body, topics, declarations, holds, revision, clip } = post;
  const [kind, assetId] = clip ? (["clip", clip.assetId] as const) : (["post", null] as const);
  const fresh: DraftView = { id: nanoid(), revision: 0, kind, assetId, captions: null, postId, postRevision: revision, lang, title, body, topics, declarations, holds, poll: null, updatedAt: (post.editedAt ?? post.publishedAt).toISOString() };
  // Another video may have been chosen for a clip that waits; a published one keeps its own.
  const chosen = post.state === "waiting" ? (unfinished?.assetId ?? assetId) : assetId;
  return { draft: unfinished ? { ...toView(unfinished), kind, assetId: chosen } : fresh, state: post.state, commentPolicy: post.commentPolicy, postRevision: revision };
}

export interface DraftRow {
  id: string;
  title: string;
  excerpt: string;
  kind: DraftKind;
  postId: string | null;
  forkOf: string | null;
  updatedAt: string;
}

const EXCERPT_MAX = 80;

export async function listDraftRows(memberId: string): Promise<DraftRow[]> {
  const drafts = await listDrafts(memberId);
  return drafts.map(({ _id, kind, title, body, postId, forkOf, updatedAt }) => ({
    id: _id,
    kind: kind ?? "post",
    title,
    excerpt: takeGraphemes(cleanText(body.slice(0, 400)).replace(/\s+/g, " ").trim(), EXCERPT_MAX),
    postId,
    forkOf,
    updatedAt: updatedAt.toISOString(),
  }));
}

/** Throws a draft away; doing it twice is harmless. */
export async function discardDraft(memberId: string, draftId: string): Promise<void> {
  await removeDraft(memberId, draftId);
}

function toView({ _id, revision, kind, assetId, captions, postId, postRevision, updatedAt, lang, title, body, topics, declarations, holds, poll }: Draft): DraftView {
  // Drafts that were stored before there were clips name none of the three.
  return { id: _id, revision, kind: kind ?? "post", assetId: assetId ?? null, captions: captions ?? null, postId, postRevision, updatedAt: updatedAt.toISOString(), lang, title, body, topics, declarations, holds, poll };
}
