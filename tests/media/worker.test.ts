import { fork, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { inTransaction } from "@models/connection.server";
import { advanceAsset, getAsset, insertAsset, isRetryable, listAssets, type MediaAsset } from "@models/media-asset.server";
import { insertBan } from "@models/media-ban.server";
import { claimJob, enqueueJob, LANES, listJobsOf, removeJobs, reviveJobs } from "@models/media-job.server";
import { describeTools, type MediaTools } from "@media/ffmpeg";
import { drainLane, LEASE_MS, recoverLeases } from "@media/run-jobs";
import { STAGES } from "@media/stages";
import { mediaKey, mediaPrefix, openStorage, sourceKey, type Storage } from "@media/storage";
import { laneOptions, type WorkerOptions } from "@media/worker";
import { databaseUri, useDatabase } from "../support/db";

useDatabase();
// Programs run at low priority, and a busy machine lets them wait.
vi.setConfig({ testTimeout: 120_000 });

let directory: string;
let storage: Storage;
let tools: MediaTools;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "goldbean-worker-"));
  storage = openStorage({ DATA_DIR: directory, S3_REGION: "none" });
  tools = await describeTools();
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function workerOptions(log: WorkerOptions["log"] = () => undefined): WorkerOptions {
  return { storage, workRoot: join(directory, "work"), extras: false, tools, log };
}

/** Two seconds, portrait, with a tone; GPS in its tags, as phones put it there. */
async function makeClip(picture = "testsrc2"): Promise<string> {
  const path = join(directory, `${randomBytes(6).toString("hex")}.mov`);
  const made = spawnSync(tools.ffmpeg?.path ?? "", [
    "-v", "error", "-f", "lavfi", "-i", `${picture}=s=240x426:r=25:d=2`, "-f", "lavfi", "-i", "sine=d=2", "-c:v", "libx264", "-preset", "ultrafast",
    "-pix_fmt", "yuv420p", "-c:a", "aac", "-strict", "-2", "-metadata", "location=+31.2304+121.4737/", path,
  ]);
  expect(made.stderr.toString("utf8")).toBe("");
  expect((await readFile(path)).includes("31.2304"), "the place is in the file that is sent").toBe(true);
  return path;
}

async function makePhoto(): Promise<string> {
  const path = join(directory, `${randomBytes(6).toString("hex")}.jpg`);
  const noise = randomBytes(48 * 36 * 3);
  const picture = sharp(noise, { raw: { width: 48, height: 36, channels: 3 } }).resize(960, 720, { kernel: "cubic" });
  await picture.withExif({ IFD3: { GPSLatitudeRef: "N", GPSLatitude: "31/1 13/1 49/1" }, IFD0: { Artist: "LEAK-MARK" } }).jpeg().toFile(path);
  return path;
}

/** An upload that has just ended. The file is moved into the store. */
async function send(path: string, kind: MediaAsset["kind"], ownerId = "m1"): Promise<string> {
  const assetId = randomBytes(16).toString("hex");
  const { size } = await stat(path);
  await storage.put(sourceKey(assetId), path, "application/octet-stream");
  const now = new Date();
  await inTransaction(async (tx) => {
    await insertAsset({ _id: assetId, ownerId, kind, fileName: path.slice(path.lastIndexOf("/") + 1), sizeBytes: size }, now, tx);
    await advanceAsset({ assetId, to: "checking" }, now, tx);
    await enqueueJob({ assetId, ownerId, stage: "inspect", lane: kind }, now, tx);
  });
  return assetId;
}

async function work(): Promise<void> {
  await drainLane(laneOptions(workerOptions(), { lanes: LANES.filter((lane) => lane !== "pages"), worker: "w1" }));
}

async function namesOf(assetId: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { key } of storage.list(mediaPrefix(assetId))) names.push(key.split("/").at(-1) ?? "");
  return names.sort();
}

/** Every byte below a folder, looked through for a text. */
async function findText(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const held = await Promise.all(paths.map(async (path) => ((await readFile(path)).includes(text) ? path : null)));
  return held.filter((path) => path !== null);
}

test("a clip goes from upload to ready: files stored, source and work folder gone, no place left in any byte", async () => {
  const assetId = await send(await makeClip(), "video");
  await work();
  const asset = await getAsset(assetId);
  expect(asset).toMatchObject({ state: "ready", hasAudio: true, hasSource: false, held: false, access: "private", manifest: "master-1.m3u8" });
  expect(asset?.durationSec).toBeCloseTo(2, 1);
  expect(asset?.hashes).toHaveLength(4);
  expect(await namesOf(assetId)).toEqual(asset?.files.map(({ name }) => name).sort());
  expect(await namesOf(assetId)).toEqual(expect.arrayContaining(["360.m3u8", "360.mp4", "master-1.m3u8", "preview.mp4", "storyboard.vtt", "v360.mp4"]));
  expect(await storage.stat(sourceKey(assetId))).toBeNull();
  expect(await readdir(join(directory, "work"))).toEqual([]);
  expect(await findText(directory, "31.2304")).toEqual([]);
  expect((await listJobsOf(assetId)).map(({ lane }) => lane).filter((lane) => lane !== "pages")).toEqual([]);
});

test("a photo goes from upload to ready with AVIF, and nothing of its tags is on the disk", async () => {
  const assetId = await send(await makePhoto(), "image");
  await work();
  const asset = await getAsset(assetId);
  expect(asset).toMatchObject({ state: "ready", width: 960, height: 720, hasSource: false });
  expect(asset?.files.map(({ name }) => name).sort()).toEqual(["1080.avif", "1080.jpg", "1080.webp", "320.avif", "320.jpg", "320.webp", "640.avif", "640.jpg", "640.webp"]);
  expect(await findText(directory, "LEAK-MARK")).toEqual([]);
});

test("what is no picture is refused with its reason, and no byte of it stays", async () => {
  const path = join(directory, "bomb.jpg");
  await writeFile(path, "<svg xmlns='http://www.w3.org/2000/svg'>HOSTILE-MARK</svg>");
  const assetId = await send(path, "image");
  await work();
  expect(await getAsset(assetId)).toMatchObject({ state: "rejected", reason: "type_not_allowed", hasSource: false });
  expect(await findText(directory, "HOSTILE-MARK")).toEqual([]);
});

test("given a removed photo, then its bytes and its smaller, greyer copy are refused before anything is public", async () => {
  const path = await makePhoto();
  const bytes = await readFile(path);
  const first = await send(path, "image");
  await work();
  const removed = (await getAsset(first)) as MediaAsset;
  await inTransaction((tx) => insertBan({ _id: first, sha256: removed.sha256, hashes: removed.hashes, at: new Date() }, tx));
  const same = join(directory, "same.jpg");
  await writeFile(same, bytes);
  const smaller = join(directory, "smaller.jpg");
  await sharp(bytes).resize(500).modulate({ saturation: 0.8 }).jpeg({ quality: 40 }).toFile(smaller);
  const [sameId, smallerId, otherId] = [await send(same, "image"), await send(smaller, "image"), await send(await makePhoto(), "image")];
  await work();
  const assets = await listAssets([sameId, smallerId, otherId]);
  expect(assets.get(sameId)).toMatchObject({ state: "rejected", reason: "removed_before", sha256: null });
  expect(assets.get(smallerId)).toMatchObject({ state: "rejected", reason: "removed_before", files: [] });
  expect(assets.get(otherId)).toMatchObject({ state: "ready", held: false });
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(removed.sha256);
});

test("given a removal while a copy is being encoded, then the copy does not come before readers", async () => {
  // Another picture than in the other tests: what is banned here stays banned.
  const assetId = await send(await makeClip("smptehdbars"), "video");
  const lane = laneOptions(workerOptions(), { lanes: ["video"], worker: "w1" });
  for (const stage of ["inspect", "poster"]) {
    const job = await claimJob({ lane: "video", worker: lane.worker, leaseMs: LEASE_MS }, new Date());
    expect(job?.stage).toBe(stage);
    if (job) await lane.run(job, new AbortController().signal);
  }
  const { sha256, hashes } = (await getAsset(assetId)) as MediaAsset;
  await inTransaction((tx) => insertBan({ _id: "removed-meanwhile", sha256, hashes, at: new Date() }, tx));
  await work();
  expect(await getAsset(assetId)).toMatchObject({ state: "rejected", reason: "removed_before", hasSource: false });
  expect(await namesOf(assetId)).toEqual([]);
});

/** Tries again and again, each time as late as the longest pause asks for. Returns how often. */
async function exhaust(assetId: string): Promise<number> {
  const lane = laneOptions(workerOptions(), { lanes: ["image"], worker: "w1" });
  let tries = 0;
  for (let at = Date.now(); (await listJobsOf(assetId)).some(({ stage, state }) => stage !== "settle" && state === "waiting"); at += 3_600_000) tries += await drainLane({ ...lane, now: () => new Date(at) });
  return tries;
}

test("given something that is shown already, when a later stage refuses its upload at every try, then what is shown stands as all there is, until an operator has it done", async () => {
  const path = join(directory, "later.jpg");
  await writeFile(path, "what a worker without the decoder would call no picture");
  const assetId = await send(path, "image");
  const now = new Date();
  const poster = join(directory, "shown.jpg");
  await writeFile(poster, "a picture");
  await storage.put(mediaKey(assetId, "320.jpg"), poster, "image/jpeg");
  await inTransaction(async (tx) => {
    await removeJobs(assetId, tx);
    await advanceAsset({ assetId, to: "playable", files: [{ name: "320.jpg", role: "image", type: "image/jpeg", bytes: 9 }] }, now, tx);
    await enqueueJob({ assetId, ownerId: "m1", stage: "avif", lane: "image" }, now, tx);
  });
  await work();
  expect(await getAsset(assetId)).toMatchObject({ state: "playable", reason: null });
  expect(await exhaust(assetId)).toBe(STAGES.avif.attemptsMax - 1);
  expect(await getAsset(assetId)).toMatchObject({ state: "ready", reason: null, hasSource: true });
  expect(await namesOf(assetId)).toEqual(["320.jpg"]);
  expect(await listJobsOf(assetId)).toMatchObject([{ stage: "avif", state: "dead" }, { stage: "settle", state: "waiting" }]);
  // The decoder has been installed.
  await storage.put(sourceKey(assetId), await makePhoto(), "application/octet-stream");
  await rm(join(directory, "work", assetId), { recursive: true });
  await inTransaction((tx) => reviveJobs(assetId, new Date(), tx));
  await work();
  const asset = await getAsset(assetId);
  expect(asset).toMatchObject({ state: "ready", hasSource: false });
  expect(asset?.files.map(({ name }) => name).sort()).toEqual(["1080.avif", "320.avif", "320.jpg", "640.avif"]);
});

test("given an upload that cannot be read back at any try, then it has failed, and may be tried again", async () => {
  const assetId = await send(await makePhoto(), "image");
  await storage.remove(sourceKey(assetId));
  expect(await exhaust(assetId)).toBe(STAGES.inspect.attemptsMax);
  const asset = (await getAsset(assetId)) as MediaAsset;
  expect(asset).toMatchObject({ state: "failed", reason: null });
  expect(isRetryable(asset)).toBe(true);
  await inTransaction((tx) => removeJobs(assetId, tx));
  await rm(join(directory, "work", assetId), { recursive: true });
});

/** A worker process of its own that kills itself when the given stage has done its work, before that is written down. */
async function dieIn(stage: string): Promise<void> {
  const child = fork("tests/support/dying-worker.ts", [databaseUri(), directory, stage], { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
  expect({ code, signal }).toEqual({ code: null, signal: "SIGKILL" });
}

/** Another worker, at a time when the lease of the dead one has run out. */
async function takeOver(): Promise<void> {
  const later = () => new Date(Date.now() + LEASE_MS + 1_000);
  const options = { ...laneOptions(workerOptions(), { lanes: LANES.filter((lane) => lane !== "pages"), worker: "w2" }), now: later };
  expect(await recoverLeases(options, later())).toBe(1);
  await drainLane(options);
}

test.each(["inspect", "poster", "first", "finish"])("given a worker killed with -9 in %s, when another takes over, then the clip becomes ready and nothing is left behind", async (stage) => {
  const assetId = await send(await makeClip(), "video");
  await dieIn(stage);
  expect((await getAsset(assetId))?.state).not.toBe("ready");
  await takeOver();
  const asset = await getAsset(assetId);
  expect(asset).toMatchObject({ state: "ready", hasSource: false });
  expect(await namesOf(assetId)).toEqual(asset?.files.map(({ name }) => name).sort());
  expect(await readdir(join(directory, "work"))).toEqual([]);
});
