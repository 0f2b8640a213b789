import { mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { advanceAsset, extendAsset, getAsset, setAssetAccess, type MediaAsset } from "@models/media-asset.server";
import { claimJob, listJobsOf, putBackJob } from "@models/media-job.server";
import { REJECT_REASONS } from "@models/media-reasons";
import { mediaKey, sourceKey } from "@media/storage";
import { getFixedT } from "~/i18n/t";
import "~/i18n/locale.server";
import { describeOwnAsset, listOwnMedia, listUnfinished, readOwnAsset, removeOwnAsset, retryAsset, toAssetView } from "~/services/own-media.server";
import { beginUpload, cancelUpload, finishUpload, uploadPath } from "~/services/uploads.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makePost, makeViewer } from "../support/factories";
import { newAssetId } from "../support/media";
import { minutesAfter } from "../support/posts";
import { openTestPlace } from "../support/uploads";

useDatabase();

const place = openTestPlace();
afterAll(() => rm(place.dataDir, { recursive: true }));
const t = getFixedT("en");
const context = { t, now: AT_NOON, place };
type Viewer = Awaited<ReturnType<typeof makeViewer>>;

async function start(viewer: Viewer, at = AT_NOON, kind: MediaAsset["kind"] = "video"): Promise<string> {
  const assetId = newAssetId();
  await beginUpload(viewer, { assetId, kind, fileName: "clip.mp4", alt: "", sizeBytes: 1000 }, at, place);
  return assetId;
}

async function arrive(viewer: Viewer, at = AT_NOON, kind: MediaAsset["kind"] = "video"): Promise<string> {
  const assetId = await start(viewer, at, kind);
  writeFileSync(uploadPath(assetId, place), Buffer.alloc(1000));
  await finishUpload(assetId, uploadPath(assetId, place), at, place);
  return assetId;
}

async function storeFile(assetId: string, name: string): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), "goldbean-file-")), name);
  writeFileSync(path, "bytes");
  await place.storage.put(mediaKey(assetId, name), path, "image/jpeg");
}

const bytesOf = async (assetId: string): Promise<string[]> => {
  const found: string[] = [];
  for await (const { key } of place.storage.list(`media/${assetId}/`)) found.push(key);
  if (await place.storage.stat(sourceKey(assetId))) found.push(sourceKey(assetId));
  return found;
};

describe("what an owner sees", () => {
  test("given an upload on its way, then how much of it has arrived", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const assetId = await start(viewer);
    writeFileSync(uploadPath(assetId, place), Buffer.alloc(400));
    expect(await readOwnAsset(viewer.id, assetId, context)).toMatchObject({ id: assetId, state: "uploading", stateText: "Uploading", offset: 400, sizeBytes: 1000, posterUrl: null, reasonText: null, retryable: false, postId: null });
    await expect(readOwnAsset((await makeViewer()).id, assetId, context)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("given a picture in several sizes, then the smallest JPEG that is large enough, under a signed address", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const assetId = await arrive(viewer, AT_NOON, "image");
    const sizes = [1080, 160, 640].flatMap((width) => [
      { name: `${width}.webp`, role: "image" as const, type: "image/webp", bytes: 5, width },
      { name: `${width}.jpg`, role: "image" as const, type: "image/jpeg", bytes: 5, width },
    ]);
    await inTransaction((tx) => advanceAsset({ assetId, to: "ready", found: { width: 1080, height: 720, thumbhash: "abc=" }, files: sizes }, AT_NOON, tx));
    const view = await readOwnAsset(viewer.id, assetId, context);
    expect(view).toMatchObject({ state: "ready", offset: null, width: 1080, height: 720, thumbhash: "abc=" });
    expect(view.posterUrl).toMatch(new RegExp(`^/m/\\d+\\.[\\w-]{22}/${assetId}/640\\.jpg$`));
  });

  test("given every reason and state, then both languages have a sentence for it", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const asset = (await getAsset(await arrive(viewer))) as MediaAsset;
    for (const locale of ["zh-CN", "en"] as const) {
      for (const reason of REJECT_REASONS) {
        const { reasonText, stateText } = await toAssetView({ ...asset, state: "rejected", reason }, { ...context, t: getFixedT(locale) });
        expect(reasonText, `${locale} ${reason}`).not.toContain("media.");
        expect(reasonText?.length).toBeGreaterThan(10);
        expect(stateText).not.toContain("media.");
      }
    }
    expect(await toAssetView({ ...asset, held: true }, context)).toMatchObject({ state: "review", stateText: "Waiting for a person to look at it" });
  });

  test("given more uploads than fit on a page, then pages follow each other without gap or repeat, removed ones left out", async () => {
    const viewer = await makeViewer({ tier: 4 });
    const ids: string[] = [];
    for (let i = 0; i < 30; i += 1) ids.unshift(await arrive(viewer, minutesAfter(AT_NOON, Math.floor(i / 3) * 61), "image"));
    await removeOwnAsset(viewer, ids[3] as string, AT_NOON, place);
    const first = await listOwnMedia(viewer.id, null, context);
    const second = await listOwnMedia(viewer.id, first.cursor, context);
    expect(first.items).toHaveLength(24);
    expect(second.cursor).toBeNull();
    expect([...first.items, ...second.items].map(({ id }) => id).sort()).toEqual(ids.filter((_, index) => index !== 3).sort());
    expect((await listOwnMedia(viewer.id, "not a cursor", context)).items[0]?.id).toBe(first.items[0]?.id);
    expect((await listOwnMedia((await makeViewer()).id, first.cursor, context)).items).toEqual([]);
  });

  test("given uploads that can be gone on with, then they are listed until they are finished or cancelled", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const [one, two] = [await start(viewer), await start(viewer)];
    expect((await listUnfinished(viewer.id, context)).map(({ id }) => id)).toEqual([one, two]);
    await cancelUpload({ assetId: one, ownerId: viewer.id }, place);
    writeFileSync(uploadPath(two, place), Buffer.alloc(1000));
    await finishUpload(two, uploadPath(two, place), AT_NOON, place);
    expect(await listUnfinished(viewer.id, context)).toEqual([]);
  });
});

describe("another try", () => {
  async function failed(viewer: Viewer): Promise<string> {
    const assetId = await arrive(viewer);
    for (;;) {
      const job = await claimJob({ lane: "video", worker: "w", leaseMs: 1000 }, AT_NOON);
      if (!job) throw new Error("no job to fail");
      if (job.assetId !== assetId) continue;
      await putBackJob(job, { runAt: null, error: "boom" });
      break;
    }
    await inTransaction((tx) => advanceAsset({ assetId, to: "failed" }, AT_NOON, tx));
    return assetId;
  }

  test("given something that failed, when another try is asked for twice, then its job waits again, once", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const assetId = await failed(viewer);
    expect((await readOwnAsset(viewer.id, assetId, context)).retryable).toBe(true);
    await retryAsset(viewer, assetId, AT_NOON);
    await retryAsset(viewer, assetId, AT_NOON);
    expect(await getAsset(assetId)).toMatchObject({ state: "checking", reason: null });
    expect(await listJobsOf(assetId)).toMatchObject([{ stage: "inspect", state: "waiting", attempts: 0 }]);
  });

  test("given no upload to work on any more, or an asset of somebody else, then it is refused", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const assetId = await failed(viewer);
    await expect(retryAsset(await makeViewer(), assetId, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await inTransaction((tx) => extendAsset({ assetId, found: { hasSource: false } }, AT_NOON, tx));
    expect((await readOwnAsset(viewer.id, assetId, context)).retryable).toBe(false);
    await expect(retryAsset(viewer, assetId, AT_NOON)).rejects.toMatchObject({ code: "CONFLICT", messageKey: "media.uploadNoRetry" });
  });
});

describe("taking back", () => {
  test("given something that no post shows, then its bytes, jobs and place in the list go, and its row says that it is removed", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const assetId = await arrive(viewer);
    await storeFile(assetId, "poster-360.jpg");
    expect(await bytesOf(assetId)).toHaveLength(2);
    await removeOwnAsset(viewer, assetId, AT_NOON, place);
    expect(await bytesOf(assetId)).toEqual([]);
    expect(await getAsset(assetId)).toMatchObject({ state: "removed", hasSource: false });
    expect(await listJobsOf(assetId)).toEqual([]);
    expect((await listOwnMedia(viewer.id, null, context)).items).toEqual([]);
    await expect(removeOwnAsset(viewer, assetId, AT_NOON, place)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("given something that a post shows, or that is somebody else's, then it stays", async () => {
    const viewer = await makeViewer({ tier: 2 });
    const assetId = await arrive(viewer);
    await expect(removeOwnAsset(await makeViewer(), assetId, AT_NOON, place)).rejects.toMatchObject({ code: "NOT_FOUND" });
    const post = await makePost({ authorId: viewer.id });
    await inTransaction((tx) => setAssetAccess({ assetId, ownerId: viewer.id, postId: post._id, access: "public" }, AT_NOON, tx));
    await expect(removeOwnAsset(viewer, assetId, AT_NOON, place)).rejects.toMatchObject({ code: "CONFLICT", messageKey: "media.uploadShown" });
    expect(await bytesOf(assetId)).toEqual([sourceKey(assetId)]);
  });
});

test("given words about a picture, then they are cleaned, cut to their length, and the owner's alone", async () => {
  const viewer = await makeViewer({ tier: 2 });
  const assetId = await arrive(viewer, AT_NOON, "image");
  await describeOwnAsset(viewer, assetId, { alt: `  fees\u202e by\n year ${"x".repeat(600)}` }, AT_NOON);
  const { alt } = (await getAsset(assetId)) as MediaAsset;
  expect(alt).toMatch(/^fees by year x+$/);
  expect(alt).toHaveLength(500);
  await expect(describeOwnAsset(await makeViewer(), assetId, { alt: "mine" }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
});
