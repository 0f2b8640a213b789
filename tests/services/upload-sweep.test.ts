import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { getAsset } from "@models/media-asset.server";
import { listJobsOf } from "@models/media-job.server";
import { listOpenUploads } from "@models/media-quota.server";
import { listFeedEntries, mediaFeed } from "@models/feed-entry.server";
import { sourceKey } from "@media/storage";
import { sweepUploads } from "~/services/upload-sweep.server";
import { beginUpload, cancelUpload, finishUpload, formUploadPath, uploadPath } from "~/services/uploads.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makeViewer } from "../support/factories";
import { newAssetId } from "../support/media";
import { minutesAfter } from "../support/posts";
import { openTestPlace } from "../support/uploads";

useDatabase();

const place = openTestPlace();
afterEach(async () => {
  for (const name of readdirSync(place.directory)) await rm(`${place.directory}/${name}`);
});

/** An upload as a crash leaves it: begun, with `arrived` of its bytes and what the tus server noted. */
async function leave({ arrived = 1000, noted = true, at = AT_NOON }: { arrived?: number; noted?: boolean; at?: Date } = {}) {
  const announced = 1000;
  const viewer = await makeViewer({ tier: 2 });
  const assetId = newAssetId();
  await beginUpload(viewer, { assetId, kind: "video", fileName: "clip.mp4", alt: "", sizeBytes: announced }, at, place);
  const bytes = randomBytes(arrived);
  writeFileSync(uploadPath(assetId, place), bytes);
  if (noted) writeFileSync(`${uploadPath(assetId, place)}.json`, JSON.stringify({ id: assetId, size: announced }));
  return { assetId, viewer, bytes };
}

const soon = minutesAfter(AT_NOON, 5);
const nextDay = minutesAfter(AT_NOON, 24 * 60 + 1);

test("given a crash after the last byte, when it is swept twice at once and once more, then it is finished once", async () => {
  const { assetId, bytes, viewer } = await leave();
  await Promise.all([sweepUploads(soon, place), sweepUploads(soon, place)]);
  expect(await getAsset(assetId)).toMatchObject({ state: "checking", sizeBytes: 1000 });
  expect(await listJobsOf(assetId)).toHaveLength(1);
  expect((await buffer((await place.storage.openRead(sourceKey(assetId)))!.stream)).equals(bytes)).toBe(true);
  expect(await listOpenUploads(viewer.id)).toEqual([]);
  expect(await sweepUploads(soon, place)).toEqual({ finished: 0, expired: 0, cleared: 0, waiting: 0 });
  expect(readdirSync(place.directory)).toEqual([]);
});

test("given a crash after the bytes had moved and before the row knew, when it is swept, then it is finished", async () => {
  const { assetId } = await leave();
  await place.storage.put(sourceKey(assetId), uploadPath(assetId, place), "application/octet-stream");
  expect(existsSync(uploadPath(assetId, place))).toBe(false);
  expect(await sweepUploads(soon, place)).toMatchObject({ finished: 1 });
  expect(await getAsset(assetId)).toMatchObject({ state: "checking", sizeBytes: 1000 });
  expect(await listJobsOf(assetId)).toHaveLength(1);
});

test("given a crash after the row knew and before the files were cleared, when it is swept, then the files go and nothing else changes", async () => {
  const { assetId } = await leave();
  await finishUpload(assetId, uploadPath(assetId, place), soon, place);
  writeFileSync(`${uploadPath(assetId, place)}.json`, "{}");
  expect(await sweepUploads(soon, place)).toMatchObject({ cleared: 1, finished: 0 });
  expect(await listJobsOf(assetId)).toHaveLength(1);
  expect(await place.storage.stat(sourceKey(assetId))).toEqual({ bytes: 1000 });
});

test("given an unfinished upload, when it is swept, then it waits for a day and is then forgotten with its bytes, place and row", async () => {
  const { assetId, viewer } = await leave({ arrived: 400 });
  expect(await sweepUploads(soon, place)).toMatchObject({ waiting: 1, expired: 0 });
  expect(await getAsset(assetId)).toMatchObject({ state: "uploading" });
  expect(await sweepUploads(nextDay, place)).toMatchObject({ expired: 1 });
  expect(await getAsset(assetId)).toBeNull();
  expect(await listOpenUploads(viewer.id)).toEqual([]);
  expect(await listFeedEntries({ feeds: [mediaFeed(viewer.id)], after: null, limit: 5 })).toEqual([]);
  expect(readdirSync(place.directory)).toEqual([]);
});

test("given a row whose file was never made, when its day is over, then the row goes too", async () => {
  const { assetId } = await leave();
  await rm(uploadPath(assetId, place));
  await rm(`${uploadPath(assetId, place)}.json`);
  expect(await sweepUploads(soon, place)).toMatchObject({ expired: 0 });
  expect(await sweepUploads(nextDay, place)).toMatchObject({ expired: 1 });
  expect(await getAsset(assetId)).toBeNull();
});

test("given a plain form that a crash cut off, when it has been silent for an hour, then it is forgotten", async () => {
  const { assetId } = await leave({ noted: false });
  await rm(uploadPath(assetId, place));
  writeFileSync(formUploadPath(assetId, place), "half");
  utimesSync(formUploadPath(assetId, place), AT_NOON, AT_NOON);
  expect(await sweepUploads(minutesAfter(AT_NOON, 59), place)).toMatchObject({ waiting: 1 });
  expect(await sweepUploads(minutesAfter(AT_NOON, 61), place)).toMatchObject({ expired: 1 });
  expect(await getAsset(assetId)).toBeNull();
  expect(readdirSync(place.directory)).toEqual([]);
});

test("given notes that were cut off while they were written, then the upload ends with its day and not before", async () => {
  const { assetId } = await leave();
  writeFileSync(`${uploadPath(assetId, place)}.json`, '{"id":"');
  expect(await sweepUploads(soon, place)).toMatchObject({ waiting: 1, finished: 0 });
  expect(await sweepUploads(nextDay, place)).toMatchObject({ expired: 1 });
  expect(await getAsset(assetId)).toBeNull();
});

test("given files of no upload, when it is swept, then they go; what is not ours stays", async () => {
  writeFileSync(uploadPath(newAssetId(), place), "stray");
  writeFileSync(`${place.directory}/readme.txt`, "not an upload");
  expect(await sweepUploads(soon, place)).toMatchObject({ cleared: 1 });
  expect(readdirSync(place.directory)).toEqual(["readme.txt"]);
});

test("given a finish whose upload was cancelled meanwhile, then no bytes outlive it", async () => {
  const { assetId, viewer } = await leave();
  await cancelUpload({ assetId, ownerId: viewer.id }, place);
  writeFileSync(uploadPath(assetId, place), "late");
  expect(await finishUpload(assetId, uploadPath(assetId, place), soon, place)).toBe(false);
  expect(await place.storage.stat(sourceKey(assetId))).toBeNull();
  expect(readdirSync(place.directory)).toEqual([]);
});

test("given a finish and a cancel at the same moment, then one wins and no bytes or rows are left between", async () => {
  for (let round = 0; round < 10; round += 1) {
    const { assetId, viewer } = await leave();
    const [stands, cancelled] = await Promise.all([finishUpload(assetId, uploadPath(assetId, place), soon, place), cancelUpload({ assetId, ownerId: viewer.id }, place)]);
    expect(stands).toBe(!cancelled);
    const asset = await getAsset(assetId);
    expect(asset === null).toBe(cancelled);
    expect((await place.storage.stat(sourceKey(assetId))) === null).toBe(cancelled);
    expect(await listOpenUploads(viewer.id)).toEqual([]);
  }
});
