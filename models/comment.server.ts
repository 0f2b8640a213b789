import { defineCollection, findRows } from "./collection.server";
import type { Tx } from "./connection.server";
import { DomainError, NotFound } from "./errors";

/**
 * Comment: an answer under a post, in two levels. `parentId` is the top-level comment it hangs under, `replyToId` the
 * comment it answers. Guarantees: (1) a reply's parent is a top-level comment of the same post; (2) `replyCount` and
 * the post's `commentCount` change in the same transaction; (3) a deleted comment keeps its words for 30 days and its
 * place while others answer it.
 */
export const COMMENT_STATES = ["published", "held", "deleted", "removed"] as const;
export type CommentState = (typeof COMMENT_STATES)[number];

export interface Comment {
  _id: string;
  postId: string;
  parentId: string | null;
  replyToId: string | null;
  authorId: string;
  body: string;
  html: string;
  state: CommentState;
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  likeCount: number;
  replyCount: number;
}

export const COMMENT_SORTS = ["helpful", "newest", "oldest", "discussed"] as const;
export type CommentSort = (typeof COMMENT_SORTS)[number];

/** Where a page of comments stopped: the sort value and id of the last one shown. */
export interface CommentPosition {
  value: number;
  id: string;
}

export class CommentGone extends DomainError {
  constructor(commentId: string) {
    super("GONE", `comment ${commentId} was deleted or removed`, { messageKey: "errors.commentGone" });
  }
}

const Comments = defineCollection<Comment>(
  {
    name: "comments",
    shardKey: { postId: 1, _id: 1 },
    why: "comments are only ever read under their post",
    indexes: [
      { fields: { postId: 1, _id: 1 } },
      // For the daily sweep alone; no page asks by it.
      { fields: { deletedAt: 1 }, options: { partialFilterExpression: { state: "deleted" } } },
      { fields: { postId: 1, parentId: 1, createdAt: 1, _id: 1 } },
      { fields: { postId: 1, parentId: 1, likeCount: -1, _id: -1 } },
      { fields: { postId: 1, parentId: 1, replyCount: -1, _id: -1 } },
      { fields: { postId: 1, createdAt: 1 }, options: { name: "held", partialFilterExpression: { state: "held" } } },
    ],
  },
  {
    postId: { type: String, required: true },
    parentId: { type: String, default: null },
    replyToId: { type: String, default: null },
    authorId: { type: String, required: true },
    body: { type: String, required: true },
    html: { type: String, required: true },
    state: { type: String, enum: COMMENT_STATES, required: true },
    createdAt: { type: Date, required: true },
    editedAt: { type: Date, default: null },
    deletedAt: { type: Date, default: null },
    likeCount: { type: Number, default: 0 },
    replyCount: { type: Number, default: 0 },
  },
);

export async function insertComment(comment: Comment, tx?: Tx): Promise<void> {
  await Comments.create([comment], tx ? { session: tx } : {});
}

export async function insertComments(comments: Comment[], tx?: Tx): Promise<void> {
  await Comments.insertMany(comments, { ordered: true, ...(tx ? { session: tx } : {}) });
}

export async function getComment(postId: string, commentId: string, tx?: Tx): Promise<Comment | null> {
  return Comments.findOne({ _id: commentId, postId }, null, tx ? { session: tx } : {}).lean<Comment>();
}

export async function requireVisibleComment(postId: string, commentId: string, tx?: Tx): Promise<Comment> {
  const comment = await getComment(postId, commentId, tx);
  if (!comment || comment.state === "held") throw new NotFound(`comment ${commentId}`);
  if (comment.state !== "published") throw new CommentGone(commentId);
  return comment;
}

/** One table for the four orders: the field sorted by and its direction; `_id` breaks ties the same way. */
const ORDER: Record<CommentSort, { field: "likeCount" | "replyCount" | "createdAt"; direction: 1 | -1 }> = {
  helpful: { field: "likeCount", direction: -1 },
  discussed: { field: "replyCount", direction: -1 },
  newest: { field: "createdAt", direction: -1 },
  oldest: { field: "createdAt", direction: 1 },
};

export function positionOf(comment: Comment, sort: CommentSort): CommentPosition {
  const value = comment[ORDER[sort].field];
  return { value: value instanceof Date ? value.getTime() : value, id: comment._id };
}

/** Top-level comments (`parentId` null) or the replies under one, in the given order, strictly after `after`. */
export async function listComments({ postId, parentId, sort, after, limit }: {
  postId: string;
  parentId: string | null;
  sort: CommentSort;
  after: CommentPosition | null;
  limit: number;
}): Promise<Comment[]> {
  const { field, direction } = ORDER[sort];
  const order = { [field]: direction, _id: direction };
  const base = { postId, parentId };
  if (!after) return findRows(Comments, base, { sort: order, limit });
  const value = field === "createdAt" ? new Date(after.value) : after.value;
  const past = direction === 1 ? "$gt" : "$lt";
  const tied = await findRows(Comments, { ...base, [field]: value, _id: { [past]: after.id } }, { sort: order, limit });
  if (tied.length >= limit) return tied;
  const rest = await findRows(Comments, { ...base, [field]: { [past]: value } }, { sort: order, limit: limit - tied.length });
  return [...tied, ...rest];
}

const HELD_MAX = 100;

/** Comments that wait for the author of the post, oldest first. */
export async function listHeldComments(postId: string): Promise<Comment[]> {
  return Comments.find({ postId, state: "held" }).sort({ createdAt: 1 }).limit(HELD_MAX).lean<Comment[]>();
}

/** All replies under several short threads at once, oldest first; the caller bounds them by the threads' replyCount. */
export async function listRepliesOf(postId: string, parentIds: string[], limit: number): Promise<Comment[]> {
  if (parentIds.length === 0) return [];
  return findRows(Comments, { postId, parentId: { $in: parentIds } }, { sort: { createdAt: 1, _id: 1 }, limit });
}

export async function reviseComment(
  { postId, commentId, authorId, body, html }: { postId: string; commentId: string; authorId: string; body: string; html: string },
  now: Date,
  tx: Tx,
): Promise<void> {
  const written = await Comments.updateOne(
    { _id: commentId, postId, authorId, state: { $in: ["published", "held"] } },
    { $set: { body, html, editedAt: now } },
    { session: tx },
  );
  if (written.matchedCount === 0) throw new NotFound(`comment ${commentId} of ${authorId}`);
}

/** Moves a comment from one of `from` to `to`; false when it was in none of them. `authorId` limits it to the author's own. */
export async function setCommentState(
  { postId, commentId, authorId, from, to }: { postId: string; commentId: string; authorId?: string; from: CommentState[]; to: CommentState },
  now: Date,
  tx: Tx,
): Promise<boolean> {
  const written = await Comments.updateOne(
    { _id: commentId, postId, ...(authorId ? { authorId } : {}), state: { $in: from } },
    { $set: { state: to, deletedAt: to === "deleted" ? now : null } },
    { session: tx },
  );
  return written.modifiedCount === 1;
}

export async function changeCommentCount(
  { postId, commentId, field, delta }: { postId: string; commentId: string; field: "likeCount" | "replyCount"; delta: 1 | -1 },
  tx: Tx,
): Promise<number> {
  const comment = await Comments.findOneAndUpdate(
    { _id: commentId, postId },
    { $inc: { [field]: delta } },
    { session: tx, new: true, projection: { [field]: 1 } },
  ).lean<Pick<Comment, "likeCount" | "replyCount">>();
  if (!comment) throw new NotFound(`comment ${commentId}`);
  return comment[field];
}

/** Clears the words of up to `limit` comments deleted before the given time; the place stays. For the sweep. Returns how many. */
export async function clearDeletedComments(deletedBefore: Date, limit: number): Promise<number> {
  const due = await Comments.find({ state: "deleted", deletedAt: { $lt: deletedBefore } }, { postId: 1 }).sort({ deletedAt: 1 }).limit(limit).lean<Pick<Comment, "_id" | "postId">[]>();
  let cleared = 0;
  for (const { _id, postId } of due) {
    const written = await Comments.updateOne(
      { _id, postId, state: "deleted", deletedAt: { $lt: deletedBefore } },
      { $set: { state: "removed", body: "", html: "" } },
    );
    cleared += written.modifiedCount;
  }
  return cleared;
}
