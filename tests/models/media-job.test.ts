import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { boostJobs, claimJob, completeJob, enqueueJob, extendLease, listJobsOf, putBackJob, type Lane, type MediaJob, type NewJob } from "@models/media-job.server";
import { drainLane, LEASE_MS, recoverLeases, type LaneOptions } from "@media/run-jobs";
import { useDatabase } from "../support/db";
import { AT_NOON, minutesAfter } from "../support/posts";

useDatabase();

const newId = () => randomBytes(16).toString("hex");

async function enqueue(job: Partial<NewJob> & { lane: Lane }, at = AT_NOON): Promise<string> {
  const assetId = job.assetId ?? newId();
  await inTransaction((tx) => enqueueJob({ ownerId: "m1", stage: "inspect", ...job, assetId }, at, tx));
  return assetId;
}

function claim(lane: Lane, worker: string, now = AT_NOON): Promise<MediaJob | null> {
  return claimJob({ lane, worker, leaseMs: LEASE_MS }, now);
}

async function clear(lane: Lane): Promise<void> {
  for (let job = await claim(lane, "broom", minutesAfter(AT_NOON, 10_000)); job; job = await claim(lane, "broom", minutesAfter(AT_NOON, 10_000))) {
    const done = job;
    await inTransaction((tx) => completeJob(done, tx));
  }
}

test("given one job, when eight workers claim at once, then one gets it", async () => {
  await enqueue({ lane: "video" });
  const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => claim("video", `w${index}`)));
  expect(claims.filter(Boolean)).toHaveLength(1);
  await clear("video");
});

test("given a stage that is queued twice, then there is one job", async () => {
  const assetId = newId();
  await Promise.all([enqueue({ lane: "image", assetId }), enqueue({ lane: "image", assetId })]);
  expect(await listJobsOf(assetId)).toHaveLength(1);
  await clear("image");
});

test("given a member with five clips waiting, when another sends one, then it is second, not sixth", async () => {
  const many: string[] = [];
  for (let i = 0; i < 5; i += 1) many.push(await enqueue({ lane: "video", ownerId: "busy" }));
  const single = await enqueue({ lane: "video", ownerId: "quiet" }, minutesAfter(AT_NOON, 1));
  const order: (string | undefined)[] = [];
  for (let i = 0; i < 6; i += 1) order.push((await claim("video", "w", minutesAfter(AT_NOON, 60)))?.assetId);
  expect(order.slice(0, 2)).toEqual([many[0], single]);
  expect(order.slice(2)).toEqual(many.slice(1));
});

test("given a member whose jobs were given up, then the next one does not stand behind them", async () => {
  for (let i = 0; i < 3; i += 1) {
    await enqueue({ lane: "video", ownerId: "unlucky" });
    await putBackJob((await claim("video", "w")) as MediaJob, { runAt: null, error: "disk on fire" });
  }
  const next = await enqueue({ lane: "video", ownerId: "unlucky" });
  expect((await listJobsOf(next))[0]?.fairAt).toEqual(AT_NOON);
  await clear("video");
});

test("given an operator's push, then that asset goes first", async () => {
  await enqueue({ lane: "image" });
  const pushed = await enqueue({ lane: "image" });
  await inTransaction((tx) => boostJobs(pushed, 1, tx));
  expect((await claim("image", "w"))?.assetId).toBe(pushed);
  await clear("image");
});

test("given a lost lease, then the old worker completes, lengthens and puts back nothing", async () => {
  await enqueue({ lane: "extra" });
  const old = (await claim("extra", "old")) as MediaJob;
  const later = new Date(AT_NOON.getTime() + LEASE_MS + 1);
  expect(await recoverLeases({ attemptsMax: () => 3, onDead: () => Promise.resolve() }, later)).toBeGreaterThanOrEqual(1);
  const next = (await claim("extra", "new", later)) as MediaJob;
  expect(next.attempts).toBe(2);
  expect(await extendLease(old, LEASE_MS, later)).toBe(false);
  expect(await putBackJob(old, { runAt: later, error: "late" })).toBe(false);
  expect(await inTransaction((tx) => completeJob(old, tx))).toBe(false);
  expect(await inTransaction((tx) => completeJob(next, tx))).toBe(true);
});

function lane(given: Partial<LaneOptions>): LaneOptions {
  return { lanes: ["extra"], worker: "w", run: () => Promise.resolve(), attemptsMax: () => 3, onDead: () => Promise.resolve(), ...given };
}

test("given a stage that always fails, then it is tried three times with growing pauses and set aside", async () => {
  const assetId = await enqueue({ lane: "extra" });
  const dead: string[] = [];
  const pauses: number[] = [];
  let now = AT_NOON;
  for (let round = 0; round < 3; round += 1) {
    await drainLane(lane({ now: () => now, run: () => Promise.reject(new Error("disk on fire")), onDead: (job) => Promise.resolve(void dead.push(job.assetId)) }));
    const [job] = await listJobsOf(assetId);
    if (job?.state !== "waiting") continue;
    pauses.push(job.runAt.getTime() - now.getTime());
    expect(await claim("extra", "early", now)).toBeNull();
    now = job.runAt;
  }
  const [job] = await listJobsOf(assetId);
  expect(job).toMatchObject({ state: "dead", attempts: 3, error: "disk on fire" });
  expect(dead).toEqual([assetId]);
  expect(pauses[1]).toBeGreaterThan(pauses[0] ?? 0);
});

test("given a worker that stops, then its job waits again at once and keeps its tries", async () => {
  const assetId = await enqueue({ lane: "extra" });
  const stopping = new AbortController();
  const run = (_job: MediaJob, signal: AbortSignal) => {
    stopping.abort();
    return signal.aborted ? Promise.reject(new Error("aborted")) : Promise.resolve();
  };
  expect(await drainLane(lane({ run, now: () => AT_NOON }), stopping.signal)).toBe(1);
  expect((await listJobsOf(assetId))[0]).toMatchObject({ state: "waiting", attempts: 0 });
  await clear("extra");
});
