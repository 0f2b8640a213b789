import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { nanoid } from "nanoid";
import { inTransaction, type Tx } from "@models/connection.server";
import { advanceAsset, extendAsset, getAsset, noteProgress, type MediaAsset } from "@models/media-asset.server";
import { completeJob, enqueueJob, enqueueSettle, jobId, type Lane, type MediaJob } from "@models/media-job.server";
import type { MediaTools } from "./ffmpeg";
import { LeaseLost, recoverLeases, runLane, type LaneOptions } from "./run-jobs";
import { STAGES, stageOf, type StageName, type StageResult } from "./stages";
import { mediaPrefix, sourceKey, type Storage } from "./storage";
import { MediaRejected } from "./types";
import { openWorkFolder } from "./work-folder";

/**
 * The worker: claim a job → run its stage → complete or fail; nothing else. What a stage does is in stages.ts, how a
 * lane is worked through in run-jobs.ts. One video and one picture at a time on two cores: ffmpeg fills them by itself,
 * and a photo never waits behind a clip.
 */
export interface WorkerOptions {
  storage: Storage;
  /** Private folder for work in hand; one per machine. */
  workRoot: string;
  /** Whether 1080 and AV1 are made too. */
  extras: boolean;
  tools: MediaTools;
  log: (event: Record<string, unknown>) => void;
}

const LOOPS: readonly (readonly Lane[])[] = [["image"], ["video", "extra"]];
const RECOVER_EVERY_MS = 5_000;
/** The progress bar is told at most this often. */
const PROGRESS_EVERY_MS = 1_000;

/** Works until the signal, then puts back what it has in hand. */
export async function runWorker(options: WorkerOptions, signal: AbortSignal): Promise<void> {
  const name = `${hostname()}.${process.pid}.${nanoid(6)}`;
  const lanes = LOOPS.map((names) => runLane(laneOptions(options, { lanes: names, worker: `${name}.${names[0]}` }), signal));
  await Promise.all([...lanes, recoverUntil(signal)]);
}

export function laneOptions(options: WorkerOptions, { lanes, worker }: Pick<LaneOptions, "lanes" | "worker">): LaneOptions {
  return {
    lanes,
    worker,
    run: (job, signal) => runStage(options, job, signal),
    attemptsMax: (job) => stageOf(job.stage).attemptsMax,
    onDead,
    onError: (job, error) => options.log({ event: "media.stageFailed", jobId: job?._id, attempt: job?.attempts, err: error }),
  };
}

async function recoverUntil(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await recoverLeases({ attemptsMax: (job) => stageOf(job.stage).attemptsMax, onDead }, new Date()).catch(() => 0);
    await wait(RECOVER_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function runStage({ storage, workRoot, extras, tools, log }: WorkerOptions, job: MediaJob, signal: AbortSignal): Promise<void> {
  const startedAtMs = performance.now();
  const asset = await getAsset(job.assetId);
  if (!asset || asset.state === "removed") return drop(job);
  const stage = stageOf(job.stage);
  const folder = await openWorkFolder(join(workRoot, asset._id), { assetId: asset._id, storage });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(stage.timeoutMs)]);
  try {
    const result = await stage.run({ asset, folder, storage, extras, tools, signal: limit, onProgress: progressOf(asset._id) });
    await folder.publish(result.files ?? []);
    await settle(job, asset, result);
    if (result.last) await folder.remove();
    log({ event: "media.stageDone", jobId: job._id, durationMs: Math.round(performance.now() - startedAtMs), cpuSec: result.cpuSec, peakRssBytes: result.peakRssBytes });
  } catch (error) {
    // What is shown already stays: a later stage that cannot go on (another machine, another decoder) has failed, like any other.
    if (!(error instanceof MediaRejected) || asset.state === "playable" || asset.state === "ready") throw error;
    // The bytes go first: should the process die in between, the next try finds nothing and says so again.
    await folder.remove();
    await storage.remove(sourceKey(asset._id));
    await storage.removeAll(mediaPrefix(asset._id));
    await settle(job, asset, { to: "rejected", found: { reason: error.reason, hasSource: false } });
    log({ event: "media.rejected", jobId: job._id, reason: error.reason });
  }
}

/** Everything that one stage changed, in one transaction with the end of its job and the beginning of the next. */
async function settle(job: MediaJob, asset: MediaAsset, { to, found, files = [], next }: StageResult): Promise<void> {
  const now = new Date();
  await inTransaction(async (tx) => {
    if (!(await completeJob(job, tx))) throw new LeaseLost(job._id);
    if (to) await advanceAsset({ assetId: asset._id, to, found, files }, now, tx);
    else await extendAsset({ assetId: asset._id, found, files }, now, tx);
    if (next) await queue(asset, next, now, tx, job.boost);
    await enqueueSettle(asset, job.stage, now, tx);
  });
}

async function queue(asset: MediaAsset, stage: StageName, now: Date, tx: Tx, boost = 0): Promise<void> {
  await enqueueJob({ assetId: asset._id, ownerId: asset.ownerId, stage, lane: STAGES[stage].lane, boost }, now, tx);
}

async function drop(job: MediaJob): Promise<void> {
  await inTransaction((tx) => completeJob(job, tx));
}

/**
 * After the last try: an asset that cannot be shown yet has failed, and its owner may try again; one that is shown has
 * all the versions it will get. The upload stays for whoever looks into it, until the reaper comes.
 */
async function onDead(job: MediaJob, _error: unknown, tx: Tx): Promise<void> {
  const now = new Date();
  const hasFailed = await advanceAsset({ assetId: job.assetId, to: "failed" }, now, tx);
  if (!hasFailed) await advanceAsset({ assetId: job.assetId, to: "ready" }, now, tx);
  await enqueueSettle({ _id: job.assetId, ownerId: job.ownerId }, jobId(job.stage, "dead"), now, tx);
}

function progressOf(assetId: string): (share: number) => void {
  let toldAtMs = 0;
  return (share) => {
    const atMs = performance.now();
    if (atMs - toldAtMs < PROGRESS_EVERY_MS) return;
    toldAtMs = atMs;
    // A bar that stands still for a moment is no reason to stop encoding.
    noteProgress(assetId, Math.round(Math.min(1, Math.max(0, share)) * 100), new Date()).catch(() => undefined);
  };
}
