import { COMMENT_SORTS, getComment, listComments, listRepliesOf, positionOf, type Comment, type CommentPosition, type CommentSort } from "@models/comment.server";
import { Invalid, NotFound } from "@models/errors";
import { listLiked } from "@models/like.server";
import { listMembersByIds } from "@models/member.server";
import type { MemberChip } from "./feeds.server";

/** Comments as a page shows them: two levels, the first replies of each, cursor pages, and one thread in focus. */
export const COMMENTS_PAGE = 20;
export const REPLIES_SHOWN = 3;
export const REPLIES_PAGE = 50;

export interface CommentView {
  id: string;
  postId: string;
  parentId: string | null;
  author: MemberChip;
  replyTo: { handle: string; displayName: string } | null;
  /** Empty when `state` is not "published". */
  html: string;
  state: Comment["state"];
  createdAt: string;
  editedAt: string | null;
  likeCount: number;
  replyCount: number;
  liked: boolean;
  mine: boolean;
  replies: CommentView[];
}

export interface CommentsPage {
  items: CommentView[];
  sort: CommentSort;
  nextCursor: string | null;
}

export function parseSort(value: string | null): CommentSort {
  return COMMENT_SORTS.find((sort) => sort === value) ?? "helpful";
}

function encode(position: CommentPosition): string {
  return `${position.value.toString(36)}.${position.id}`;
}

function decode(cursor: string): CommentPosition {
  const [, value, id] = /^([0-9a-z]{1,10})\.([\w-]{1,64})$/.exec(cursor) ?? [];
  if (!value || !id) throw new Invalid("comment cursor cannot be read", { messageKey: "errors.badCursor" });
  return { value: Number.parseInt(value, 36), id };
}

interface Reading {
  postId: string;
  viewerId: string | null;
}

export async function readComments(
  { postId, viewerId, sort, cursor }: Reading & { sort: CommentSort; cursor: string | null },
): Promise<CommentsPage> {
  const rows = await listComments({ postId, parentId: null, sort, after: cursor ? decode(cursor) : null, limit: COMMENTS_PAGE + 1 });
  const shown = rows.slice(0, COMMENTS_PAGE);
  const replies = await readFirstReplies(postId, shown);
  const last = shown.at(-1);
  return {
    items: await toViews({ postId, viewerId }, shown, replies),
    sort,
    nextCursor: rows.length > COMMENTS_PAGE && last ? encode(positionOf(last, sort)) : null,
  };
}

/** A thread is short when all its replies cost no more to read than a few of them. */
const SHORT_THREAD = 8;

/** The first replies of each thread: one question for all short threads, one for each long one. */
async function readFirstReplies(postId: string, roots: Comment[]): Promise<Comment[][]> {
  const short = roots.filter(({ replyCount }) => replyCount > 0 && replyCount <= SHORT_THREAD).map(({ _id }) => _id);
  const long = roots.filter(({ replyCount }) => replyCount > SHORT_THREAD);
  const [ofShort, ...ofLong] = await Promise.all([
    listRepliesOf(postId, short, short.length * SHORT_THREAD),
    ...long.map(({ _id }) => listComments({ postId, parentId: _id, sort: "oldest", after: null, limit: REPLIES_SHOWN })),
  ]);
  const found = [...(ofShort ?? []), ...ofLong.flat()];
  return roots.map(({ _id }) => found.filter(({ parentId }) => parentId === _id).slice(0, REPLIES_SHOWN));
}

export interface ThreadView {
  root: CommentView;
  /** The comment the link points at; the root itself or one of its replies. */
  focusId: string;
  nextCursor: string | null;
}

/** One thread with its replies. When the link points at a reply beyond the first page, the page starts at that reply. */
export async function readThread(
  { postId, viewerId, commentId, cursor }: Reading & { commentId: string; cursor: string | null },
): Promise<ThreadView> {
  const focus = await getComment(postId, commentId);
  if (!focus || focus.state === "held") throw new NotFound(`comment ${commentId}`);
  const root = focus.parentId ? await getComment(postId, focus.parentId) : focus;
  if (!root) throw new NotFound(`comment ${focus.parentId}`);
  const after = cursor ? decode(cursor) : null;
  let rows = await listComments({ postId, parentId: root._id, sort: "oldest", after, limit: REPLIES_PAGE + 1 });
  if (focus !== root && !cursor && !rows.some((row) => row._id === focus._id)) {
    const rest = await listComments({ postId, parentId: root._id, sort: "oldest", after: positionOf(focus, "oldest"), limit: REPLIES_PAGE });
    rows = [focus, ...rest];
  }
  const shown = rows.slice(0, REPLIES_PAGE);
  const last = shown.at(-1);
  const [view] = await toViews({ postId, viewerId }, [root], [shown]);
  return {
    root: view as CommentView,
    focusId: focus._id,
    nextCursor: rows.length > REPLIES_PAGE && last ? encode(positionOf(last, "oldest")) : null,
  };
}

async function toViews({ viewerId }: Reading, roots: Comment[], replies: Comment[][]): Promise<CommentView[]> {
  const all = [...roots, ...replies.flat()];
  const [authors, liked] = await Promise.all([
    listMembersByIds([...new Set(all.map((comment) => comment.authorId))]),
    viewerId ? listLiked(viewerId, "comment", all.map((comment) => comment._id)) : new Set<string>(),
  ]);
  const byId = new Map(all.map((comment) => [comment._id, comment]));
  const toView = (comment: Comment): CommentView[] => {
    const author = authors.get(comment.authorId);
    // A held comment is seen by its author alone; a deleted one keeps its place while others answer it.
    const mine = viewerId === comment.authorId;
    if (!author || (comment.state === "held" && !mine)) return [];
    if ((comment.state === "deleted" || comment.state === "removed") && comment.replyCount === 0 && !mine) return [];
    const answered = comment.replyToId && comment.replyToId !== comment.parentId ? byId.get(comment.replyToId) : undefined;
    const answeredAuthor = answered && authors.get(answered.authorId);
    const hidden = comment.state === "deleted" || comment.state === "removed";
    return [
      {
        id: comment._id,
        postId: comment.postId,
        parentId: comment.parentId,
        author: { id: author._id, handle: author.handle, displayName: author.displayName, tier: author.tier },
        replyTo: answeredAuthor ? { handle: answeredAuthor.handle, displayName: answeredAuthor.displayName } : null,
        html: hidden ? "" : comment.html,
        state: comment.state,
        createdAt: comment.createdAt.toISOString(),
        editedAt: comment.editedAt?.toISOString() ?? null,
        likeCount: comment.likeCount,
        replyCount: comment.replyCount,
        liked: liked.has(comment._id),
        mine,
        replies: [],
      },
    ];
  };
  return roots.flatMap((root, index) =>
    toView(root).map((view) => ({ ...view, replies: (replies[index] ?? []).flatMap(toView) })),
  );
}
