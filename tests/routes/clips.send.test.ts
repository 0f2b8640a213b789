import { rm } from "node:fs/promises";
import { nanoid } from "nanoid";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { inTransaction } from "@models/connection.server";
import { getDraft } from "@models/draft.server";
import { advanceAsset, getAsset } from "@models/media-asset.server";
import { getPost, setPostState } from "@models/post.server";
import { loader as editLoader } from "~/routes/clips.$postId_.edit";
import { action as captionsAction } from "~/routes/clips.$postId_.captions_.save";
import { loader as newClipLoader } from "~/routes/clips.new";
import { action as sendAction } from "~/routes/clips.new_.send";
import { loader as newPostLoader } from "~/routes/posts.new";
import { openCaptions } from "~/services/captions-read.server";
import { removeMedia } from "~/services/media-moderation.server";
import { saveDraft } from "~/services/drafts.server";
import { makeAsset } from "../support/assets";
import { useDatabase } from "../support/db";
import { makeViewer } from "../support/factories";
import { AT_NOON } from "../support/posts";
import { makeSender, type Sender } from "../support/uploads";
import { makeReferenceRows, wordsOf } from "../support/writers";

/** The store is the one that the settings name; for this file it is a folder of its own. */
const dataDir = vi.hoisted(() => (process.env.DATA_DIR = `${process.env.TMPDIR ?? "/tmp"}/goldbean-clip-routes-${process.pid}-${Date.now()}`));
useDatabase();
beforeAll(() => makeReferenceRows());
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const PLACE = "http://localhost:3000";
const VTT = "WEBVTT\n\n00:00.500 --> 00:02.000\n费率差一个点\n";

function form(path: string, sender: Sender | null, fields: Record<string, string>): Request {
  return new Request(PLACE + path, { method: "POST", body: new URLSearchParams(fields), headers: { Origin: PLACE, Accept: "application/json", "Accept-Language": "en", ...(sender ? { Cookie: sender.cookie } : {}) } });
}

const fieldsOf = (given: Record<string, string>): Record<string, string> => ({ submissionId: nanoid(), draftId: nanoid(), lang: "zh-CN", title: "费率差一个点", body: "", topics: "funds", declarations: "opinion", ...given });
const send = async (sender: Sender | null, given: Record<string, string>) => sendAction({ request: form("/clips/new/send", sender, fieldsOf(given)), params: {}, context: {} as never });
const saveCaptions = async (sender: Sender | null, postId: string, fields: Record<string, string>) =>
  captionsAction({ request: form(`/clips/${postId}/captions/save`, sender, { intent: "save", lang: "zh-CN", ...fields }), params: { postId }, context: {} as never });

async function makeClip(state: "checking" | "ready" = "checking") {
  const sender = await makeSender();
  const asset = await makeAsset({ ownerId: sender.id, kind: "video", state, found: { durationSec: 12, hasAudio: true } });
  return { sender, assetId: asset._id };
}

async function makeSentClip() {
  const { sender, assetId } = await makeClip();
  const submissionId = nanoid();
  await send(sender, { submissionId, assetId });
  return { sender, assetId, postId: submissionId };
}

describe("a clip's form", () => {
  test("given words and a video on its way, then the words stand and wait, with their captions; sent twice they stand once", async () => {
    const { sender, assetId } = await makeClip();
    const [submissionId, draftId] = [nanoid(), nanoid()];
    await saveDraft({ memberId: sender.id, draftId, revision: 0, postId: null, postRevision: null, words: wordsOf(), kind: "clip", assetId }, AT_NOON);
    const fields = { submissionId, draftId, assetId, captions: VTT, captionsLang: "zh-CN" };
    for (const _round of [1, 2]) {
      const reply = await send(sender, fields);
      expect(await reply.json()).toEqual({ location: `/clips/${submissionId}` });
    }
    expect(await getPost(submissionId)).toMatchObject({ state: "waiting", title: "费率差一个点", assetIds: [assetId] });
    expect((await getAsset(assetId))?.captions).toMatchObject([{ lang: "zh-CN", revision: 1 }]);
    expect(await getDraft(sender.id, draftId)).toBeNull();
  });

  test("given no video, somebody else's, or a picture, then nothing stands and the field says so", async () => {
    const { sender } = await makeClip();
    const { assetId: foreign } = await makeClip();
    const picture = await makeAsset({ ownerId: sender.id });
    for (const [assetId, status] of [["", 422], [foreign, 404], [picture._id, 422]] as const) {
      const submissionId = nanoid();
      const reply = await send(sender, { submissionId, assetId });
      expect(reply.status).toBe(status);
      if (assetId === "") expect(await reply.json()).toMatchObject({ fields: { assetId: "No video chosen yet" } });
      expect(await getPost(submissionId)).toBeNull();
    }
  });

  test("given captions that cannot be read, then the line is named before anything stands", async () => {
    const { sender, assetId } = await makeClip();
    const submissionId = nanoid();
    const reply = await send(sender, { submissionId, assetId, captions: "WEBVTT\n\n00:03.000 --> 00:01.000\n倒着\n" });
    expect(reply.status).toBe(422);
    expect((await reply.json() as { error: string }).error).toContain("3");
    expect(await getPost(submissionId)).toBeNull();
  });

  test("given the word that nobody speaks, then it is kept with the video", async () => {
    const { sender, assetId } = await makeClip();
    await send(sender, { assetId, noSpeech: "on" });
    expect((await getAsset(assetId))?.noSpeech).toBe(true);
  });

  test("given a guest, then the answer leads to the login", async () => {
    expect((await send(null, { assetId: "0".repeat(32) })).status).toBe(401);
  });

  test("given another file while the clip waits, then the words go on with it", async () => {
    const { sender, postId } = await makeSentClip();
    const other = await makeAsset({ ownerId: sender.id, kind: "video", state: "checking" });
    const reply = await send(sender, { postId, postRevision: "1", assetId: other._id, title: "换了文件" });
    expect(await reply.json()).toEqual({ location: `/clips/${postId}` });
    expect(await getPost(postId)).toMatchObject({ title: "换了文件", assetIds: [other._id] });
  });
});

describe("captions", () => {
  test("are stored, opened again as stored, and counted up", async () => {
    const { sender, assetId, postId } = await makeSentClip();
    expect(await (await saveCaptions(sender, postId, { revision: "0", source: VTT })).json()).toEqual({ lang: "zh-CN", revision: 1 });
    const opened = await openCaptions({ memberId: sender.id, postId, lang: null }, AT_NOON);
    expect(opened).toMatchObject({ assetId, lang: "zh-CN", revision: 1, langs: ["zh-CN"], noSpeech: false });
    expect(opened.source).toContain("费率差一个点");
    expect((await getAsset(assetId))?.transcript).toBe("费率差一个点");
  });

  test("given two editors on one revision, then the later one is told what stands, and nothing is lost", async () => {
    const { sender, postId } = await makeSentClip();
    await saveCaptions(sender, postId, { revision: "0", source: VTT });
    const late = await saveCaptions(sender, postId, { revision: "0", source: VTT.replace("费率", "利率") });
    expect(late.status).toBe(409);
    const answer = (await late.json()) as { stored: { source: string; revision: number } };
    expect(answer.stored.revision).toBe(1);
    expect(answer.stored.source).toContain("费率差一个点");
    expect((await saveCaptions(sender, postId, { revision: "1", source: VTT.replace("费率", "利率") })).status).toBe(200);
  });

  test("given a line that is wrong, then it is named and nothing is stored", async () => {
    const { sender, assetId, postId } = await makeSentClip();
    const reply = await saveCaptions(sender, postId, { revision: "0", source: "WEBVTT\n\n00:01.000 -> 00:02.000\nx\n" });
    expect(reply.status).toBe(422);
    expect((await reply.json() as { error: string }).error).toMatch(/\d/);
    expect((await getAsset(assetId))?.captions).toEqual([]);
  });

  test("given somebody else, a guest, or a post that is no clip, then there is nothing to edit", async () => {
    const { postId } = await makeSentClip();
    const stranger = await makeSender();
    expect((await saveCaptions(stranger, postId, { revision: "0", source: VTT })).status).toBe(404);
    expect((await saveCaptions(null, postId, { revision: "0", source: VTT })).status).toBe(401);
    expect((await saveCaptions(stranger, nanoid(), { revision: "0", source: VTT })).status).toBe(404);
  });

  test("given the word that nobody speaks, then it stands until captions are saved", async () => {
    const { sender, assetId, postId } = await makeSentClip();
    const say = (noSpeech: string) => saveCaptions(sender, postId, { intent: "noSpeech", noSpeech });
    await say("on");
    expect((await getAsset(assetId))?.noSpeech).toBe(true);
    await saveCaptions(sender, postId, { revision: "0", source: VTT });
    expect((await getAsset(assetId))?.noSpeech).toBe(false);
    await say("");
    expect((await getAsset(assetId))?.noSpeech).toBe(false);
  });
});

test("given a clip whose video was removed, when its edit is opened, then the words are there and another video is asked for", async () => {
  const { sender, assetId, postId } = await makeSentClip();
  const open = async () => editLoader({ request: form(`/clips/${postId}/edit`, sender, {}), params: { postId }, context: {} as never });
  expect(await open()).toMatchObject({ mayReplace: true, asset: { id: assetId }, start: { words: { title: "费率差一个点", assetId } } });
  await removeMedia(await makeViewer({ role: "operator" }), assetId, AT_NOON);
  expect(await open()).toMatchObject({ mayReplace: true, asset: null, start: { words: { title: "费率差一个点", assetId: null } } });
});

describe("another video for a clip", () => {
  const open = async (sender: Sender, postId: string, query = "") => editLoader({ request: form(`/clips/${postId}/edit${query}`, sender, {}), params: { postId }, context: {} as never });
  const other = async ({ id: ownerId }: Sender) => (await makeAsset({ ownerId, kind: "video", state: "checking" }))._id;

  test("given one that was refused, then the form for another stands there until it has brought one", async () => {
    const { sender, assetId, postId } = await makeSentClip();
    expect(await open(sender, postId)).toMatchObject({ needsOther: false });
    await inTransaction((tx) => advanceAsset({ assetId, to: "rejected", found: { reason: "no_video", hasSource: false } }, AT_NOON, tx));
    expect(await open(sender, postId)).toMatchObject({ needsOther: true, asset: { id: assetId } });
    const brought = await other(sender);
    expect(await open(sender, postId, `?media=${brought}`)).toMatchObject({ needsOther: false, asset: { id: brought }, start: { words: { assetId: brought } } });
    const stranger = await other(await makeSender());
    expect(await open(sender, postId, `?media=${stranger}`)).toMatchObject({ needsOther: true, asset: { id: assetId } });
  });

  test("given one chosen in an unfinished edit, then it is there after a reload, unless the clip is published by now", async () => {
    const { sender, assetId, postId } = await makeSentClip();
    const chosen = await other(sender);
    await saveDraft({ memberId: sender.id, draftId: nanoid(), revision: 0, postId, postRevision: 1, words: wordsOf(), kind: "clip", assetId: chosen }, AT_NOON);
    expect(await open(sender, postId)).toMatchObject({ asset: { id: chosen }, start: { words: { assetId: chosen } } });
    await inTransaction((tx) => setPostState({ postId, from: ["waiting"], to: "published" }, AT_NOON, tx));
    expect(await open(sender, postId, `?media=${chosen}`)).toMatchObject({ mayReplace: false, needsOther: false, asset: { id: assetId } });
  });
});

test("a draft opens in the composer of its kind, whichever address it is asked for at", async () => {
  const sender = await makeSender();
  const save = async (kind: "post" | "clip") => (await saveDraft({ memberId: sender.id, draftId: nanoid(), revision: 0, postId: null, postRevision: null, words: wordsOf(), kind }, AT_NOON)).draftId;
  const [post, clip] = [await save("post"), await save("clip")];
  const ask = (path: string) => ({ request: form(path, sender, {}), params: {}, context: {} as never });
  expect(await newPostLoader(ask(`/posts/new?draft=${post}`))).toMatchObject({ start: { draftId: post } });
  expect(await newClipLoader(ask(`/clips/new?draft=${clip}`))).toMatchObject({ start: { draftId: clip } });
  const moved = [await newPostLoader(ask(`/posts/new?draft=${clip}`)), await newClipLoader(ask(`/clips/new?draft=${post}`))] as Response[];
  expect(moved.map((response) => [response.status, response.headers.get("Location")])).toEqual([[302, `/clips/new?draft=${clip}`], [302, `/posts/new?draft=${post}`]]);
});
