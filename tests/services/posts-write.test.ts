import { nanoid } from "nanoid";
import { beforeAll, describe, expect, test } from "vitest";
import { getDraft } from "@models/draft.server";
import { DomainError } from "@models/errors";
import { feedsOf, listFeedEntries } from "@models/feed-entry.server";
import { getMember } from "@models/member.server";
import { listPageEvents } from "@models/page-event.server";
import { getPost, requireVisiblePost } from "@models/post.server";
import { saveDraft } from "~/services/drafts.server";
import { diffText, readHistory } from "~/services/post-history.server";
import { PostForm } from "~/services/post-words.server";
import { createPost, deletePost, editPost, restorePost, setCommentPolicy } from "~/services/posts-write.server";
import { withCpuMs } from "../support/cpu";
import { useDatabase } from "../support/db";
import { AT_NOON, minutesAfter } from "../support/posts";
import { makeReferenceRows, makeWriter, wordsOf } from "../support/writers";

useDatabase();
beforeAll(() => makeReferenceRows());

const DAY_MIN = 24 * 60;

async function write(words = wordsOf()) {
  const writer = await makeWriter();
  const { postId } = await createPost(writer, { submissionId: nanoid(), words, draftId: null }, AT_NOON);
  return { writer, postId };
}

async function feedsHolding(postId: string, feeds: string[]): Promise<string[]> {
  const rows = await Promise.all(feeds.map((feed) => listFeedEntries({ feeds: [feed], after: null, limit: 50 })));
  return rows.flat().filter((row) => row.postId === postId).map((row) => row.feed);
}

describe("publish", () => {
  test("given words, when published, then the post, its feeds, the author's count and the page event stand, and the draft is gone", async () => {
    const writer = await makeWriter();
    const draftId = nanoid();
    await saveDraft({ memberId: writer.id, draftId, revision: 0, postId: null, postRevision: null, words: wordsOf() }, AT_NOON);
    const { postId } = await createPost(writer, { submissionId: nanoid(), words: wordsOf(), draftId }, AT_NOON);
    const post = await requireVisiblePost(postId);
    expect(post).toMatchObject({ authorId: writer.id, tickers: ["SH510300"], revision: 1, state: "published" });
    expect(post.html).toContain("/tickers/SH510300");
    expect(await feedsHolding(postId, feedsOf(post))).toHaveLength(4);
    expect((await getMember(writer.id))?.postCount).toBe(1);
    expect(await getDraft(writer.id, draftId)).toBeNull();
    const tags = (await listPageEvents({ since: minutesAfter(AT_NOON, -1), now: AT_NOON })).flatMap((event) => event.tags);
    expect(tags).toEqual(expect.arrayContaining([`post:${postId}`, "feed:latest:zh-CN", "feed:topic:funds:zh-CN", "feed:ticker:SH510300", `feed:author:${writer.id}`]));
  });

  test("given one form, when it is sent five times at once, then one post and one count", async () => {
    const writer = await makeWriter();
    const form = { submissionId: nanoid(), words: wordsOf(), draftId: null };
    const answers = await Promise.all(Array.from({ length: 5 }, () => createPost(writer, form, AT_NOON)));
    expect(new Set(answers.map((answer) => answer.postId)).size).toBe(1);
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect((await getMember(writer.id))?.postCount).toBe(1);
  });

  test("given somebody else's submission id, when used, then it is refused and their post stays", async () => {
    const { postId, writer } = await write();
    const thief = await makeWriter();
    await expect(createPost(thief, { submissionId: postId, words: wordsOf({ title: "换掉" }), draftId: null }, AT_NOON)).rejects.toMatchObject({ code: "CONFLICT" });
    expect(await getPost(postId)).toMatchObject({ authorId: writer.id, title: "费率与复利" });
  });

  test.each<[string, Parameters<typeof wordsOf>[0], string]>([
    ["no title", { title: "" }, "title"],
    ["a title nobody can see", { title: "\u3164\u200b" }, "title"],
    ["a title of 61", { title: "字".repeat(61) }, "title"],
    ["no body", { body: " \n " }, "body"],
    ["a body of 20,001", { body: "字".repeat(20_001) }, "body"],
    ["no topic", { topics: [] }, "topics"],
    ["four topics", { topics: ["funds", "credit", "fraud", "bonds"] }, "topics"],
    ["an unknown topic", { topics: ["gold"] }, "topics"],
    ["a position without a code", { declarations: ["position"] }, "holds"],
    ["a position in an unknown code", { declarations: ["position"], holds: ["XX1"] }, "holds"],
    ["a poll with one answer", { poll: { question: "你知道吗", multiple: false, closesInDays: 7, options: ["知道"] } }, "pollOption"],
    ["a poll with equal answers", { poll: { question: "你知道吗", multiple: false, closesInDays: 7, options: ["知道", "知道"] } }, "pollOption"],
    ["a poll that asks to buy", { poll: { question: "现在该不该买入茅台", multiple: false, closesInDays: 7, options: ["该", "不该"] } }, "pollQuestion"],
  ])("given %s, when published, then that field is named and nothing is written", async (_name, given, field) => {
    const writer = await makeWriter();
    const submissionId = nanoid();
    const refusal: unknown = await createPost(writer, { submissionId, words: wordsOf(given), draftId: null }, AT_NOON).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(DomainError);
    expect((refusal as DomainError).code).toBe("INVALID");
    expect(Object.keys((refusal as DomainError).fields ?? {})).toEqual([field]);
    expect(await getPost(submissionId)).toBeNull();
  });

  test("given 20,000 emoji of eleven units each, when published, then they fit", async () => {
    const { postId } = await write(wordsOf({ body: "👨‍👩‍👧‍👦".repeat(20_000) }));
    expect((await getPost(postId))?.excerpt.length).toBeGreaterThan(0);
  });

  test("given a tier's limit, when it is passed, then the refusal names the wait", async () => {
    const writer = await makeWriter(0);
    const send = () => createPost(writer, { submissionId: nanoid(), words: wordsOf(), draftId: null }, AT_NOON);
    await send();
    await send();
    await send();
    const refusal: unknown = await send().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "RATE_LIMITED" });
    expect((refusal as DomainError).retryAfterSec).toBeGreaterThan(0);
  });
});

describe("the form", () => {
  test("takes repeated fields and lines alike, and leaves out what is not ours", () => {
    const typed = { title: " 标\u200b题 ", body: "文", topics: "funds\ncredit", declarations: ["opinion", "x"], holds: "sh510300，$AAPL$ <b>", pollQuestion: "", pollOption: ["", " "], pollDays: "abc", lang: "xx" };
    expect(PostForm.parse(typed)).toEqual({ lang: "zh-CN", title: "标题", body: "文", topics: ["funds", "credit"], declarations: ["opinion"], holds: ["SH510300", "AAPL"], poll: null });
  });
  test("refuses operators and absurd lengths", () => {
    expect(PostForm.safeParse({ title: { $gt: "" } }).success).toBe(false);
    expect(PostForm.safeParse({ body: "字".repeat(400_000) }).success).toBe(false);
  });
});

describe("edit", () => {
  test("given an edit, then the old words are in the history, feeds follow, and the difference is readable", async () => {
    const { writer, postId } = await write();
    const before = await requireVisiblePost(postId);
    const words = wordsOf({ title: "费率与复利（改）", body: "每年少交一点 $AAPL$ 的费用，三十年差很多。", topics: ["credit"] });
    expect(await editPost(writer, { postId, revision: 1, words, draftId: null }, minutesAfter(AT_NOON, 5))).toEqual({ changed: true });
    const after = await requireVisiblePost(postId);
    expect(after).toMatchObject({ revision: 2, editCount: 1, tickers: ["AAPL"], topics: ["credit"] });
    expect((await feedsHolding(postId, [...new Set([...feedsOf(before), ...feedsOf(after)])])).sort()).toEqual(feedsOf(after).sort());
    const history = await readHistory({ postId, viewerId: null, from: null, to: null });
    expect(history.revisions.map((row) => row.revision)).toEqual([2, 1]);
    expect(history.compared?.title).toContainEqual({ kind: "added", text: "（改）" });
    const rebuilt = (side: "added" | "removed") => history.compared?.body.filter((part) => part.kind === "same" || part.kind === side).map((part) => part.text).join("");
    expect(rebuilt("removed")).toBe(before.body);
    expect(rebuilt("added")).toBe(after.body);
  });

  test("given the same words, when saved again, then no revision is made", async () => {
    const { writer, postId } = await write();
    expect(await editPost(writer, { postId, revision: 1, words: wordsOf(), draftId: null }, AT_NOON)).toEqual({ changed: false });
    expect((await getPost(postId))?.editCount).toBe(0);
  });

  test("given two tabs on one revision, when both save at once, then one wins and the other is told", async () => {
    const { writer, postId } = await write();
    const save = (title: string) => editPost(writer, { postId, revision: 1, words: wordsOf({ title }), draftId: null }, AT_NOON);
    const answers = await Promise.allSettled([save("甲"), save("乙")]);
    expect(answers.filter((answer) => answer.status === "fulfilled")).toHaveLength(1);
    expect(answers.find((answer) => answer.status === "rejected")).toMatchObject({ reason: { code: "CONFLICT", messageKey: "errors.editConflict" } });
    expect((await readHistory({ postId, viewerId: null, from: null, to: null })).revisions).toHaveLength(2);
  });

  test("given an edit sent twice at once, then it counts once and neither fails", async () => {
    const { writer, postId } = await write();
    const send = () => editPost(writer, { postId, revision: 1, words: wordsOf({ title: "改" }), draftId: null }, AT_NOON);
    await Promise.all([send(), send()]);
    expect((await getPost(postId))?.editCount).toBe(1);
  });

  test("given a poll with votes, when the words are edited, then the poll stays", async () => {
    const poll = { question: "你知道总费率吗", multiple: false, closesInDays: 7, options: ["知道", "不知道"] };
    const { writer, postId } = await write(wordsOf({ poll }));
    await editPost(writer, { postId, revision: 1, words: wordsOf({ title: "改" }), draftId: null }, AT_NOON);
    expect((await getPost(postId))?.poll?.question).toBe(poll.question);
  });

  test("given a stranger, when editing, deleting, restoring or closing comments, then it is not found and nothing changes", async () => {
    const { postId } = await write();
    const stranger = await makeWriter();
    await expect(editPost(stranger, { postId, revision: 1, words: wordsOf({ title: "x" }), draftId: null }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(deletePost(stranger, postId, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(restorePost(stranger, postId, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(setCommentPolicy(stranger, { postId, policy: "closed" }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await getPost(postId)).toMatchObject({ state: "published", revision: 1, commentPolicy: "open" });
  });

  test("given a revision that never was, when compared, then it is not found", async () => {
    const { writer, postId } = await write();
    await editPost(writer, { postId, revision: 1, words: wordsOf({ title: "改" }), draftId: null }, AT_NOON);
    await expect(readHistory({ postId, viewerId: null, from: 7, to: 2 })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("given two long texts with nothing in common, when compared, then it answers in bounded time", () => {
    const { result: parts, cpuMs } = withCpuMs(() => diffText(Array.from({ length: 5_000 }, (_, i) => `甲${i} `).join(""), Array.from({ length: 5_000 }, (_, i) => `乙${i} `).join("")));
    expect(cpuMs).toBeLessThan(3_000);
    expect(parts.length).toBeGreaterThan(0);
  });
});

describe("delete and restore", () => {
  test("given a deleted post, then readers get GONE and feeds are empty; restored within 30 days, all is back", async () => {
    const { writer, postId } = await write();
    const post = await requireVisiblePost(postId);
    await Promise.all([deletePost(writer, postId, AT_NOON), deletePost(writer, postId, AT_NOON)]);
    await expect(requireVisiblePost(postId)).rejects.toMatchObject({ code: "GONE" });
    expect(await feedsHolding(postId, feedsOf(post))).toEqual([]);
    expect((await getMember(writer.id))?.postCount).toBe(0);
    await Promise.all([restorePost(writer, postId, minutesAfter(AT_NOON, 29 * DAY_MIN)), restorePost(writer, postId, minutesAfter(AT_NOON, 29 * DAY_MIN))]);
    expect(await feedsHolding(postId, feedsOf(post))).toHaveLength(4);
    expect((await getMember(writer.id))?.postCount).toBe(1);
  });

  test("given a post deleted 31 days ago, when restored, then it is GONE", async () => {
    const { writer, postId } = await write();
    await deletePost(writer, postId, AT_NOON);
    await expect(restorePost(writer, postId, minutesAfter(AT_NOON, 31 * DAY_MIN))).rejects.toMatchObject({ code: "GONE" });
    expect((await getPost(postId))?.state).toBe("deleted");
  });
});
