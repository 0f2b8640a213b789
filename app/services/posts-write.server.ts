import { inTransaction, type Tx } from "@models/connection.server";
import { removeDraft, type DraftWords } from "@models/draft.server";
import { Conflict, DomainError } from "@models/errors";
import { deletedFeed, listFeedEntries, placeAmongDeleted, placeInFeeds, takeFromDeleted, withdrawFromFeeds } from "@models/feed-entry.server";
import { getAsset, isShowable, listAssets, type MediaAsset } from "@models/media-asset.server";
import { announce } from "@models/page-event.server";
import { keepRevision } from "@models/post-revision.server";
import {
  getPost,
  insertPost,
  requireOwnPost,
  RESTORE_DAYS,
  revisePost,
  setPostCommentPolicy,
  setPostState,
  type CommentPolicy,
  type Poll,
  type Post,
  type PostEdit,
  type PostPicture,
} from "@models/post.server";
import type { RenderedPost } from "~/format/markdown.server";
import type { PictureRef } from "~/format/markdown-pictures.server";
import { setPostMediaAccess } from "./media-access.server";
import { loadPictures, publicBaseOf, releasePictures, requirePictures, toPostPicture } from "./media-words.server";
import type { Viewer } from "./viewer";
import { requirePublishable, type PublishableWords } from "./post-words.server";
import { tagsOfPost } from "./page-tags.server";
import { changeStanding } from "./post-standing.server";
import { renderPostWords } from "./preview.server";
import { requireWithinLimit } from "./rate-limit.server";
import { admit, requireMay } from "./tiers.server";

/**
 * Writing posts. Each act is one transaction over the post, its feed rows, the author's count, the draft it came from
 * and the page event that tells every process. What a post says is rendered before the transaction, by one renderer;
 * its pictures are opened and closed to readers in the transaction, together with it.
 */
export interface CreatePost {
  /** Made with the form and used as the post's id: sending the same form twice makes one post. */
  submissionId: string;
  words: DraftWords;
  /** The draft that these words grew from; it goes when the post stands. */
  draftId: string | null;
}

export interface PostWritten {
  postId: string;
  /** False when the same form had been sent before. */
  created: boolean;
}

const DAY_MS = 86_400_000;

export class SubmissionTaken extends Conflict {
  constructor() {
    super("the submission id belongs to somebody else", { messageKey: "compose.sendAgain" });
  }
}

export async function createPost(viewer: Viewer, { submissionId, words, draftId }: CreatePost, now: Date): Promise<PostWritten> {
  const before = await getPost(submissionId);
  if (before) return alreadyWritten(before, viewer);
  const ready = await requirePublishable(words, now);
  const { edit, refs } = await renderWithPictures(ready, { ownerId: viewer.id, postId: submissionId }, now);
  const post = await composePost(viewer.id, submissionId, ready, now, edit);
  await admit(viewer, "post", now);
  return inTransaction(async (tx) => {
    const raced = await getPost(submissionId, tx);
    if (raced) return alreadyWritten(raced, viewer);
    await requirePictures(refs, { ownerId: viewer.id, postId: post._id }, tx);
    await insertPost(post, tx);
    await changeStanding(post, 1, now, tx);
    if (draftId) await removeDraft(viewer.id, draftId, tx);
    return { postId: post._id, created: true };
  });
}

export function alreadyWritten(post: Post, viewer: Viewer): PostWritten {
  if (post.authorId !== viewer.id) throw new SubmissionTaken();
  return { postId: post._id, created: false };
}

/** A whole new post. Without `edit` its pictures stay their descriptions: a clip shows only its video. */
export async function composePost(authorId: string, postId: string, words: PublishableWords, now: Date, edit?: PostEdit): Promise<Post> {
  return {
    _id: postId,
    authorId,
    lang: words.lang,
    ...(edit ?? (await renderEdit(words, now))),
    clip: null,
    poll: words.poll ? openPoll(words.poll, now) : null,
    commentPolicy: "open",
    state: "published",
    revision: 1,
    editCount: 0,
    editedAt: null,
    publishedAt: now,
    deletedAt: null,
    likeCount: 0,
    saveCount: 0,
    commentCount: 0,
    viewCount: 0,
    editorsChoice: false,
  };
}

async function renderEdit(words: PublishableWords, now: Date): Promise<PostEdit> {
  return toEdit(words, await renderPostWords(words.body, words.lang, now));
}

function toEdit({ title, body, topics, declarations, holds }: PublishableWords, rendered: RenderedPost): PostEdit {
  const { html, excerpt, tickers, mentions, chart, readMinutes } = rendered;
  return { title, body, html, excerpt, topics, tickers, mentions, declarations, holds, chart, picture: null, assetIds: [], readMinutes };
}

/** The words with the writer's pictures in them, drawn at the addresses that the published post will have. */
async function renderWithPictures(words: PublishableWords, { ownerId, postId }: { ownerId: string; postId: string }, now: Date): Promise<{ edit: PostEdit; refs: PictureRef[] }> {
  const rendered = await renderPostWords(words.body, words.lang, now, await loadPictures(words.body, ownerId, publicBaseOf));
  const refs = rendered.pictures;
  const assets = await requirePictures(refs, { ownerId, postId });
  const edit = { ...toEdit(words, rendered), picture: firstPicture(refs, assets), assetIds: [...new Set(refs.map(({ assetId }) => assetId))] };
  return { edit, refs };
}

function firstPicture(refs: PictureRef[], assets: ReadonlyMap<string, MediaAsset>): PostPicture | null {
  const first = refs.find(({ assetId }) => isShown(assets.get(assetId)));
  const asset = first && assets.get(first.assetId);
  return asset ? toPostPicture(asset, first.alt) : null;
}

function isShown(asset: MediaAsset | undefined): boolean {
  return asset !== undefined && isShowable(asset);
}

/**
 * Draws a published post anew after a picture of it has gained sizes or lost the right to be seen. The words stay.
 * The caller checks that the revision has not moved, and writes.
 */
export async function rerenderPost(post: Post, now: Date): Promise<Pick<Post, "html" | "picture">> {
  const rendered = await renderPostWords(post.body, post.lang, now, await loadPictures(post.body, post.authorId, publicBaseOf));
  const assets = await listAssets(post.assetIds);
  return { html: rendered.html, picture: firstPicture(rendered.pictures, assets) };
}

function openPoll(poll: NonNullable<DraftWords["poll"]>, now: Date): Poll {
  return {
    question: poll.question,
    multiple: poll.multiple,
    closesAt: new Date(now.getTime() + poll.closesInDays * DAY_MS),
    options: poll.options.map((option, index) => ({ id: `o${index + 1}`, text: option, votes: 0 })),
    voters: 0,
  };
}

export interface EditPost {
  postId: string;
  /** The revision the writer saw; somebody else's (or another tab's) edit in between is a CONFLICT. */
  revision: number;
  words: DraftWords;
  draftId: string | null;
}

/** Publishes an edit. The words it replaces go to the history; a poll stays as it was, because people have voted on it. */
export async function editPost(viewer: Viewer, { postId, revision, words, draftId }: EditPost, now: Date): Promise<{ changed: boolean }> {
  requireMay(viewer, "edit");
  const seen = await requireOwnPost(postId, viewer.id);
  const ready = await requirePublishable({ ...words, lang: seen.lang, poll: null }, now, { bodyOptional: seen.clip !== null });
  // The words of a clip describe it; what it shows is changed by replaceClipFile alone.
  const { edit, refs } = seen.clip
    ? { edit: { ...(await renderEdit(ready, now)), assetIds: seen.assetIds }, refs: [] }
    : await renderWithPictures(ready, { ownerId: viewer.id, postId }, now);
  await requireWithinLimit(viewer, "edit", now);
  return inTransaction(async (tx) => {
    const post = await requireOwnPost(postId, viewer.id, tx);
    if (draftId) await removeDraft(viewer.id, draftId, tx);
    if (saysTheSame(post, edit)) return { changed: false };
    // Checked by revisePost too; asking first keeps a refused edit from writing a history row that is rolled back.
    if (post.revision !== revision) throw new Conflict(`post ${postId} is at ${post.revision}, not ${revision}`, { messageKey: "errors.editConflict" });
    await requirePictures(refs, { ownerId: viewer.id, postId }, tx);
    await keepRevision(post, tx);
    await revisePost({ postId, authorId: viewer.id, revision, edit }, now, tx);
    const moved = { ...post, topics: edit.topics, tickers: edit.tickers, assetIds: edit.assetIds };
    await releasePictures({ ownerId: viewer.id, before: post.assetIds, after: edit.assetIds }, now, tx);
    if (!post.clip) await setPostMediaAccess(moved, post.state === "published" ? "public" : "private", now, tx);
    if (post.state === "published") {
      await withdrawFromFeeds(post, tx);
      await placeInFeeds(moved, tx);
    }
    await announce([...new Set([...tagsOfPost(post), ...tagsOfPost(moved)])], now, tx);
    return { changed: true };
  });
}

function saysTheSame(post: Post, edit: PostEdit): boolean {
  const words = ({ title, body, topics, declarations, holds }: PostEdit) => JSON.stringify([title, body, topics, declarations, holds]);
  return words(post) === words(edit);
}

/** Takes a post away from readers; its author can take that back for RESTORE_DAYS. Deleting twice changes nothing. */
export function deletePost(viewer: Viewer, postId: string, now: Date): Promise<{ restorableUntil: Date }> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    const post = await requireOwnPost(postId, viewer.id, tx);
    if (post.state === "held") throw new Conflict(`post ${postId} is being reviewed`, { messageKey: "compose.heldStays" });
    if (post.state === "deleted") return { restorableUntil: restoreEnd(post, now) };
    await setPostState({ postId, from: ["published", "waiting"], to: "deleted" }, now, tx);
    await placeAmongDeleted(post, now, tx);
    if (post.state === "published") await changeStanding(post, -1, now, tx);
    return { restorableUntil: restoreEnd({ deletedAt: now }, now) };
  });
}

export class RestoreTooLate extends DomainError {
  constructor(postId: string) {
    super("GONE", `post ${postId} was deleted more than ${RESTORE_DAYS} days ago`, { messageKey: "compose.restoreTooLate", params: { count: RESTORE_DAYS } });
  }
}

export function restorePost(viewer: Viewer, postId: string, now: Date): Promise<void> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    const post = await requireOwnPost(postId, viewer.id, tx);
    if (post.state !== "deleted") return;
    if (restoreEnd(post, now) < now) throw new RestoreTooLate(postId);
    const to = (await canStand(post, tx)) ? "published" : "waiting";
    await setPostState({ postId, from: ["deleted"], to }, now, tx);
    await takeFromDeleted(post, tx);
    if (to === "published") await changeStanding(post, 1, now, tx);
  });
}

/** A clip that was deleted before it could be played, or whose file is no more, waits again. */
async function canStand(post: Post, tx: Tx): Promise<boolean> {
  if (!post.clip) return true;
  const asset = await getAsset(post.clip.assetId, tx);
  return asset !== null && isShowable(asset);
}

function restoreEnd(post: Pick<Post, "deletedAt">, now: Date): Date {
  return new Date((post.deletedAt ?? now).getTime() + RESTORE_DAYS * DAY_MS);
}

/** Opens, holds or closes the comments of one's own post. */
export function setCommentPolicy(viewer: Viewer, { postId, policy }: { postId: string; policy: CommentPolicy }, now: Date): Promise<void> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    await setPostCommentPolicy({ postId, authorId: viewer.id, policy }, tx);
    await announce([`post:${postId}`], now, tx);
  });
}

export interface OwnPostView {
  id: string;
  title: string;
  lang: string;
  /** Until when a deleted post can be brought back; null while it stands. */
  restorableUntil: string | null;
}

export async function readOwnPost(viewer: Viewer, postId: string, now: Date): Promise<OwnPostView> {
  const post = await requireOwnPost(postId, viewer.id);
  return { id: post._id, title: post.title, lang: post.lang, restorableUntil: post.state === "deleted" ? restoreEnd(post, now).toISOString() : null };
}

const DELETED_MAX = 50;

/** One's own posts that can still be brought back, newest deletion first. */
export async function listDeletedPosts(viewer: Viewer, now: Date): Promise<OwnPostView[]> {
  const rows = await listFeedEntries({ feeds: [deletedFeed(viewer.id)], after: null, limit: DELETED_MAX });
  const posts = await Promise.all(rows.map((row) => getPost(row.postId)));
  return posts.flatMap((post) => {
    if (post?.state !== "deleted" || restoreEnd(post, now) < now) return [];
    return [{ id: post._id, title: post.title, lang: post.lang, restorableUntil: restoreEnd(post, now).toISOString() }];
  });
}
