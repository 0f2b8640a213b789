import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { setAssetAccess, type AssetFindings, type AssetState } from "@models/media-asset.server";
import { setPostState, type Post } from "@models/post.server";
import { insertTopics } from "@models/topic.server";
import { CLIPS_PER_PAGE, listClipTopics, readClip, readClipFeed, readClipPanel, type ClipFeedName } from "~/services/clips-read.server";
import { readFeed } from "~/services/feeds.server";
import { setFollow } from "~/services/follows.server";
import { setLike } from "~/services/likes.server";
import { removeMedia } from "~/services/media-moderation.server";
import { readPost } from "~/services/posts-read.server";
import { refreshRankings } from "~/services/rankings.server";
import { forgetTopics } from "~/services/topics.server";
import { clipOf } from "~/services/media-settle.server";
import { makeAsset } from "../support/assets";
import { makeClip } from "../support/clips";
import { useDatabase } from "../support/db";
import { makeMember, makeViewer } from "../support/factories";
import { AT_NOON, makePost, minutesAfter } from "../support/posts";

useDatabase();

const NOW = minutesAfter(AT_NOON, 600);
const CLIPS = 21;
let authorId = "";
const clips: Post[] = [];
let unlisted: Post;

beforeAll(async () => {
  await insertTopics([
    { _id: "funds", position: 0, name: { "zh-CN": "基金入门", en: "Funds" }, about: { "zh-CN": "费用", en: "Fees" } },
    { _id: "bonds", position: 1, name: { "zh-CN": "债券", en: "Bonds" }, about: { "zh-CN": "利率", en: "Rates" } },
    { _id: "fraud", position: 2, name: { "zh-CN": "防骗", en: "Fraud" }, about: { "zh-CN": "骗局", en: "Scams" } },
  ]);
  forgetTopics();
  authorId = (await makeMember())._id;
  // Some in the same minute, so that pages cross ties; articles between them, which no clip feed may show.
  for (let i = 0; i < CLIPS; i += 1) {
    clips.push(await makeClip({ authorId, title: `第 ${i} 条`, publishedAt: minutesAfter(AT_NOON, -Math.floor(i / 3) * 60), topics: [i % 2 === 0 ? "funds" : "bonds"], likeCount: i }));
    await makePost({ authorId, publishedAt: minutesAfter(AT_NOON, -i) });
  }
  unlisted = await makeClip({ authorId, clip: { listed: false, captions: [] } });
});

const guest = { locale: "zh-CN", viewerId: null } as const;

async function readAll(feed: ClipFeedName, between?: (page: number) => Promise<void>): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 10; page += 1) {
    const read = await readClipFeed({ feed, cursor, ...guest }, NOW);
    expect(read.items.length).toBeLessThanOrEqual(CLIPS_PER_PAGE);
    ids.push(...read.items.map(({ id }) => id));
    cursor = read.nextCursor;
    if (!cursor) return ids;
    await between?.(page);
  }
  throw new Error("the feed does not end");
}

describe("feeds of clips", () => {
  test("given clips and articles with ties, when latest is read page by page, then every listed clip comes once and nothing else", async () => {
    const ids = await readAll({ kind: "latest" });
    expect([...ids].sort()).toEqual(clips.map(({ _id }) => _id).sort());
  });

  test("given a topic, when read, then only its clips come", async () => {
    const ids = await readAll({ kind: "topic", id: "bonds" });
    expect([...ids].sort()).toEqual(clips.filter(({ topics }) => topics[0] === "bonds").map(({ _id }) => _id).sort());
  });

  test("given a ranking, when a clip becomes the best between two pages, then paging repeats and reorders nothing", async () => {
    await refreshRankings(NOW);
    let added: Post | null = null;
    const ids = await readAll({ kind: "recommended" }, async () => {
      if (added) return;
      added = await makeClip({ authorId: (await makeMember({ tier: 4 }))._id, lang: "zh-CN", likeCount: 900, saveCount: 300, publishedAt: minutesAfter(NOW, 1), topics: ["fraud"] });
      await refreshRankings(minutesAfter(NOW, 5));
    });
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(clips.map(({ _id }) => _id).sort());
    const fresh = await readClipFeed({ feed: { kind: "recommended" }, cursor: null, ...guest }, minutesAfter(NOW, 6));
    expect(fresh.items[0]?.id).toBe((added as Post | null)?._id);
    expect(fresh.items.every(({ reason }) => reason !== null)).toBe(true);
  });

  test("given a clip without captions, when guests read, then it is in no feed but on its author's page", async () => {
    for (const feed of [{ kind: "recommended" }, { kind: "latest" }, { kind: "topic", id: "funds" }] as const) expect(await readAll(feed)).not.toContain(unlisted._id);
    const latest = await readFeed({ feed: { kind: "latest" }, locale: "zh-CN", cursor: null, viewerId: null }, NOW);
    expect(latest.items.map(({ id }) => id)).not.toContain(unlisted._id);
    const own = await readFeed({ feed: { kind: "author", id: authorId }, locale: "zh-CN", cursor: null, viewerId: null }, NOW);
    expect(own.items.map(({ id }) => id)).toContain(unlisted._id);
  });

  test.each(["x", "-1~3", "zz~99999", "1.{}", "$gt"])("given the absurd cursor %j, when read, then it is INVALID", async (cursor) => {
    await expect(readClipFeed({ feed: { kind: "recommended" }, cursor, ...guest }, NOW)).rejects.toMatchObject({ code: "INVALID" });
    await expect(readClipFeed({ feed: { kind: "latest" }, cursor: `${cursor}~`, ...guest }, NOW)).rejects.toMatchObject({ code: "INVALID" });
  });

  test("given a cursor whose ranking is gone, when read, then it is GONE", async () => {
    await expect(readClipFeed({ feed: { kind: "recommended" }, cursor: "1~8", ...guest }, NOW)).rejects.toMatchObject({ code: "GONE" });
  });

  test("given topics, when those with clips are listed, then only they come, in the editors' order", async () => {
    expect((await listClipTopics("zh-CN", NOW)).map(({ slug }) => slug).slice(0, 2)).toEqual(["funds", "bonds"]);
    expect(await listClipTopics("en", NOW)).toEqual([]);
  });

  test("given a member who likes and follows, when the feed is read, then it says so to this member alone", async () => {
    const reader = await makeMember();
    const liked = clips[3]?._id ?? "";
    await setLike({ postId: liked, memberId: reader._id, liked: true }, NOW);
    await setFollow({ kind: "member", targetId: authorId, memberId: reader._id, followed: true }, NOW);
    const own = await readClipFeed({ feed: { kind: "latest" }, locale: "zh-CN", cursor: null, viewerId: reader._id }, NOW);
    expect(own.items.filter((item) => item.liked).map(({ id }) => id)).toEqual([liked]);
    expect(own.items.filter((item) => item.author.id === authorId).every((item) => item.author.followed)).toBe(true);
    const other = await readClipFeed({ feed: { kind: "latest" }, cursor: null, ...guest }, NOW);
    expect(other.items.some((item) => item.liked || item.author.followed)).toBe(false);
  });
});

describe("a clip's own page", () => {
  const ask = { sort: null, cursor: null } as const;

  test.each([{ kind: "latest" }, { kind: "topic", id: "funds" }, { kind: "recommended" }] as const)("given a clip inside $kind, when its page is read on from it, then the rest of the feed follows and nothing repeats", async (feed) => {
    const whole = await readAll(feed);
    const postId = whole[2] ?? "";
    const page = await readClip({ postId, feed, ...ask, ...guest }, NOW);
    const following = page.next.items.map(({ id }) => id);
    expect(page.clip.id).toBe(postId);
    expect(following).toEqual(whole.slice(3, 3 + following.length));
    expect(page.previousId).not.toBe(postId);
    expect(whole.slice(0, 2)).toContain(page.previousId);
  });

  test("given the newest clip, then nothing is before it", async () => {
    const whole = await readAll({ kind: "recommended" });
    expect((await readClip({ postId: whole[0] ?? "", feed: { kind: "recommended" }, ...ask, ...guest }, NOW)).previousId).toBeNull();
  });

  test("given a clip that waits or is held, then its author reads it with its state and everybody else finds nothing", async () => {
    for (const state of ["waiting", "held"] as const) {
      const clip = await makeClip({ authorId, state });
      await expect(readClip({ postId: clip._id, feed: { kind: "latest" }, ...ask, ...guest }, NOW)).rejects.toMatchObject({ code: "NOT_FOUND" });
      await expect(readClipPanel({ postId: clip._id, ...ask, locale: "zh-CN", viewerId: (await makeMember())._id }, NOW)).rejects.toMatchObject({ code: "NOT_FOUND" });
      const own = await readClip({ postId: clip._id, feed: { kind: "latest" }, ...ask, locale: "zh-CN", viewerId: authorId }, NOW);
      expect(own).toMatchObject({ words: { state, mine: true }, clip: { mine: true } });
      expect(own.clip.media.mp4[0]?.url).toMatch(new RegExp(`^/m/\\d+\\.[\\w-]{22}/${clip.clip?.assetId}/360\\.mp4$`));
    }
  });

  test("given a deleted clip, then it is GONE; given an article, then it is no clip", async () => {
    const clip = await makeClip({ authorId });
    await inTransaction((tx) => setPostState({ postId: clip._id, from: ["published"], to: "deleted" }, NOW, tx));
    await expect(readClip({ postId: clip._id, feed: { kind: "latest" }, ...ask, ...guest }, NOW)).rejects.toMatchObject({ code: "GONE" });
    const article = await makePost({ authorId });
    await expect(readClip({ postId: article._id, feed: { kind: "latest" }, ...ask, ...guest }, NOW)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test.each<[string, { state: AssetState; found?: AssetFindings }, object]>([
    ["still being sent", { state: "uploading" }, { state: "uploading" }],
    ["looked at", { state: "checking" }, { state: "checking" }],
    ["converted", { state: "poster" }, { state: "poster" }],
    ["waiting for an operator", { state: "ready", found: { held: true } }, { state: "review" }],
    ["refused", { state: "rejected", found: { reason: "too_long", hasSource: false } }, { state: "rejected", reason: "too_long", retryable: false }],
    ["failed on our side", { state: "failed" }, { state: "failed", retryable: true }],
  ])("given a clip whose file is %s, then its author is told and everybody else finds nothing", async (_case, given, standing) => {
    const asset = await makeAsset({ ownerId: authorId, kind: "video", ...given });
    const clip = await makeClip({ authorId, state: "waiting", clip: clipOf(asset) });
    const page = { postId: clip._id, feed: { kind: "latest" }, ...ask, locale: "zh-CN" } as const;
    expect((await readClip({ ...page, viewerId: authorId }, NOW)).words.standing).toMatchObject({ assetId: asset._id, ...standing });
    for (const viewerId of [null, (await makeMember())._id]) await expect(readClip({ ...page, viewerId }, NOW)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("given a clip whose upload is gone, then its author is told so", async () => {
    const clip = await makeClip({ authorId, state: "waiting" });
    const own = await readClip({ postId: clip._id, feed: { kind: "latest" }, ...ask, locale: "zh-CN", viewerId: authorId }, NOW);
    expect(own.words.standing).toMatchObject({ state: "gone", retryable: false });
  });

  test("given a clip that an operator removed, then its author keeps the words without any file and everybody else is told that it is gone", async () => {
    const asset = await makeAsset({ ownerId: authorId, kind: "video", state: "ready" });
    const clip = await makeClip({ authorId, clip: { ...clipOf(asset), assetId: asset._id, mp4: [{ name: "360.mp4", width: 360, height: 640, bytes: 10 }] }, assetIds: [asset._id] });
    await inTransaction((tx) => setAssetAccess({ assetId: asset._id, ownerId: authorId, postId: clip._id, access: "public" }, NOW, tx));
    expect((await readClip({ postId: clip._id, feed: { kind: "latest" }, ...ask, ...guest }, NOW)).words.standing).toBeNull();
    await removeMedia(await makeViewer({ role: "operator" }), asset._id, NOW);
    for (const viewerId of [null, (await makeMember())._id]) {
      await expect(readClip({ postId: clip._id, feed: { kind: "latest" }, ...ask, locale: "zh-CN", viewerId }, NOW)).rejects.toMatchObject({ code: "GONE", messageKey: "media.clipGone" });
      await expect(readClipPanel({ postId: clip._id, ...ask, locale: "zh-CN", viewerId }, NOW)).rejects.toMatchObject({ code: "GONE" });
      // The old address says the same.
      await expect(readPost({ postId: clip._id, locale: "zh-CN", viewerId }, NOW)).rejects.toMatchObject({ code: "GONE", messageKey: "media.clipGone" });
    }
    const own = await readClip({ postId: clip._id, feed: { kind: "latest" }, ...ask, locale: "zh-CN", viewerId: authorId }, NOW);
    expect(own.words).toMatchObject({ title: clip.title, standing: { state: "removed" } });
    expect(own.clip.media).toMatchObject({ poster: null, mp4: [], hls: null, storyboard: null, preview: null, captions: [], thumbhash: null });
  });
});
