import { nanoid } from "nanoid";
import { insertComment, type Comment } from "@models/comment.server";
import { changeCommentCount } from "@models/comment.server";
import { inTransaction } from "@models/connection.server";
import { placeInFeeds } from "@models/feed-entry.server";
import { changePostCount, insertPost, type Post } from "@models/post.server";

/** Posts and comments for tests, written through the writers of production. */
export const AT_NOON = new Date("2026-03-02T04:00:00.000Z");

export function minutesAfter(at: Date, minutes: number): Date {
  return new Date(at.getTime() + minutes * 60_000);
}

export async function makePost(given: Partial<Post> & { authorId: string }): Promise<Post> {
  const post: Post = {
    _id: nanoid(),
    lang: "zh-CN",
    title: "费率与复利",
    body: "每年少交一点费用。",
    html: "<p>每年少交一点费用。</p>",
    excerpt: "每年少交一点费用。",
    topics: ["funds"],
    tickers: [],
    mentions: [],
    declarations: ["opinion"],
    holds: [],
    chart: null,
    clip: null,
    picture: null,
    assetIds: [],
    readMinutes: 1,
    poll: null,
    commentPolicy: "open",
    state: "published",
    revision: 1,
    editCount: 0,
    editedAt: null,
    publishedAt: AT_NOON,
    deletedAt: null,
    likeCount: 0,
    saveCount: 0,
    commentCount: 0,
    viewCount: 0,
    editorsChoice: false,
    ...given,
  };
  await inTransaction(async (tx) => {
    await insertPost(post, tx);
    if (post.state === "published") await placeInFeeds(post, tx);
  });
  return post;
}

export async function makeComment(given: Partial<Comment> & { postId: string; authorId: string }): Promise<Comment> {
  const comment: Comment = {
    _id: nanoid(),
    parentId: null,
    replyToId: null,
    body: "有道理。",
    html: "<p>有道理。</p>",
    state: "published",
    createdAt: AT_NOON,
    editedAt: null,
    deletedAt: null,
    likeCount: 0,
    replyCount: 0,
    ...given,
  };
  await inTransaction(async (tx) => {
    await insertComment(comment, tx);
    await changePostCount(comment.postId, "commentCount", 1, tx);
    if (comment.parentId) await changeCommentCount({ postId: comment.postId, commentId: comment.parentId, field: "replyCount", delta: 1 }, tx);
  });
  return comment;
}
