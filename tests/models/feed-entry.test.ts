import mongoose from "mongoose";
import { beforeEach, describe, expect, test } from "vitest";
import { insertFeedEntries, listFeedEntries, type FeedPosition } from "@models/feed-entry.server";
import { useDatabase } from "../support/db";
import { AT_NOON, minutesAfter } from "../support/posts";

useDatabase();

const FEED = "topic:funds:zh-CN";

/** Rows named a, b, c … at the given minutes; the feed's own order is newest first, then by id downwards. */
async function place(minutes: number[]): Promise<string[]> {
  const rows = minutes.map((minute, index) => ({ postId: String.fromCharCode(97 + index), publishedAt: minutesAfter(AT_NOON, minute) }));
  await insertFeedEntries(rows.map(({ postId, publishedAt }) => ({ _id: `${FEED}|${postId}`, feed: FEED, postId, publishedAt })));
  return rows.sort((a, b) => b.publishedAt.getTime() - a.publishedAt.getTime() || (a.postId < b.postId ? 1 : -1)).map(({ postId }) => postId);
}

async function readPages(limit: number): Promise<string[]> {
  const read: string[] = [];
  let after: FeedPosition | null = null;
  for (let page = 0; page < 30; page += 1) {
    const rows: FeedPosition[] = await listFeedEntries({ feeds: [FEED], after, limit });
    read.push(...rows.map(({ postId }) => postId));
    after = rows.at(-1) ?? null;
    if (rows.length < limit) return read;
  }
  throw new Error("paging does not end");
}

describe("pages of a feed", () => {
  beforeEach(async () => {
    await mongoose.connection.collection("feedEntries").deleteMany({});
  });

  test.each([1, 2, 3, 7])("given rows of different minutes, pages of %i bring each once and in order", async (limit) => {
    const order = await place([5, 1, 9, 3, 7, 2]);
    expect(await readPages(limit)).toEqual(order);
  });

  test.each([1, 2, 5])("given a dozen rows of one millisecond among others, pages of %i bring each once and in order", async (limit) => {
    const order = await place([9, ...Array<number>(12).fill(5), 1, 2]);
    expect(await readPages(limit)).toEqual(order);
  });
});
