import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { AssetFile, AssetFindings, AssetState, MediaAsset } from "@models/media-asset.server";
import type { Lane } from "@models/media-job.server";
import { IMAGE_BYTES_MAX, VIDEO_BYTES_MAX } from "@models/media-reasons";
import { askBank } from "./bank";
import type { MediaTools } from "./ffmpeg";
import { hashFrames } from "./hash";
import { addAvif, inspectImage, processImage } from "./image";
import { makeMp4 } from "./package";
import { requireKind, sniffFile } from "./sniff";
import { sourceKey, type Storage } from "./storage";
import { thumbhashOfPicture } from "./thumbhash";
import { MediaRejected, type OutputFile, type Rendition, type StageContext, type VideoFacts } from "./types";
import { encodeExtras, encodeFirst, encodeRest, finishVideo, inspectVideo, makePoster } from "./video";
import type { WorkFolder } from "./work-folder";

/**
 * The one table of stages: what each does, in which lane, how often it is tried and how long it may take. A stage is
 * given the asset as it stands, works on files, and says what was found and what comes next; worker.ts writes that down.
 * Every stage may run again after a crash: what it has made lies under its name and is not made twice.
 *
 *   picture: inspect → pictures (playable) → avif → purge (ready)
 *   clip:    inspect → poster → first (playable) → rest → finish (ready) [→ extras]
 *
 * The upload itself is deleted as a step of becoming ready; with extras, which need it, as the step after.
 */
export interface StageInput {
  asset: MediaAsset;
  folder: WorkFolder;
  storage: Storage;
  /** 1080 and AV1 are wanted. */
  extras: boolean;
  tools: MediaTools;
  signal: AbortSignal;
  onProgress: (share: number) => void;
}

export interface StageResult {
  /** The state reached; absent when it stays. */
  to?: AssetState;
  found?: AssetFindings;
  files?: AssetFile[];
  next?: StageName;
  /** Nothing more will be made of it: the work folder can go. */
  last?: boolean;
  cpuSec?: number;
  peakRssBytes?: number;
}

interface Stage {
  lane: Lane;
  attemptsMax: number;
  timeoutMs: number;
  run: (input: StageInput) => Promise<StageResult>;
}

const MINUTE_MS = 60_000;
/** For what comes after something is shown: nobody waits for it, so it outlives a store that is away for twenty minutes. */
const PATIENT = 5;

/** The first look is queued with the upload, in the lane of what the sender says it is; the lane here is a picture's. */
export const STAGES = {
  inspect: { lane: "image", attemptsMax: 3, timeoutMs: 3 * MINUTE_MS, run: inspect },
  pictures: { lane: "image", attemptsMax: 3, timeoutMs: 3 * MINUTE_MS, run: pictures },
  avif: { lane: "image", attemptsMax: PATIENT, timeoutMs: 3 * MINUTE_MS, run: avif },
  purge: { lane: "image", attemptsMax: PATIENT, timeoutMs: MINUTE_MS, run: purgePicture },
  poster: { lane: "video", attemptsMax: 3, timeoutMs: 3 * MINUTE_MS, run: poster },
  first: { lane: "video", attemptsMax: 3, timeoutMs: 26 * MINUTE_MS, run: first },
  rest: { lane: "video", attemptsMax: PATIENT, timeoutMs: 26 * MINUTE_MS, run: rest },
  finish: { lane: "video", attemptsMax: PATIENT, timeoutMs: 10 * MINUTE_MS, run: finish },
  extras: { lane: "extra", attemptsMax: 2, timeoutMs: 60 * MINUTE_MS, run: extras },
} as const satisfies Record<string, Stage>;
export type StageName = keyof typeof STAGES;

export function stageOf(name: string): Stage {
  const stage = (STAGES as Record<string, Stage>)[name];
  if (!stage) throw new Error(`no stage is called ${name}`);
  return stage;
}

/** What the upload is, by its bytes; whether it may be taken; whether it was removed before. */
async function inspect(input: StageInput): Promise<StageResult> {
  const { asset, folder } = input;
  const source = await folder.source();
  if (asset.sizeBytes > (asset.kind === "image" ? IMAGE_BYTES_MAX : VIDEO_BYTES_MAX)) throw new MediaRejected("too_large");
  const sniffed = await sniffFile(source);
  requireKind(sniffed, asset.kind);
  requireKind(sniffed, asset.fileName);
  const sha256 = await digestOf(source);
  const known = await askBank({ sha256, hashes: [] });
  if (known.verdict === "block") throw new MediaRejected("removed_before", known.assetId ?? "");
  if (sniffed.kind === "image") {
    const { width, height, animated } = await inspectImage(source, sniffed);
    return { found: { sha256, width, height, animated }, next: "pictures" };
  }
  const { facts, cpuSec, peakRssBytes } = await inspectVideo(source, sniffed, contextOf(input));
  const { width, height, durationSec, hasAudio } = facts;
  return { found: { sha256, facts, width, height, durationSec, hasAudio }, next: "poster", cpuSec, peakRssBytes };
}

async function pictures(input: StageInput): Promise<StageResult> {
  const source = await input.folder.source();
  const sniffed = await sniffFile(source);
  const { width, height, animated, files, thumbhash, hash } = await processImage({ source, sniffed, outDir: input.folder.outDir, ctx: contextOf(input) });
  const known = await askBank({ sha256: input.asset.sha256, hashes: [hash] });
  if (known.verdict === "block") throw new MediaRejected("removed_before", known.assetId ?? "");
  return { to: "playable", found: { width, height, animated, thumbhash, hashes: [hash], held: known.verdict === "review" }, files, next: "avif" };
}

async function avif(input: StageInput): Promise<StageResult> {
  const source = await input.folder.source();
  const files = await addAvif({ source, sniffed: await sniffFile(source), outDir: input.folder.outDir, ctx: contextOf(input) });
  return { files, next: "purge" };
}

async function purgePicture({ asset, storage }: StageInput): Promise<StageResult> {
  await storage.remove(sourceKey(asset._id));
  return { to: "ready", found: { hasSource: false }, last: true };
}

/** A still of the clip, and the comparison of its frames with what was removed: before anything is public. */
async function poster(input: StageInput): Promise<StageResult> {
  const { outputs, frames, cpuSec, peakRssBytes } = await makePoster(await input.folder.source(), factsOf(input.asset), contextOf(input));
  const hashes = await hashFrames(frames.map(({ png }) => png));
  const known = await askBank({ sha256: input.asset.sha256, hashes });
  if (known.verdict === "block") throw new MediaRejected("removed_before", known.assetId ?? "");
  const found = { hashes, held: known.verdict === "review", thumbhash: frames[0] ? await thumbhashOfPicture(frames[0].png) : null };
  return { to: "poster", found, files: outputs, next: "first", cpuSec, peakRssBytes };
}

async function first(input: StageInput): Promise<StageResult> {
  const ctx = contextOf(input);
  const made = await encodeFirst(await input.folder.source(), factsOf(input.asset), ctx);
  // The whole file with its index in front starts soonest, so it is there from the first moment.
  const mp4s: OutputFile[] = [];
  for (const rendition of made.renditions.filter(({ name }) => name === "360" || name === "720")) mp4s.push((await makeMp4(rendition, ctx)).output);
  // Encoding takes long enough for something to be removed meanwhile. Only a block counts: what was to be looked at has been decided since `poster`.
  const known = await askBank({ sha256: input.asset.sha256, hashes: input.asset.hashes });
  if (known.verdict === "block") throw new MediaRejected("removed_before", known.assetId ?? "");
  return { ...encoded(input.asset, made), to: "playable", files: [...made.outputs, ...mp4s], next: "rest" };
}

async function rest(input: StageInput): Promise<StageResult> {
  const made = await encodeRest(await input.folder.source(), factsOf(input.asset), contextOf(input), renditionsOf(input.asset));
  return { ...encoded(input.asset, made), next: "finish" };
}

async function finish(input: StageInput): Promise<StageResult> {
  const { asset, folder, storage } = input;
  const renditions = renditionsOf(asset);
  await folder.need(renditions.flatMap(({ name }) => [`${name}.mp4`, `${name}.m3u8`]));
  const { outputs, cpuSec, peakRssBytes } = await finishVideo(factsOf(asset), contextOf(input), renditions);
  const done = { to: "ready" as const, files: outputs, cpuSec, peakRssBytes };
  if (input.extras) return { ...done, next: "extras" };
  await storage.remove(sourceKey(asset._id));
  return { ...done, found: { hasSource: false }, last: true };
}

async function extras(input: StageInput): Promise<StageResult> {
  const { asset, storage } = input;
  // A crash after the source was purged: what was made then is made.
  if ((await storage.stat(sourceKey(asset._id))) === null) return { found: { hasSource: false }, last: true };
  const made = await encodeExtras(await input.folder.source(), factsOf(asset), contextOf(input), renditionsOf(asset));
  const { found, ...result } = encoded(asset, made);
  await input.folder.publish(made.outputs);
  await storage.remove(sourceKey(asset._id));
  return { ...result, found: { ...found, hasSource: false }, last: true };
}

function encoded(asset: MediaAsset, made: { outputs: OutputFile[]; renditions: Rendition[]; cpuSec: number; peakRssBytes: number }): StageResult & { found: AssetFindings } {
  const master = made.outputs.find(({ name }) => name.startsWith("master-"));
  const kept = renditionsOf(asset).filter(({ name }) => !made.renditions.some((rendition) => rendition.name === name));
  return {
    found: { renditions: [...kept, ...made.renditions], ...(master ? { manifest: master.name } : {}) },
    files: made.outputs,
    cpuSec: made.cpuSec,
    peakRssBytes: made.peakRssBytes,
  };
}

function contextOf({ folder, tools, signal, onProgress }: StageInput): StageContext {
  return { workDir: folder.workDir, outDir: folder.outDir, tools, signal, onProgress };
}

/** Written by `inspect`; the model does not know their shape. */
function factsOf(asset: MediaAsset): VideoFacts {
  if (!asset.facts) throw new Error(`asset ${asset._id} has not been inspected`);
  return asset.facts as VideoFacts;
}

function renditionsOf(asset: MediaAsset): Rendition[] {
  return asset.renditions as Rendition[];
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
