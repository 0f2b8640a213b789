import {
  changeCommentCount,
  getComment,
  insertComment,
  listHeldComments,
  requireVisibleComment,
  reviseComment,
  setCommentState,
  type Comment,
} from "@models/comment.server";
import { inTransaction, type Tx } from "@models/connection.server";
import { Conflict, DomainError, Forbidden, Invalid, NotFound } from "@models/errors";
import { listMembersByIds } from "@models/member.server";
import { announce } from "@models/page-event.server";
import { changePostCount, requireOwnPost, requireVisiblePost, RESTORE_DAYS, type Post } from "@models/post.server";
import { cleanText, isBlank } from "~/format/clean-text";
import { countGraphemes } from "~/format/graphemes";
import { COMMENT_MAX } from "~/format/post-limits";
import type { Viewer } from "./viewer";
import { renderCommentWords } from "./preview.server";
import { requireWithinLimit } from "./rate-limit.server";
import { admit, requireMay } from "./tiers.server";

/**
 * Writing comments. Two levels: an answer to an answer hangs under the same top-level comment and names whom it answers.
 * Only published comments are counted, in the transaction that publishes or hides them.
 */
export interface AddComment {
  /** Made with the form and used as the comment's id: sending the same form twice makes one comment. */
  submissionId: string;
  postId: string;
  /** The comment that is answered; null for a new thread. */
  replyToId: string | null;
  body: string;
}

export interface CommentWritten {
  commentId: string;
  state: Comment["state"];
  created: boolean;
}

const DAY_MS = 86_400_000;

export class CommentsClosed extends Forbidden {
  constructor() {
    super("the author has closed the comments", { messageKey: "comment.closedRefused" });
  }
}

export async function addComment(viewer: Viewer, { submissionId, postId, replyToId, body }: AddComment, now: Date): Promise<CommentWritten> {
  const before = await getComment(postId, submissionId);
  if (before) return alreadyWritten(before, viewer);
  const words = requireWords(body);
  const { lang } = await requireVisiblePost(postId);
  const { html } = await renderCommentWords(words, lang, now);
  await admit(viewer, replyToId ? "reply" : "comment", now);
  return inTransaction(async (tx) => {
    const raced = await getComment(postId, submissionId, tx);
    if (raced) return alreadyWritten(raced, viewer);
    const post = await requireVisiblePost(postId, tx);
    if (post.commentPolicy === "closed") throw new CommentsClosed();
    const answered = replyToId ? await requireVisibleComment(postId, replyToId, tx) : null;
    const comment: Comment = {
      _id: submissionId,
      postId,
      parentId: answered ? (answered.parentId ?? answered._id) : null,
      replyToId: answered?._id ?? null,
      authorId: viewer.id,
      body: words,
      html,
      state: isHeldFor(viewer.id, post) ? "held" : "published",
      createdAt: now,
      editedAt: null,
      deletedAt: null,
      likeCount: 0,
      replyCount: 0,
    };
    await insertComment(comment, tx);
    if (comment.state === "published") await count(comment, 1, now, tx);
    return { commentId: comment._id, state: comment.state, created: true };
  });
}

function alreadyWritten(comment: Comment, viewer: Viewer): CommentWritten {
  if (comment.authorId !== viewer.id) throw new Conflict("the submission id belongs to somebody else", { messageKey: "compose.sendAgain" });
  return { commentId: comment._id, state: comment.state, created: false };
}

/** The author of the post need not ask themselves. */
function isHeldFor(memberId: string, post: Post): boolean {
  return post.commentPolicy === "held" && post.authorId !== memberId;
}

function requireWords(body: string): string {
  const words = cleanText(body).trim();
  const problem = isBlank(words) ? "comment.missing" : countGraphemes(words) > COMMENT_MAX ? "comment.tooLong" : null;
  if (problem) throw new Invalid(problem, { messageKey: problem, fields: { body: problem }, params: { max: COMMENT_MAX } });
  return words;
}

/** Only what others can see is counted. */
async function count({ postId, parentId }: Pick<Comment, "postId" | "parentId">, delta: 1 | -1, now: Date, tx: Tx): Promise<void> {
  await changePostCount(postId, "commentCount", delta, tx);
  if (parentId) await changeCommentCount({ postId, commentId: parentId, field: "replyCount", delta }, tx);
  await announce([`post:${postId}`], now, tx);
}

export interface OwnComment {
  postId: string;
  commentId: string;
}

export async function editComment(viewer: Viewer, { postId, commentId, body }: OwnComment & { body: string }, now: Date): Promise<CommentWritten> {
  requireMay(viewer, "edit");
  const words = requireWords(body);
  const { lang } = await requireVisiblePost(postId);
  const { html } = await renderCommentWords(words, lang, now);
  await requireWithinLimit(viewer, "edit", now);
  return inTransaction(async (tx) => {
    const post = await requireVisiblePost(postId, tx);
    const comment = await requireOwnComment(viewer, { postId, commentId }, tx);
    if (comment.body === words) return { commentId, state: comment.state, created: false };
    await reviseComment({ postId, commentId, authorId: viewer.id, body: words, html }, now, tx);
    // Under a held post the new words are as unseen as the first ones were.
    const back = comment.state === "published" && isHeldFor(viewer.id, post);
    if (back && (await setCommentState({ postId, commentId, authorId: viewer.id, from: ["published"], to: "held" }, now, tx))) await count(comment, -1, now, tx);
    else await announce([`post:${postId}`], now, tx);
    return { commentId, state: back ? "held" : comment.state, created: false };
  });
}

async function requireOwnComment(viewer: Viewer, { postId, commentId }: OwnComment, tx?: Tx): Promise<Comment> {
  const comment = await getComment(postId, commentId, tx);
  if (!comment || comment.authorId !== viewer.id || comment.state === "removed") throw new NotFound(`comment ${commentId} of ${viewer.id}`);
  return comment;
}

/** The source of one's own comment, for its edit page. */
export async function readOwnComment(viewer: Viewer, key: OwnComment): Promise<{ id: string; body: string; state: Comment["state"]; restorableUntil: string | null }> {
  const { _id, body, state, deletedAt } = await requireOwnComment(viewer, key);
  return { id: _id, body, state, restorableUntil: deletedAt ? new Date(deletedAt.getTime() + RESTORE_DAYS * DAY_MS).toISOString() : null };
}

/** Deleting twice changes nothing; answers to it stay, its place says that it was deleted. */
export function deleteComment(viewer: Viewer, { postId, commentId }: OwnComment, now: Date): Promise<void> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    const comment = await requireOwnComment(viewer, { postId, commentId }, tx);
    const moved = await setCommentState({ postId, commentId, authorId: viewer.id, from: ["published", "held"], to: "deleted" }, now, tx);
    if (moved && comment.state === "published") await count(comment, -1, now, tx);
  });
}

export function restoreComment(viewer: Viewer, { postId, commentId }: OwnComment, now: Date): Promise<void> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    const post = await requireVisiblePost(postId, tx);
    const comment = await requireOwnComment(viewer, { postId, commentId }, tx);
    if (comment.state !== "deleted") return;
    const tooLate = (comment.deletedAt ?? now).getTime() + RESTORE_DAYS * DAY_MS < now.getTime();
    if (tooLate) throw new DomainError("GONE", `comment ${commentId} was deleted long ago`, { messageKey: "compose.restoreTooLate", params: { count: RESTORE_DAYS } });
    // A comment that was never let through comes back to where it waited.
    const to = isHeldFor(viewer.id, post) ? "held" : "published";
    const moved = await setCommentState({ postId, commentId, authorId: viewer.id, from: ["deleted"], to }, now, tx);
    if (moved && to === "published") await count(comment, 1, now, tx);
  });
}

/** The author of a post lets a held comment through, or turns it away; asking twice changes nothing. */
export function decideHeldComment(viewer: Viewer, { postId, commentId, publish }: OwnComment & { publish: boolean }, now: Date): Promise<void> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    await requireOwnPost(postId, viewer.id, tx);
    const comment = await getComment(postId, commentId, tx);
    if (!comment) throw new NotFound(`comment ${commentId}`);
    const moved = await setCommentState({ postId, commentId, from: ["held"], to: publish ? "published" : "removed" }, now, tx);
    if (moved && publish) await count(comment, 1, now, tx);
  });
}

export interface HeldComment {
  id: string;
  author: { handle: string; displayName: string };
  html: string;
  createdAt: string;
}

/** Comments that wait for the author of the post, oldest first. */
export async function readHeldComments(viewer: Viewer, postId: string): Promise<{ title: string; items: HeldComment[] }> {
  const post = await requireOwnPost(postId, viewer.id);
  const held = await listHeldComments(postId);
  const authors = await listMembersByIds(held.map((comment) => comment.authorId));
  const items = held.flatMap(({ _id, authorId, html, createdAt }) => {
    const author = authors.get(authorId);
    return author ? [{ id: _id, author: { handle: author.handle, displayName: author.displayName }, html, createdAt: createdAt.toISOString() }] : [];
  });
  return { title: post.title, items };
}
