import { describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { COMMENT_SORTS, setCommentState } from "@models/comment.server";
import { COMMENTS_PAGE, readComments, readThread, REPLIES_SHOWN } from "~/services/comments-read.server";
import { useDatabase } from "../support/db";
import { makeMember } from "../support/factories";
import { AT_NOON, makeComment, makePost, minutesAfter } from "../support/posts";

useDatabase();

async function makeThread(count: number) {
  const author = await makeMember();
  const post = await makePost({ authorId: author._id });
  const comments = [];
  for (let i = 0; i < count; i += 1) {
    comments.push(await makeComment({ postId: post._id, authorId: author._id, likeCount: i % 5, createdAt: minutesAfter(AT_NOON, i) }));
  }
  return { author, post, comments };
}

describe("pages of comments", () => {
  test.each(COMMENT_SORTS)("given 45 comments with ties, when read by %s, then each comes once and in order", async (sort) => {
    const { post } = await makeThread(45);
    const seen: { id: string; likeCount: number; replyCount: number; createdAt: string }[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof readComments>> = await readComments({ postId: post._id, viewerId: null, sort, cursor });
      expect(page.items.length).toBeLessThanOrEqual(COMMENTS_PAGE);
      seen.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor);
    expect(new Set(seen.map((comment) => comment.id)).size).toBe(45);
    const value = (comment: (typeof seen)[number]) =>
      sort === "helpful" ? -comment.likeCount : sort === "discussed" ? -comment.replyCount : (sort === "newest" ? -1 : 1) * Date.parse(comment.createdAt);
    const values = seen.map(value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });

  test("given many replies, when the page is read, then the first ones show and the thread has the rest", async () => {
    const { post, comments, author } = await makeThread(1);
    const root = comments[0]!;
    const replies = [];
    for (let i = 0; i < 6; i += 1) {
      replies.push(await makeComment({ postId: post._id, authorId: author._id, parentId: root._id, replyToId: root._id, createdAt: minutesAfter(AT_NOON, i) }));
    }
    const page = await readComments({ postId: post._id, viewerId: null, sort: "helpful", cursor: null });
    expect(page.items[0]?.replies).toHaveLength(REPLIES_SHOWN);
    expect(page.items[0]?.replyCount).toBe(6);
    const thread = await readThread({ postId: post._id, viewerId: null, commentId: replies[5]!._id, cursor: null });
    expect(thread.root.id).toBe(root._id);
    expect(thread.focusId).toBe(replies[5]!._id);
    expect(thread.root.replies).toHaveLength(6);
  });
});

describe("what is hidden", () => {
  test("given a deleted comment with a reply, when read, then its words are gone and its place stays", async () => {
    const { post, comments, author } = await makeThread(1);
    const root = comments[0]!;
    await makeComment({ postId: post._id, authorId: author._id, parentId: root._id, replyToId: root._id });
    await inTransaction((tx) => setCommentState({ postId: post._id, commentId: root._id, from: ["published"], to: "deleted" }, AT_NOON, tx));
    const page = await readComments({ postId: post._id, viewerId: null, sort: "helpful", cursor: null });
    expect(page.items[0]).toMatchObject({ state: "deleted", html: "" });
    expect(page.items[0]?.replies).toHaveLength(1);
  });

  test("given a held comment, when read, then only its author sees it", async () => {
    const { post } = await makeThread(0);
    const writer = await makeMember();
    const other = await makeMember();
    await makeComment({ postId: post._id, authorId: writer._id, state: "held" });
    const read = (viewerId: string | null) => readComments({ postId: post._id, viewerId, sort: "newest", cursor: null });
    expect((await read(writer._id)).items).toHaveLength(1);
    expect((await read(other._id)).items).toHaveLength(0);
    expect((await read(null)).items).toHaveLength(0);
  });
});
