import { changeCommentCount, requireVisibleComment } from "@models/comment.server";
import { inTransaction } from "@models/connection.server";
import { DomainError } from "@models/errors";
import { addLike, removeLike } from "@models/like.server";
import { announce } from "@models/page-event.server";
import { changePostCount, requireVisiblePost } from "@models/post.server";
import type { Tx } from "@models/connection.server";

/** Likes are a desired state: asking twice changes nothing the second time, and the count stays exact. */
export interface SetLike {
  postId: string;
  /** When present the comment is liked, not the post. */
  commentId?: string;
  memberId: string;
  liked: boolean;
}

export interface LikeView {
  liked: boolean;
  likeCount: number;
}

export class SelfLikeRefused extends DomainError {
  constructor() {
    super("FORBIDDEN", "members do not like their own words", { messageKey: "errors.selfLike" });
  }
}

export function setLike(request: SetLike, now: Date): Promise<LikeView> {
  return inTransaction((tx) => setLikeIn(request, now, tx));
}

/** The same inside a transaction that the caller holds, e.g. the one that uses up an intent. */
export async function setLikeIn({ postId, commentId, memberId, liked }: SetLike, now: Date, tx: Tx): Promise<LikeView> {
  const post = await requireVisiblePost(postId, tx);
  const target = commentId ? await requireVisibleComment(postId, commentId, tx) : post;
  if (target.authorId === memberId) throw new SelfLikeRefused();
  const key = { memberId, kind: commentId ? ("comment" as const) : ("post" as const), targetId: commentId ?? postId };
  const changed = liked ? await addLike(key, now, tx) : await removeLike(key, tx);
  if (!changed) return { liked, likeCount: target.likeCount };
  const delta = liked ? 1 : -1;
  const likeCount = commentId
    ? await changeCommentCount({ postId, commentId, field: "likeCount", delta }, tx)
    : await changePostCount(postId, "likeCount", delta, tx);
  await announce([`post:${postId}`], now, tx);
  return { liked, likeCount };
}
