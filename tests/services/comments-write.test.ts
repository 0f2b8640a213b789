import { nanoid } from "nanoid";
import { beforeAll, describe, expect, test } from "vitest";
import { getComment } from "@models/comment.server";
import { getPost } from "@models/post.server";
import { addComment, decideHeldComment, deleteComment, editComment, readHeldComments, restoreComment } from "~/services/comments-write.server";
import { deletePost, setCommentPolicy } from "~/services/posts-write.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makePost, minutesAfter } from "../support/posts";
import { makeReferenceRows, makeWriter } from "../support/writers";

useDatabase();
beforeAll(() => makeReferenceRows());

async function setup() {
  const [author, reader] = [await makeWriter(), await makeWriter()];
  const post = await makePost({ authorId: author.id });
  const say = (body: string, replyToId: string | null = null, viewer = reader) =>
    addComment(viewer, { submissionId: nanoid(), postId: post._id, replyToId, body }, AT_NOON);
  return { author, reader, postId: post._id, say };
}
const countOf = async (postId: string) => (await getPost(postId))?.commentCount;

describe("comments", () => {
  test("given a reply to a reply, then it hangs under the same thread and names whom it answers", async () => {
    const { postId, say, author } = await setup();
    const root = await say("一");
    const reply = await say("二", root.commentId, author);
    const third = await say("三", reply.commentId);
    expect(await getComment(postId, third.commentId)).toMatchObject({ parentId: root.commentId, replyToId: reply.commentId });
    expect(await getComment(postId, root.commentId)).toMatchObject({ replyCount: 2 });
    expect(await countOf(postId)).toBe(3);
  });

  test("given one form, when sent four times at once, then one comment; and twenty different ones are all counted", async () => {
    const { postId, reader } = await setup();
    const form = { submissionId: nanoid(), postId, replyToId: null, body: "一次" };
    const answers = await Promise.all(Array.from({ length: 4 }, () => addComment(reader, form, AT_NOON)));
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(await countOf(postId)).toBe(1);
    await Promise.all(Array.from({ length: 20 }, (_, index) => addComment(reader, { ...form, submissionId: nanoid(), body: `第 ${index} 条` }, AT_NOON)));
    expect(await countOf(postId)).toBe(21);
  });

  test.each([
    ["nothing", " \n\u200b "],
    ["2,001 characters", "字".repeat(2_001)],
  ])("given %s, when sent, then it is refused at the field", async (_name, body) => {
    const { postId, say } = await setup();
    await expect(say(body)).rejects.toMatchObject({ code: "INVALID", fields: { body: expect.any(String) as string } });
    expect(await countOf(postId)).toBe(0);
  });

  test("given 2,000 emoji, when sent, then they fit", async () => {
    const { say } = await setup();
    expect((await say("👨‍👩‍👧‍👦".repeat(2_000))).created).toBe(true);
  });

  test("given a closed post, a deleted post or a target that is gone, when answered, then it is refused with the right code", async () => {
    const { author, postId, say } = await setup();
    const root = await say("一");
    await deleteComment(author, { postId, commentId: root.commentId }, AT_NOON).catch(() => undefined);
    expect((await getComment(postId, root.commentId))?.state).toBe("published");
    await setCommentPolicy(author, { postId, policy: "closed" }, AT_NOON);
    await expect(say("二")).rejects.toMatchObject({ code: "FORBIDDEN", messageKey: "comment.closedRefused" });
    await setCommentPolicy(author, { postId, policy: "open" }, AT_NOON);
    await expect(say("二", "nothing-here")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await deletePost(author, postId, AT_NOON);
    await expect(say("二")).rejects.toMatchObject({ code: "GONE" });
  });

  test("given held comments, then the author lets one through, and only then it is counted", async () => {
    const { author, reader, postId, say } = await setup();
    await setCommentPolicy(author, { postId, policy: "held" }, AT_NOON);
    const held = await say("等等看");
    const own = await say("作者自己", null, author);
    expect([held.state, own.state]).toEqual(["held", "published"]);
    expect(await countOf(postId)).toBe(1);
    expect((await readHeldComments(author, postId)).items.map((item) => item.id)).toEqual([held.commentId]);
    await expect(readHeldComments(reader, postId)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(decideHeldComment(reader, { postId, commentId: held.commentId, publish: true }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const decide = () => decideHeldComment(author, { postId, commentId: held.commentId, publish: true }, AT_NOON);
    await Promise.all([decide(), decide(), decide()]);
    expect(await countOf(postId)).toBe(2);
    expect((await editComment(reader, { postId, commentId: held.commentId, body: "改成别的" }, AT_NOON)).state).toBe("held");
    expect(await countOf(postId)).toBe(1);
  });

  test("given an edit, then the words and the mark change; a stranger's edit finds nothing", async () => {
    const { author, reader, postId, say } = await setup();
    const { commentId } = await say("错字");
    await editComment(reader, { postId, commentId, body: "**改好**了" }, minutesAfter(AT_NOON, 1));
    expect(await getComment(postId, commentId)).toMatchObject({ body: "**改好**了", html: "<p><strong>改好</strong>了</p>", editedAt: minutesAfter(AT_NOON, 1) });
    await expect(editComment(author, { postId, commentId, body: "x" }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("given delete and restore pressed twice at once, then the count moves by one each time", async () => {
    const { reader, postId, say } = await setup();
    const root = await say("一");
    const { commentId } = await say("二", root.commentId);
    const key = { postId, commentId };
    await Promise.all([deleteComment(reader, key, AT_NOON), deleteComment(reader, key, AT_NOON)]);
    expect(await countOf(postId)).toBe(1);
    expect((await getComment(postId, root.commentId))?.replyCount).toBe(0);
    await Promise.all([restoreComment(reader, key, AT_NOON), restoreComment(reader, key, AT_NOON)]);
    expect(await countOf(postId)).toBe(2);
    await deleteComment(reader, key, AT_NOON);
    await expect(restoreComment(reader, key, minutesAfter(AT_NOON, 31 * 24 * 60))).rejects.toMatchObject({ code: "GONE" });
  });

  test("given another member's submission id, when reused, then it is refused and says nothing about theirs", async () => {
    const { author, postId, say } = await setup();
    const { commentId } = await say("我的");
    await expect(addComment(author, { submissionId: commentId, postId, replyToId: null, body: "抢" }, AT_NOON)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});
