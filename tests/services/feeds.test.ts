import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { withdrawFromFeeds } from "@models/feed-entry.server";
import { setPostState } from "@models/post.server";
import { insertTopics } from "@models/topic.server";
import { countNew, decodePosition, encodePosition, PAGE_SIZE, readFeed, type FeedName } from "~/services/feeds.server";
import { setFollow } from "~/services/follows.server";
import { refreshRankings } from "~/services/rankings.server";
import { forgetTopics } from "~/services/topics.server";
import { useDatabase } from "../support/db";
import { makeMember } from "../support/factories";
import { AT_NOON, makePost, minutesAfter } from "../support/posts";

useDatabase();

let authorId = "";
const NOW = minutesAfter(AT_NOON, 600);

beforeAll(async () => {
  await insertTopics([
    { _id: "funds", position: 0, name: { "zh-CN": "基金入门", en: "Funds" }, about: { "zh-CN": "费用", en: "Fees" } },
    { _id: "bonds", position: 1, name: { "zh-CN": "债券", en: "Bonds" }, about: { "zh-CN": "利率", en: "Rates" } },
  ]);
  forgetTopics();
  authorId = (await makeMember())._id;
  // 45 posts over three months, some in the same minute, so that pages cross buckets and ties.
  for (let i = 0; i < 45; i += 1) {
    await makePost({ authorId, title: `第 ${i} 篇`, publishedAt: minutesAfter(AT_NOON, -Math.floor(i / 3) * 60 * 24 * 5), topics: [i % 2 === 0 ? "funds" : "bonds"] });
  }
});

async function readAll(feed: FeedName, between?: (page: number) => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 20; page += 1) {
    const read = await readFeed({ feed, locale: "zh-CN", cursor, viewerId: null }, NOW);
    ids.push(...read.items.map((item) => item.id));
    cursor = read.nextCursor;
    if (!cursor) return ids;
    await between?.(page);
  }
  throw new Error("the feed does not end");
}

describe("time-ordered feeds", () => {
  test("given 45 posts over months with ties, when read page by page, then each comes once, newest first", async () => {
    const ids = await readAll({ kind: "latest" });
    expect(ids).toHaveLength(45);
    expect(new Set(ids).size).toBe(45);
  });

  test("given new posts between pages, when reading goes on, then nothing repeats and the newcomers wait for the pill", async () => {
    const opened = NOW;
    const before = await readAll({ kind: "latest" });
    const newcomer = await makePost({ authorId, publishedAt: minutesAfter(NOW, 1) });
    let added = false;
    const ids = await readAll({ kind: "author", id: authorId }, async () => {
      if (added) return;
      added = true;
      await makePost({ authorId, publishedAt: minutesAfter(NOW, 2) });
    });
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => before.includes(id))).toHaveLength(45);
    expect(await countNew({ kind: "latest" }, "zh-CN", opened, minutesAfter(NOW, 3))).toBe(2);
    await inTransaction((tx) => withdrawFromFeeds(newcomer, tx));
  });

  test("given a topic, when read, then only its posts come", async () => {
    const page = await readFeed({ feed: { kind: "topic", id: "bonds" }, locale: "zh-CN", cursor: null, viewerId: null }, NOW);
    expect(page.items.length).toBeGreaterThan(0);
    expect(page.items.every((item) => item.topic?.slug === "bonds")).toBe(true);
  });

  test("given another language, when read, then the feed is empty and says so by an empty page", async () => {
    const page = await readFeed({ feed: { kind: "latest" }, locale: "en", cursor: null, viewerId: null }, NOW);
    expect(page).toMatchObject({ items: [], nextCursor: null });
  });

  test.each(["", "x", "-1.abc", "zzzzzzzzzzzzzzzz.abc", "1.{}", "1.a b", "$gt", `${"9".repeat(300)}.x`])(
    "given the absurd cursor %j, when read, then it is INVALID",
    async (cursor) => {
      if (cursor === "") return expect(readFeed({ feed: { kind: "latest" }, locale: "zh-CN", cursor: "", viewerId: null }, NOW)).resolves.toBeDefined();
      await expect(readFeed({ feed: { kind: "latest" }, locale: "zh-CN", cursor, viewerId: null }, NOW)).rejects.toMatchObject({ code: "INVALID" });
    },
  );

  test("given a position, when encoded and decoded, then it is the same", () => {
    const position = { publishedAt: AT_NOON, postId: "a-b_C9" };
    expect(decodePosition(encodePosition(position))).toEqual(position);
  });
});

describe("ranked feeds", () => {
  test("given a ranking, when scores change between pages, then paging repeats and reorders nothing", async () => {
    await refreshRankings(NOW);
    const first = await readFeed({ feed: { kind: "recommended" }, locale: "zh-CN", cursor: null, viewerId: null }, NOW);
    expect(first.items).toHaveLength(PAGE_SIZE);
    expect(first.items.every((item) => item.reason !== null)).toBe(true);
    const hot = await makePost({ authorId, likeCount: 500, commentCount: 200, publishedAt: minutesAfter(NOW, 1) });
    await refreshRankings(minutesAfter(NOW, 5));
    const second = await readFeed({ feed: { kind: "recommended" }, locale: "zh-CN", cursor: first.nextCursor, viewerId: null }, NOW);
    const seen = new Set(first.items.map((item) => item.id));
    expect(second.items.some((item) => seen.has(item.id))).toBe(false);
    expect(second.items.map((item) => item.id)).not.toContain(hot._id);
    const fresh = await readFeed({ feed: { kind: "hot" }, locale: "zh-CN", cursor: null, viewerId: null }, minutesAfter(NOW, 5));
    expect(fresh.items[0]?.id).toBe(hot._id);
  });

  test("given a cursor whose ranking is gone, when read, then it is GONE with a way to start again", async () => {
    const cursor = `${new Date(0).getTime().toString(36)}~20`;
    await expect(readFeed({ feed: { kind: "hot" }, locale: "zh-CN", cursor, viewerId: null }, NOW)).rejects.toMatchObject({ code: "GONE" });
  });
});

describe("following", () => {
  test("given a followed author and topic, when read, then posts come once with the reason, and guests are refused", async () => {
    const reader = await makeMember();
    await setFollow({ kind: "member", targetId: authorId, memberId: reader._id, followed: true }, NOW);
    await setFollow({ kind: "topic", targetId: "funds", memberId: reader._id, followed: true }, NOW);
    const page = await readFeed({ feed: { kind: "following" }, locale: "zh-CN", cursor: null, viewerId: reader._id }, NOW);
    expect(page.items).toHaveLength(PAGE_SIZE);
    expect(new Set(page.items.map((item) => item.id)).size).toBe(PAGE_SIZE);
    expect(page.items[0]?.reason).toMatchObject({ kind: "following" });
    await expect(readFeed({ feed: { kind: "following" }, locale: "zh-CN", cursor: null, viewerId: null }, NOW)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test("given a deleted post, when a feed that still holds its row is read, then it is left out", async () => {
    const post = await makePost({ authorId, publishedAt: minutesAfter(NOW, 30) });
    await inTransaction((tx) => setPostState({ postId: post._id, from: ["published"], to: "deleted" }, NOW, tx));
    const page = await readFeed({ feed: { kind: "author", id: authorId }, locale: "zh-CN", cursor: null, viewerId: null }, minutesAfter(NOW, 60));
    expect(page.items.map((item) => item.id)).not.toContain(post._id);
  });
});
