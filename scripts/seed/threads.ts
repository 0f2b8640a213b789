import { renderCommentWords } from "../../app/services/preview.server";
import type { Comment } from "../../models/comment.server";
import type { LikeKey } from "../../models/like.server";
import type { SeedComment } from "./content";
import { idFrom, randomFrom, some } from "./draw";

/** The comments under a planted post or clip and the likes on them, composed once for both. */
const HOUR_MS = 3_600_000;
/** Comments never come from the future, whatever the content says. */
const LAST_COMMENT_BEFORE_MS = 60_000;
const LIKE_CHANCE = 0.15;

/** Handle to id. */
export type MemberIds = ReadonlyMap<string, string>;

export interface Under {
  /** What the ids of the comments are drawn from; of its own for each post. */
  key: string;
  lang: "zh-CN" | "en";
  postId: string;
  publishedAt: Date;
  ids: MemberIds;
  /** Ids of those who may like a comment; nobody likes their own. */
  readers: readonly string[];
  now: Date;
}

export interface Composed {
  /** Each before its replies, with the counts of the rows that are here. */
  comments: Comment[];
  likes: (LikeKey & { at: Date })[];
}

export async function composeComments(threads: readonly SeedComment[], under: Under): Promise<Composed> {
  const comments: Comment[] = [];
  for (const [index, thread] of threads.entries()) {
    const top = await composeComment(thread, `${index}`, null, under);
    const replies: Comment[] = [];
    for (const [place, reply] of thread.replies.entries()) replies.push(await composeComment(reply, `${index}.${place}`, top._id, under));
    comments.push({ ...top, replyCount: replies.length }, ...replies);
  }
  const likes = comments.flatMap(({ _id, authorId, createdAt }) =>
    some(under.readers, LIKE_CHANCE, randomFrom(_id))
      .filter((memberId) => memberId !== authorId)
      .map((memberId) => ({ memberId, kind: "comment" as const, targetId: _id, at: createdAt })),
  );
  for (const comment of comments) comment.likeCount = likes.filter(({ targetId }) => targetId === comment._id).length;
  return { comments, likes };
}

async function composeComment(comment: Omit<SeedComment, "replies">, place: string, parentId: string | null, { key, lang, postId, publishedAt, ids, now }: Under): Promise<Comment> {
  const { html } = await renderCommentWords(comment.text, lang, now);
  const createdAt = new Date(Math.min(publishedAt.getTime() + comment.at * HOUR_MS, now.getTime() - LAST_COMMENT_BEFORE_MS));
  return {
    _id: idFrom(`comment:${key}:${place}`),
    postId,
    parentId,
    replyToId: parentId,
    authorId: requireId(ids, comment.by),
    body: comment.text,
    html,
    state: "published",
    createdAt,
    editedAt: null,
    deletedAt: null,
    likeCount: 0,
    replyCount: 0,
  };
}

export function requireId(ids: MemberIds, handle: string): string {
  const id = ids.get(handle);
  if (!id) throw new Error(`the seed content names a member "${handle}" that members.yaml does not have`);
  return id;
}
