import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";
import type { Declaration } from "./post.server";

/**
 * Draft: words on their way to a post, or to an edit of one. Seen by their writer alone: every query carries memberId.
 * Guarantees: (1) each save states the revision it was made on; one made on an older revision changes nothing here,
 * and the service keeps it as a draft of its own; (2) nothing of a draft is checked for publishing: a draft may be empty
 * of a title, too long or against a rule, because keeping words comes first.
 */
export interface DraftPoll {
  question: string;
  multiple: boolean;
  closesInDays: number;
  options: string[];
}

/** What the composer edits. */
export interface DraftWords {
  lang: "zh-CN" | "en";
  title: string;
  body: string;
  topics: string[];
  declarations: Declaration[];
  holds: string[];
  poll: DraftPoll | null;
}

/** What is said in a clip, as it was typed: nothing of it has been read yet. */
export interface DraftCaptions {
  /** WebVTT or SubRip. */
  text: string;
  lang: "zh-CN" | "en";
  noSpeech: boolean;
}

export const DRAFT_KINDS = ["post", "clip"] as const;
export type DraftKind = (typeof DRAFT_KINDS)[number];

export interface Draft extends DraftWords {
  _id: string;
  memberId: string;
  /** Which composer it opens in. */
  kind: DraftKind;
  /** The video that a clip will show, as soon as its upload has begun. */
  assetId: string | null;
  captions: DraftCaptions | null;
  /** The post that this will edit, and the revision it was begun on; null for a new post. */
  postId: string | null;
  postRevision: number | null;
  /** The draft that this one split from when two tabs wrote at once. */
  forkOf: string | null;
  revision: number;
  createdAt: Date;
  updatedAt: Date;
}

export const DRAFTS_MAX = 100;

const Drafts = defineCollection<Draft>(
  {
    name: "drafts",
    shardKey: { memberId: 1 },
    why: "a writer lists and saves their own drafts",
    indexes: [
      { fields: { memberId: 1, updatedAt: -1 } },
      { fields: { memberId: 1, postId: 1 } },
    ],
  },
  {
    memberId: { type: String, required: true },
    kind: { type: String, enum: DRAFT_KINDS, default: "post" },
    assetId: { type: String, default: null },
    captions: { type: Object, default: null },
    postId: { type: String, default: null },
    postRevision: { type: Number, default: null },
    forkOf: { type: String, default: null },
    lang: { type: String, required: true },
    title: { type: String, default: "" },
    body: { type: String, default: "" },
    topics: { type: [String], default: [] },
    declarations: { type: [String], default: [] },
    holds: { type: [String], default: [] },
    poll: { type: Object, default: null },
    revision: { type: Number, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
  },
);

export async function insertDraft(draft: Draft, tx?: Tx): Promise<void> {
  await Drafts.create([draft], tx ? { session: tx } : {});
}

export async function getDraft(memberId: string, draftId: string, tx?: Tx): Promise<Draft | null> {
  return Drafts.findOne({ _id: draftId, memberId }, null, tx ? { session: tx } : {}).lean<Draft>();
}

/** Writes words made on `revision` and moves it on by one; false when the draft has moved meanwhile or is gone. */
export async function reviseDraft(
  { memberId, draftId, revision, words, ...clip }: { memberId: string; draftId: string; revision: number; words: DraftWords } & Pick<Draft, "assetId" | "captions">,
  now: Date,
  tx: Tx,
): Promise<boolean> {
  const written = await Drafts.updateOne(
    { _id: draftId, memberId, revision },
    { $set: { ...words, ...clip, updatedAt: now }, $inc: { revision: 1 } },
    { session: tx },
  );
  return written.matchedCount === 1;
}

/** Newest first. The bodies come along: there are at most DRAFTS_MAX, and the list shows their first words. */
export async function listDrafts(memberId: string): Promise<Draft[]> {
  return Drafts.find({ memberId }).sort({ updatedAt: -1 }).limit(DRAFTS_MAX).lean<Draft[]>();
}

export async function countDrafts(memberId: string, tx: Tx): Promise<number> {
  return Drafts.countDocuments({ memberId }, { limit: DRAFTS_MAX + 1, session: tx });
}

/** The newest draft that edits a post; null when the writer has none. */
export async function findDraftOfPost(memberId: string, postId: string): Promise<Draft | null> {
  return Drafts.findOne({ memberId, postId }).sort({ updatedAt: -1 }).lean<Draft>();
}

export async function removeDraft(memberId: string, draftId: string, tx?: Tx): Promise<boolean> {
  const removed = await Drafts.deleteOne({ _id: draftId, memberId }, tx ? { session: tx } : {});
  return removed.deletedCount === 1;
}
