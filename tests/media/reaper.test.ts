import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { advanceAsset, getAsset, insertAsset, type AssetState } from "@models/media-asset.server";
import { enqueueJob, enqueueSettle, listJobsOf } from "@models/media-job.server";
import { reap, SOURCE_LIFE_MS } from "@media/reaper";
import { mediaKey, sourceKey } from "@media/storage";
import { useDatabase } from "../support/db";
import { AT_NOON, makeMember } from "../support/factories";
import { makeStoredAsset, newAssetId, openTestStorage, POSTER } from "../support/media";

useDatabase();

const storage = openTestStorage();
const workRoot = join(storage.dataDir, "media-work");
const options = { storage, workRoot };
const dayLater = new Date(AT_NOON.getTime() + SOURCE_LIFE_MS + 1);
let ownerId = "";
let file = "";

beforeAll(async () => {
  file = join(await mkdtemp(join(tmpdir(), "goldbean-reaper-")), "source");
});
beforeEach(async () => {
  ownerId = (await makeMember())._id;
});
afterAll(() => rm(storage.dataDir, { recursive: true }));

async function put(key: string): Promise<void> {
  await writeFile(file, "bytes");
  await storage.put(key, file, "application/octet-stream");
}

/** An upload that has arrived whole and got so far. */
async function arrive(...states: AssetState[]): Promise<string> {
  const assetId = newAssetId();
  await inTransaction(async (tx) => {
    await insertAsset({ _id: assetId, ownerId, kind: "video", fileName: "clip.mp4", sizeBytes: 5 }, AT_NOON, tx);
    for (const to of states) await advanceAsset({ assetId, to }, AT_NOON, tx);
  });
  await put(sourceKey(assetId));
  return assetId;
}

test("given sources of a day, then they are kept; a moment later none is left, whatever became of it", async () => {
  const checking = await arrive("checking");
  const playable = await arrive("checking", "poster", "playable");
  await put(mediaKey(playable, "v360.mp4"));
  expect(await reap(options, new Date(AT_NOON.getTime() + SOURCE_LIFE_MS))).toMatchObject({ sources: 0 });
  expect(await storage.stat(sourceKey(checking))).not.toBeNull();

  await inTransaction(async (tx) => {
    for (const assetId of [checking, playable]) await enqueueJob({ assetId, ownerId, stage: "inspect", lane: "video" }, AT_NOON, tx);
    await enqueueSettle({ _id: playable, ownerId }, "first", AT_NOON, tx);
  });
  expect(await reap(options, dayLater)).toMatchObject({ sources: 2, strays: 0 });
  for (const assetId of [checking, playable]) expect(await storage.stat(sourceKey(assetId))).toBeNull();
  expect(await getAsset(checking)).toMatchObject({ state: "failed", hasSource: false });
  // It was never made sharper, and will not be; what there is goes on playing.
  expect(await getAsset(playable)).toMatchObject({ state: "ready", hasSource: false });
  expect(await storage.stat(mediaKey(playable, "v360.mp4"))).not.toBeNull();
  // Nothing can be made of either any more; what the page of the second must learn is still to be done.
  expect([...(await listJobsOf(checking)), ...(await listJobsOf(playable))].map(({ stage }) => stage)).toEqual(["settle"]);
  expect(await reap(options, dayLater)).toMatchObject({ sources: 0 });
});

test("given objects that no asset names, or one that was removed, then they go and the others stay", async () => {
  const stray = newAssetId();
  await put(sourceKey(stray));
  await put(mediaKey(stray, "320.jpg"));
  await put(mediaKey(stray, "640.jpg"));
  const shown = await makeStoredAsset(storage, { ownerId });
  const removed = await makeStoredAsset(storage, { ownerId });
  await inTransaction((tx) => advanceAsset({ assetId: removed, to: "removed", found: { hasSource: false } }, AT_NOON, tx));

  await reap(options, AT_NOON);
  expect(await storage.stat(sourceKey(stray))).toBeNull();
  for (const name of ["320.jpg", "640.jpg"]) expect(await storage.stat(mediaKey(stray, name))).toBeNull();
  expect(await storage.stat(mediaKey(removed, POSTER.name))).toBeNull();
  expect(await storage.stat(mediaKey(shown, POSTER.name))).not.toBeNull();
});

test("given work folders, then those a day old go and the one in use stays", async () => {
  for (const name of ["old", "new"]) await mkdir(join(workRoot, name), { recursive: true });
  await writeFile(join(workRoot, "old", "half.mp4"), "bytes");
  await utimes(join(workRoot, "old"), AT_NOON, AT_NOON);
  await utimes(join(workRoot, "new"), dayLater, dayLater);
  expect(await reap(options, dayLater)).toMatchObject({ folders: 1 });
  expect(await readdir(workRoot)).toEqual(["new"]);
});
