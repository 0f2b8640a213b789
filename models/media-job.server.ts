import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Media job: one stage of one asset, waiting for a process that does it. Rows of the stage table are in
 * media/stages.ts; what a page must learn of a finished stage is a job of the lane "pages", which the web process takes.
 * Guarantees: (1) `_id` is asset and stage, so a stage is queued once; (2) a running job belongs to the worker whose
 * lease it carries: heartbeat, completion and failure all ask for worker and attempt, so that one whose lease was lost
 * changes nothing; (3) fair: a member's next job counts as two minutes younger for each one that waits or runs already.
 */
export const LANES = ["image", "video", "extra", "pages"] as const;
/** Photos have a lane of their own and never wait behind videos. */
export type Lane = (typeof LANES)[number];

export interface MediaJob {
  _id: string;
  assetId: string;
  ownerId: string;
  stage: string;
  lane: Lane;
  state: "waiting" | "running" | "dead";
  attempts: number;
  /** An operator's push: higher goes first. */
  boost: number;
  /** When it would be served if every member had the same share; the order of the queue. */
  fairAt: Date;
  /** Not before this time: the pause after a failure. */
  runAt: Date;
  leaseUntil: Date | null;
  worker: string | null;
  /** What went wrong last, for operators. */
  error: string | null;
  createdAt: Date;
}

/** Each waiting job of a member puts their next one back by this much: about what a clip costs. */
const TURN_MS = 120_000;
const TURNS_MAX = 60;

const MediaJobs = defineCollection<MediaJob>(
  {
    name: "mediaJobs",
    shardKey: { assetId: 1 },
    why: "an asset's page asks how its jobs stand; workers ask every shard for the next one",
    indexes: [
      { fields: { assetId: 1 } },
      { fields: { lane: 1, state: 1, boost: -1, fairAt: 1 } },
      { fields: { state: 1, leaseUntil: 1 } },
      { fields: { ownerId: 1, lane: 1 } },
    ],
  },
  {
    assetId: { type: String, required: true },
    ownerId: { type: String, required: true },
    stage: { type: String, required: true },
    lane: { type: String, enum: LANES, required: true },
    state: { type: String, enum: ["waiting", "running", "dead"], required: true },
    attempts: { type: Number, default: 0 },
    boost: { type: Number, default: 0 },
    fairAt: { type: Date, required: true },
    runAt: { type: Date, required: true },
    leaseUntil: { type: Date, default: null },
    worker: { type: String, default: null },
    error: { type: String, default: null },
    createdAt: { type: Date, required: true },
  },
);

/** What tells one stage of one asset from all others. `mark` tells repeats apart where a stage may come again. */
export const jobId = (assetId: string, stage: string, mark = ""): string => `${assetId}.${stage}${mark ? `.${mark}` : ""}`;

export interface NewJob {
  assetId: string;
  ownerId: string;
  stage: string;
  lane: Lane;
  mark?: string;
  boost?: number;
}

/** Queues a stage; queueing it again while it is there changes nothing. */
export async function enqueueJob({ assetId, ownerId, stage, lane, mark, boost = 0 }: NewJob, now: Date, tx: Tx): Promise<void> {
  const ahead = await MediaJobs.countDocuments({ ownerId, lane, state: { $in: ["waiting", "running"] } }, { limit: TURNS_MAX, session: tx });
  await MediaJobs.updateOne(
    { _id: jobId(assetId, stage, mark), assetId },
    {
      $setOnInsert: {
        ownerId, stage, lane, boost, state: "waiting", attempts: 0, leaseUntil: null, worker: null, error: null,
        fairAt: new Date(now.getTime() + ahead * TURN_MS),
        runAt: now,
        createdAt: now,
      },
    },
    { upsert: true, session: tx },
  );
}

/**
 * Queues the settling of the post that shows an asset, in the lane of the web process, together with the change that it is
 * to show. `mark` tells one change from another.
 */
export function enqueueSettle({ _id: assetId, ownerId }: { _id: string; ownerId: string }, mark: string, now: Date, tx: Tx): Promise<void> {
  return enqueueJob({ assetId, ownerId, stage: "settle", lane: "pages", mark }, now, tx);
}

/** The next job of a lane for this worker, or null. The claim is one write, so two workers never get the same one. */
export async function claimJob({ lane, worker, leaseMs }: { lane: Lane; worker: string; leaseMs: number }, now: Date): Promise<MediaJob | null> {
  return MediaJobs.findOneAndUpdate(
    { lane, state: "waiting", runAt: { $lte: now } },
    { $set: { state: "running", worker, leaseUntil: new Date(now.getTime() + leaseMs) }, $inc: { attempts: 1 } },
    { sort: { boost: -1, fairAt: 1 }, new: true },
  ).lean<MediaJob>();
}

type Claim = Pick<MediaJob, "_id" | "assetId" | "attempts" | "worker">;

const claimed = ({ _id, assetId, attempts, worker }: Claim) => ({ _id, assetId, attempts, worker, state: "running" as const });

/** Lengthens the lease; false when it was lost, and the work must stop. */
export async function extendLease(job: Claim, leaseMs: number, now: Date): Promise<boolean> {
  const written = await MediaJobs.updateOne(claimed(job), { $set: { leaseUntil: new Date(now.getTime() + leaseMs) } });
  return written.matchedCount === 1;
}

/** Takes a finished job off the list; false when the lease was lost: the transaction around it must then write nothing. */
export async function completeJob(job: Claim, tx: Tx): Promise<boolean> {
  const removed = await MediaJobs.deleteOne(claimed(job), { session: tx });
  return removed.deletedCount === 1;
}

/** After a failure: back to waiting until `runAt`, or set aside as dead when `runAt` is null. `unspent` gives the try back. */
export async function putBackJob(job: Claim, { runAt, error, unspent = false }: { runAt: Date | null; error: string; unspent?: boolean }, tx?: Tx): Promise<boolean> {
  const attempts = unspent ? job.attempts - 1 : job.attempts;
  const written = await MediaJobs.updateOne(
    claimed(job),
    { $set: { state: runAt ? "waiting" : "dead", worker: null, leaseUntil: null, attempts, error: error.slice(0, 500), ...(runAt ? { runAt } : {}) } },
    tx ? { session: tx } : {},
  );
  return written.modifiedCount === 1;
}

/** Jobs whose worker has fallen silent. */
export async function listExpiredLeases(now: Date, limit: number): Promise<MediaJob[]> {
  return MediaJobs.find({ state: "running", leaseUntil: { $lt: now } }).sort({ leaseUntil: 1 }).limit(limit).lean<MediaJob[]>();
}

/** Gives the dead jobs of an asset a fresh start. Returns how many. */
export async function reviveJobs(assetId: string, now: Date, tx: Tx): Promise<number> {
  const written = await MediaJobs.updateMany({ assetId, state: "dead" }, { $set: { state: "waiting", attempts: 0, runAt: now, error: null } }, { session: tx });
  return written.modifiedCount;
}

/** An operator's push to the front; 0 takes it back. */
export async function boostJobs(assetId: string, boost: number, tx: Tx): Promise<number> {
  const written = await MediaJobs.updateMany({ assetId }, { $set: { boost } }, { session: tx });
  return written.matchedCount;
}

export async function removeJobs(assetId: string, tx: Tx): Promise<void> {
  await MediaJobs.deleteMany({ assetId }, { session: tx });
}

/** The upload is gone, so that no stage can work on it any more; what pages must learn of the asset stays. */
export async function removeStages(assetId: string, tx: Tx): Promise<void> {
  await MediaJobs.deleteMany({ assetId, lane: { $ne: "pages" } }, { session: tx });
}

export async function listJobsOf(assetId: string): Promise<MediaJob[]> {
  return MediaJobs.find({ assetId }).limit(20).lean<MediaJob[]>();
}

/** Dead letters, newest first, for operators. */
export async function listDeadJobs(limit: number): Promise<MediaJob[]> {
  return MediaJobs.find({ state: "dead" }).sort({ createdAt: -1 }).limit(limit).lean<MediaJob[]>();
}

/** How many wait or run in each lane; for metrics. */
export async function countJobs(lane: Lane, state: MediaJob["state"], limit: number): Promise<number> {
  return MediaJobs.countDocuments({ lane, state }, { limit });
}
