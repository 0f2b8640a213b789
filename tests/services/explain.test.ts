import mongoose from "mongoose";
import type { CommandStartedEvent, Document } from "mongodb";
import { beforeAll, expect, test } from "vitest";
import { insertTopics } from "@models/topic.server";
import { COMMENT_SORTS } from "@models/comment.server";
import { findPublicMemberByHandle } from "@models/member.server";
import { readComments, readThread } from "~/services/comments-read.server";
import { CLIPS_PER_PAGE, listClipTopics, readClip, readClipFeed, readClipPanel, type ClipFeedName } from "~/services/clips-read.server";
import { countNew, PAGE_SIZE, readFeed, type FeedName } from "~/services/feeds.server";
import { setFollow } from "~/services/follows.server";
import { listRelated, readPost } from "~/services/posts-read.server";
import { search } from "~/services/search.server";
import { listSitemapParts, readSitemapPart } from "~/services/sitemap.server";
import { forgetTopics, listTopics } from "~/services/topics.server";
import { makeClip } from "../support/clips";
import { useDatabase } from "../support/db";
import { makeMember } from "../support/factories";
import { AT_NOON, makeComment, makePost, minutesAfter } from "../support/posts";

useDatabase();

const NOW = minutesAfter(AT_NOON, 60);
let authorId = "";
let handle = "";
let readerId = "";
let postId = "";
let replyId = "";
let clipId = "";

beforeAll(async () => {
  await insertTopics([{ _id: "funds", position: 0, name: { "zh-CN": "基金入门", en: "Funds" }, about: { "zh-CN": "费用", en: "Fees" } }]);
  forgetTopics();
  const author = await makeMember();
  authorId = author._id;
  handle = author.handle;
  readerId = (await makeMember())._id;
  for (let i = 0; i < PAGE_SIZE + 5; i += 1) postId = (await makePost({ authorId, publishedAt: minutesAfter(AT_NOON, -i), tickers: ["AAPL"] }))._id;
  for (let i = 0; i < CLIPS_PER_PAGE + 2; i += 1) clipId = (await makeClip({ authorId, publishedAt: minutesAfter(AT_NOON, -i) }))._id;
  for (let i = 0; i < 25; i += 1) await makeComment({ postId, authorId, createdAt: minutesAfter(AT_NOON, i) });
  const root = await makeComment({ postId, authorId });
  replyId = (await makeComment({ postId, authorId, parentId: root._id, replyToId: root._id }))._id;
  await setFollow({ kind: "member", targetId: authorId, memberId: readerId, followed: true }, NOW);
  await setFollow({ kind: "topic", targetId: "funds", memberId: readerId, followed: true }, NOW);
});

/** Every read that a guest page (or a member's) makes, twice: from the start and from a cursor. */
async function readFeedTwice(feed: FeedName, viewerId: string | null): Promise<void> {
  const page = await readFeed({ feed, locale: "zh-CN", cursor: null, viewerId }, NOW);
  if (page.nextCursor) await readFeed({ feed, locale: "zh-CN", cursor: page.nextCursor, viewerId }, NOW);
}

async function readClipsTwice(feed: ClipFeedName): Promise<void> {
  const page = await readClipFeed({ feed, locale: "zh-CN", cursor: null, viewerId: readerId }, NOW);
  await readClipFeed({ feed, locale: "zh-CN", cursor: page.nextCursor, viewerId: null }, NOW);
}

const PAGES: [string, () => Promise<unknown>][] = [
  ["recommended", () => readFeedTwice({ kind: "recommended" }, null)],
  ["hot", () => readFeedTwice({ kind: "hot" }, null)],
  ["latest", () => readFeedTwice({ kind: "latest" }, null)],
  ["topic", () => readFeedTwice({ kind: "topic", id: "funds" }, null)],
  ["ticker", () => readFeedTwice({ kind: "ticker", id: "AAPL" }, null)],
  ["profile", async () => [await findPublicMemberByHandle(handle), await readFeedTwice({ kind: "author", id: authorId }, null)]],
  ["following", () => readFeedTwice({ kind: "following" }, readerId)],
  ["saved", () => readFeedTwice({ kind: "saved" }, readerId)],
  ["clips", () => readClipsTwice({ kind: "recommended" })],
  ["latest clips", () => readClipsTwice({ kind: "latest" })],
  ["clips of a topic", () => readClipsTwice({ kind: "topic", id: "funds" })],
  ["topics with clips", () => listClipTopics("zh-CN", NOW)],
  [
    "clip",
    async () => {
      for (const feed of [{ kind: "recommended" }, { kind: "latest" }, { kind: "topic", id: "funds" }] as const) {
        await readClip({ postId: clipId, feed, locale: "zh-CN", viewerId: readerId, sort: null, cursor: null }, NOW);
      }
      await readClipPanel({ postId: clipId, locale: "zh-CN", viewerId: null, sort: "newest", cursor: null }, NOW);
    },
  ],
  ["sitemap", async () => [await listSitemapParts(NOW), await readSitemapPart("clips-zh-CN-1", NOW), await readSitemapPart("posts-zh-CN-2026-03-1", NOW)]],
  ["new posts pill", () => countNew({ kind: "latest" }, "zh-CN", AT_NOON, NOW)],
  ["topics", () => listTopics("zh-CN", NOW)],
  ["search", () => search("基金", "zh-CN", NOW)],
  [
    "post",
    async () => {
      const post = await readPost({ postId, locale: "zh-CN", viewerId: readerId }, NOW);
      await listRelated({ post, locale: "zh-CN" }, NOW);
      for (const sort of COMMENT_SORTS) {
        const page = await readComments({ postId, viewerId: readerId, sort, cursor: null });
        await readComments({ postId, viewerId: null, sort, cursor: page.nextCursor });
      }
      await readThread({ postId, viewerId: null, commentId: replyId, cursor: null });
    },
  ],
];

const READS = new Set(["find", "aggregate", "count", "distinct"]);
/** What a driver adds to a command and explain does not take. */
const ENVELOPE = ["lsid", "$clusterTime", "$db", "$readPreference", "readConcern", "writeConcern", "txnNumber", "startTransaction", "autocommit", "maxTimeMS"];

async function captureReads(work: () => Promise<unknown>): Promise<Document[]> {
  const client = mongoose.connection.getClient();
  const reads: Document[] = [];
  const listen = (event: CommandStartedEvent) => {
    if (!READS.has(event.commandName)) return;
    reads.push(Object.fromEntries(Object.entries(event.command).filter(([name]) => !ENVELOPE.includes(name))));
  };
  client.on("commandStarted", listen);
  try {
    await work();
  } finally {
    client.off("commandStarted", listen);
  }
  return reads;
}

function stagesOf(plan: unknown, found: string[] = []): string[] {
  if (Array.isArray(plan)) for (const part of plan) stagesOf(part, found);
  else if (typeof plan === "object" && plan !== null) {
    for (const [name, value] of Object.entries(plan)) {
      if (name === "stage" && typeof value === "string") found.push(value);
      // A plan that lost is no concern of ours.
      else if (name !== "rejectedPlans") stagesOf(value, found);
    }
  }
  return found;
}

test.each(PAGES)("every query of %s is answered by an index", async (_name, work) => {
  forgetTopics();
  const reads = await captureReads(work);
  expect(reads.length).toBeGreaterThan(0);
  for (const read of reads) {
    const plan = await mongoose.connection.db?.command({ explain: read, verbosity: "queryPlanner" });
    const stages = stagesOf(plan);
    expect(stages.length, JSON.stringify(read)).toBeGreaterThan(0);
    expect(stages, JSON.stringify(read)).not.toContain("COLLSCAN");
  }
});
