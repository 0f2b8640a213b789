import { setTimeout as wait } from "node:timers/promises";
import { inTransaction, type Tx } from "@models/connection.server";
import { claimJob, extendLease, listExpiredLeases, putBackJob, type Lane, type MediaJob } from "@models/media-job.server";

/**
 * The loop around a lane: claim a job, run it under a lease that a heartbeat keeps, put it back after a failure.
 * The worker runs the encoding lanes with it, the web process the lane "pages". Whoever loses the lease (a machine that
 * slept, a database that was away) is told by the signal and writes nothing more.
 */
export interface LaneOptions {
  /** In order of preference: the second is looked at only when the first is empty. */
  lanes: readonly Lane[];
  /** Unique per process and loop. */
  worker: string;
  /** Does the job and takes it off the list (completeJob) in its own transaction. */
  run: (job: MediaJob, signal: AbortSignal) => Promise<void>;
  /** How often a stage is tried, and what follows the last failure. */
  attemptsMax: (job: MediaJob) => number;
  onDead: (job: MediaJob, error: unknown, tx: Tx) => Promise<void>;
  onError?: (job: MediaJob | null, error: unknown) => void;
  now?: () => Date;
}

export const LEASE_MS = 60_000;
const HEARTBEAT_MS = 15_000;
const IDLE_MS = 400;
const BACKOFF_FIRST_MS = 5_000;
const BACKOFF_FACTOR = 6;
const EXPIRED_MAX = 20;

/** Thrown by `run` when completeJob finds that the job belongs to somebody else by now. */
export class LeaseLost extends Error {
  constructor(jobId: string) {
    super(`the lease of ${jobId} was lost`);
    this.name = "LeaseLost";
  }
}

/** Runs until the signal; a job in hand is aborted and put back at once, so that another worker takes it. */
export async function runLane(options: LaneOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const job = await nextJob(options);
      if (job) await runJob(options, job, signal);
      else await wait(IDLE_MS, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      options.onError?.(null, error);
      await wait(IDLE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Runs everything that is due and returns how many jobs were taken; for tests and for one-off commands. */
export async function drainLane(options: LaneOptions, signal: AbortSignal = new AbortController().signal): Promise<number> {
  let taken = 0;
  while (!signal.aborted) {
    const job = await nextJob(options);
    if (!job) break;
    await runJob(options, job, signal);
    taken += 1;
  }
  return taken;
}

async function nextJob({ lanes, worker, now = () => new Date() }: LaneOptions): Promise<MediaJob | null> {
  for (const lane of lanes) {
    const job = await claimJob({ lane, worker, leaseMs: LEASE_MS }, now());
    if (job) return job;
  }
  return null;
}

async function runJob(options: LaneOptions, job: MediaJob, signal: AbortSignal): Promise<void> {
  const { now = () => new Date() } = options;
  const lost = new AbortController();
  const heartbeat = setInterval(() => {
    extendLease(job, LEASE_MS, now()).then(
      (kept) => kept || lost.abort(new LeaseLost(job._id)),
      // One missed beat is no loss: the lease holds four of them.
      (error: unknown) => options.onError?.(job, error),
    );
  }, HEARTBEAT_MS);
  try {
    await options.run(job, AbortSignal.any([signal, lost.signal]));
  } catch (error) {
    if (error instanceof LeaseLost || lost.signal.aborted) return;
    await putBack(options, job, error, signal.aborted);
  } finally {
    clearInterval(heartbeat);
  }
}

/** A process that is stopping is nobody's fault: its job waits again at once and keeps its tries. */
async function putBack(options: LaneOptions, job: MediaJob, error: unknown, stopping: boolean): Promise<void> {
  const { attemptsMax, onDead, onError, now = () => new Date() } = options;
  const message = error instanceof Error ? error.message : String(error);
  if (stopping) return void (await putBackJob(job, { runAt: now(), error: "the worker stopped", unspent: true }));
  onError?.(job, error);
  const pauseMs = BACKOFF_FIRST_MS * BACKOFF_FACTOR ** (job.attempts - 1);
  if (job.attempts >= attemptsMax(job)) await setAside(job, error, message, onDead);
  else await putBackJob(job, { runAt: new Date(now().getTime() + pauseMs), error: message });
}

/** The last try has failed: the job becomes a dead letter together with what its asset is told. */
function setAside(job: MediaJob, error: unknown, message: string, onDead: LaneOptions["onDead"]): Promise<boolean> {
  return inTransaction(async (tx) => {
    const took = await putBackJob(job, { runAt: null, error: message }, tx);
    if (took) await onDead(job, error, tx);
    return took;
  });
}

/** Takes jobs away from workers that have fallen silent. Returns how many. */
export async function recoverLeases({ attemptsMax, onDead }: Pick<LaneOptions, "attemptsMax" | "onDead">, now: Date): Promise<number> {
  const expired = await listExpiredLeases(now, EXPIRED_MAX);
  let recovered = 0;
  for (const job of expired) {
    const message = "the worker fell silent";
    const isLast = job.attempts >= attemptsMax(job);
    const took = isLast ? await setAside(job, new Error(message), message, onDead) : await putBackJob(job, { runAt: now, error: message });
    if (took) recovered += 1;
  }
  return recovered;
}
