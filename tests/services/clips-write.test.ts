import { nanoid } from "nanoid";
import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { clipFeed, feedsOf, listFeedEntries } from "@models/feed-entry.server";
import { advanceAsset, extendAsset, getAsset, type AssetFile, type MediaAsset } from "@models/media-asset.server";
import { listBans } from "@models/media-ban.server";
import { listJobsOf } from "@models/media-job.server";
import { getMember } from "@models/member.server";
import { getPost, type Post } from "@models/post.server";
import { LIMITS } from "@models/roles";
import { drainLane } from "@media/run-jobs";
import { mediaKey, mediaPrefix } from "@media/storage";
import { createClip, editClip, replaceClipFile, saveCaptions, setNoSpeech } from "~/services/clips-write.server";
import { removeMedia, releaseMedia } from "~/services/media-moderation.server";
import { pagesLane, settleAsset } from "~/services/media-settle.server";
import { getStorage } from "~/services/storage.server";
import { deletePost, restorePost } from "~/services/posts-write.server";
import { makeAsset } from "../support/assets";
import { useDatabase } from "../support/db";
import { makeViewer } from "../support/factories";
import { AT_NOON, minutesAfter } from "../support/posts";
import { makeReferenceRows, makeWriter, wordsOf } from "../support/writers";

useDatabase();
beforeAll(() => makeReferenceRows());

const LATER = minutesAfter(AT_NOON, 5);
const FILES: AssetFile[] = [
  { name: "poster-360.jpg", role: "poster", type: "image/jpeg", bytes: 10, width: 360, height: 640 },
  { name: "v360.mp4", role: "mp4", type: "video/mp4", bytes: 100, width: 360, height: 640 },
];

function makeClipAsset(ownerId: string, state: MediaAsset["state"] = "checking"): Promise<MediaAsset> {
  return makeAsset({ ownerId, kind: "video", state, found: { width: 720, height: 1280, durationSec: 12, hasAudio: true } });
}

/** What the worker writes when the smallest size stands. */
async function becomePlayable(assetId: string, held = false): Promise<void> {
  await inTransaction((tx) => advanceAsset({ assetId, to: "playable", found: { width: 720, height: 1280, durationSec: 12, hasAudio: true, manifest: "master-1.m3u8", held }, files: FILES }, LATER, tx));
  await settleAsset(assetId, LATER);
}

async function sendClip(given: { spoken?: boolean } = {}) {
  const writer = await makeWriter();
  const asset = await makeClipAsset(writer.id);
  const { postId } = await createClip(writer, { submissionId: nanoid(), words: wordsOf({ body: "" }), assetId: asset._id }, AT_NOON);
  if (!given.spoken) await setNoSpeech(writer, { assetId: asset._id, noSpeech: true }, AT_NOON);
  return { writer, assetId: asset._id, postId };
}

async function postOf(postId: string): Promise<Post> {
  const post = await getPost(postId);
  if (!post) throw new Error(`no post ${postId}`);
  return post;
}

async function feedsHolding(post: Post): Promise<string[]> {
  const asked = feedsOf({ ...post, clip: post.clip && { ...post.clip, listed: true } });
  const rows = await Promise.all(asked.map((feed) => listFeedEntries({ feeds: [feed], after: null, limit: 100 })));
  return rows.flat().filter((row) => row.postId === post._id).map((row) => row.feed);
}

describe("a clip sent before it is ready", () => {
  test("waits: in no feed, its file closed, not counted; then it is published once, whoever settles it", async () => {
    const { writer, assetId, postId } = await sendClip();
    const waiting = await postOf(postId);
    expect(waiting).toMatchObject({ state: "waiting", title: "费率与复利", clip: { assetId, mp4: [] } });
    expect(await feedsHolding(waiting)).toEqual([]);
    expect((await getMember(writer.id))?.postCount).toBe(0);

    await becomePlayable(assetId);
    await Promise.all([settleAsset(assetId, LATER), settleAsset(assetId, LATER)]);
    const standing = await postOf(postId);
    expect(standing).toMatchObject({ state: "published", publishedAt: LATER, clip: { manifest: "master-1.m3u8", listed: true, posters: [360], mp4: [{ name: "v360.mp4" }] } });
    expect(await feedsHolding(standing)).toEqual(expect.arrayContaining([clipFeed("zh-CN")]));
    expect(await getAsset(assetId)).toMatchObject({ access: "public", postId });
    expect((await getMember(writer.id))?.postCount).toBe(1);
  });

  test("is published at once when its file can be played already", async () => {
    const writer = await makeWriter();
    const asset = await makeAsset({ ownerId: writer.id, kind: "video", state: "ready", found: { hasAudio: false } });
    const { postId } = await createClip(writer, { submissionId: nanoid(), words: wordsOf(), assetId: asset._id }, AT_NOON);
    expect(await postOf(postId)).toMatchObject({ state: "published", clip: { listed: true } });
  });

  test("sent five times at once is one clip", async () => {
    const writer = await makeWriter();
    const asset = await makeClipAsset(writer.id);
    const form = { submissionId: nanoid(), words: wordsOf(), assetId: asset._id };
    const answers = await Promise.all(Array.from({ length: 5 }, () => createClip(writer, form, AT_NOON)));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  test("keeps its words when the file is refused, and takes another file", async () => {
    const { writer, assetId, postId } = await sendClip();
    await inTransaction((tx) => advanceAsset({ assetId, to: "rejected", found: { reason: "corrupt" } }, LATER, tx));
    await settleAsset(assetId, LATER);
    expect(await postOf(postId)).toMatchObject({ state: "waiting", title: "费率与复利" });
    const next = await makeClipAsset(writer.id);
    await replaceClipFile(writer, { postId, assetId: next._id }, LATER);
    await becomePlayable(next._id);
    expect(await postOf(postId)).toMatchObject({ state: "published", clip: { assetId: next._id }, assetIds: [next._id] });
  });

  test("can be deleted and brought back, and waits again", async () => {
    const { writer, assetId, postId } = await sendClip();
    await deletePost(writer, postId, AT_NOON);
    await becomePlayable(assetId);
    expect((await postOf(postId)).state).toBe("deleted");
    expect((await getAsset(assetId))?.access).toBe("private");
    await restorePost(writer, postId, LATER);
    expect((await postOf(postId)).state).toBe("published");
    expect((await getMember(writer.id))?.postCount).toBe(1);
  });
});

describe("whose file", () => {
  test.each<[string, (writerId: string) => Promise<MediaAsset>, string]>([
    ["somebody else's", async () => makeClipAsset((await makeWriter()).id), "NOT_FOUND"],
    ["a picture", (id) => makeAsset({ ownerId: id, kind: "image" }), "INVALID"],
    ["one that was refused", (id) => makeClipAsset(id, "rejected"), "INVALID"],
  ])("%s is refused and nothing is written", async (_case, make, code) => {
    const writer = await makeWriter();
    const asset = await make(writer.id);
    const submissionId = nanoid();
    await expect(createClip(writer, { submissionId, words: wordsOf(), assetId: asset._id }, AT_NOON)).rejects.toMatchObject({ code });
    expect(await getPost(submissionId)).toBeNull();
    expect((await getAsset(asset._id))?.postId).toBeNull();
  });

  test("one that another clip shows is refused", async () => {
    const { writer, assetId } = await sendClip();
    await expect(createClip(writer, { submissionId: nanoid(), words: wordsOf(), assetId }, AT_NOON)).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

describe("captions", () => {
  test("a clip with a voice and without captions stands on its author's page alone, until either is given", async () => {
    const { writer, assetId, postId } = await sendClip({ spoken: true });
    await becomePlayable(assetId);
    expect(await feedsHolding(await postOf(postId))).toEqual([`author:${writer.id}`]);
    const { revision } = await saveCaptions(writer, { assetId, lang: "zh-CN", source: "WEBVTT\n\n00:00.000 --> 00:02.000\n本金越还越少\n", revision: 0 }, LATER);
    expect(revision).toBe(1);
    const post = await postOf(postId);
    expect(post.clip).toMatchObject({ listed: true, captions: [{ lang: "zh-CN" }] });
    expect(await feedsHolding(post)).toContain(clipFeed("zh-CN"));
    expect((await getAsset(assetId))?.transcript).toContain("本金越还越少");
  });

  test("a translation does not take the place of the transcript, nor of the captions that came first", async () => {
    const { writer, assetId } = await sendClip();
    const vtt = (words: string) => `WEBVTT\n\n00:00.000 --> 00:02.000\n${words}\n`;
    await saveCaptions(writer, { assetId, lang: "en", source: vtt("less is owed"), revision: 0 }, LATER);
    expect((await getAsset(assetId))?.transcript).toContain("less is owed");
    await saveCaptions(writer, { assetId, lang: "zh-CN", source: vtt("本金越还越少"), revision: 0 }, LATER);
    await saveCaptions(writer, { assetId, lang: "en", source: vtt("less and less is owed"), revision: 1 }, LATER);
    const asset = await getAsset(assetId);
    expect(asset?.transcript).toBe("本金越还越少");
    expect(asset?.captions.map(({ lang, revision }) => `${lang}:${revision}`)).toEqual(["en:2", "zh-CN:1"]);
  });

  test("of captions that were saved often, the files of earlier and of refused versions go", async () => {
    const { writer, assetId } = await sendClip();
    const save = (words: string, revision: number) => saveCaptions(writer, { assetId, lang: "en", source: `WEBVTT\n\n00:00.000 --> 00:02.000\n${words}\n`, revision }, LATER);
    await save("one", 0);
    await save("two", 1);
    await expect(save("too late", 1)).rejects.toMatchObject({ code: "CONFLICT" });
    // Sent twice, as after an answer that was lost: the file of the first stands.
    await expect(save("two", 1)).rejects.toMatchObject({ code: "CONFLICT" });
    const stored: string[] = [];
    for await (const { key } of getStorage().list(mediaPrefix(assetId))) stored.push(key);
    const { captions } = (await getAsset(assetId)) as MediaAsset;
    expect(stored).toEqual([mediaKey(assetId, captions[0]?.file ?? "")]);
  });

  test("are saved as often as words are edited, not more", async () => {
    const { writer, assetId } = await sendClip();
    const save = (revision: number) => saveCaptions(writer, { assetId, lang: "en", source: `WEBVTT\n\n00:00.000 --> 00:02.000\n${revision}\n`, revision }, LATER);
    const times = LIMITS.edit?.times[writer.tier] ?? 0;
    for (let revision = 0; revision < times; revision += 1) await save(revision);
    await expect(save(times)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });

  test("given two tabs that save the same revision, then one wins and the other is told", async () => {
    const { writer, assetId } = await sendClip();
    const save = (words: string) => saveCaptions(writer, { assetId, lang: "en", source: `WEBVTT\n\n00:00.000 --> 00:02.000\n${words}\n`, revision: 0 }, LATER);
    const results = await Promise.allSettled([save("one"), save("two")]);
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(results.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "CONFLICT" } });
  });
});

describe("operators", () => {
  test("a held clip is published when it is released, not before", async () => {
    const operator = await makeViewer({ role: "operator" });
    const { assetId, postId } = await sendClip();
    await becomePlayable(assetId, true);
    expect((await postOf(postId)).state).toBe("waiting");
    await releaseMedia(operator, assetId, LATER);
    expect((await postOf(postId)).state).toBe("published");
  });

  test("a removed clip leaves every feed, its fingerprints are banned, its author keeps the words", async () => {
    const operator = await makeViewer({ role: "operator" });
    const { writer, assetId, postId } = await sendClip();
    await becomePlayable(assetId);
    await inTransaction((tx) => extendAsset({ assetId, found: { sha256: "ab".repeat(32) } }, LATER, tx));
    await removeMedia(operator, assetId, LATER);
    await removeMedia(operator, assetId, LATER);
    const post = await postOf(postId);
    expect(post).toMatchObject({ state: "waiting", title: "费率与复利" });
    expect(await feedsHolding(post)).toEqual([]);
    expect(await getAsset(assetId)).toMatchObject({ state: "removed", access: "private" });
    expect((await listBans(AT_NOON, 10)).map(({ _id }) => _id)).toEqual([assetId]);
    expect((await getMember(writer.id))?.postCount).toBe(0);
  });

  test("what they decide reaches the post even when the process dies right after", async () => {
    const operator = await makeViewer({ role: "operator" });
    const { assetId, postId } = await sendClip();
    await becomePlayable(assetId, true);
    await releaseMedia(operator, assetId, LATER);
    // Left in the queue by the transaction of the decision; done again it changes nothing.
    expect(await listJobsOf(assetId)).toMatchObject([{ lane: "pages", state: "waiting" }]);
    await drainLane({ ...pagesLane(), now: () => minutesAfter(LATER, 1) });
    expect(await listJobsOf(assetId)).toEqual([]);
    expect((await postOf(postId)).state).toBe("published");
    await removeMedia(operator, assetId, LATER);
    expect(await listJobsOf(assetId)).toMatchObject([{ lane: "pages", state: "waiting" }]);
  });

  test("members may not remove media", async () => {
    const { writer, assetId } = await sendClip();
    await expect(removeMedia(writer, assetId, LATER)).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

test("editing the words of a clip keeps its file", async () => {
  const { writer, assetId, postId } = await sendClip();
  await becomePlayable(assetId);
  await editClip(writer, { postId, revision: 1, words: wordsOf({ title: "月费和年化", body: "" }), draftId: null }, LATER);
  expect(await postOf(postId)).toMatchObject({ title: "月费和年化", revision: 2, assetIds: [assetId], clip: { assetId } });
  expect((await getAsset(assetId))?.access).toBe("public");
});
