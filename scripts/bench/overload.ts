import { rm } from "node:fs/promises";
import { parseArgs } from "node:util";
import { load, median, percentile, round } from "./load";
import { probe, UNCACHED } from "./probe";
import { makeDemoData, residentMb, startSite } from "./site";

/**
 * `npm run bench:overload -- --json`: ten times as many rendered pages are asked for as can be made. Guests must still
 * get kept pages, everyone else a prompt 503 with Retry-After, memory must stay bounded, and five seconds after the
 * flood a page must be rendered as fast as before.
 */
const { values: flags } = parseArgs({ options: { json: { type: "boolean" }, quick: { type: "boolean" } } });
const FLOOD_SEC = flags.quick ? 5 : 15;
const FLOOD_FACTOR = 10;
/** More than the places to work and to wait, so that the flood is not held back by its own connections. */
const FLOOD_CONNECTIONS = 300;
const RECOVERY_MAX_MS = 5_000;
/** A request may wait a second for its turn (RENDER_WAIT_MS); half a second more for the way there and back. */
const REFUSAL_MAX_MS = 1_500;

async function main(): Promise<void> {
  const data = await makeDemoData();
  const site = await startSite(data);
  const url = `${site.origin}/latest`;
  const headers = { ...UNCACHED, "Accept-Encoding": "gzip, deflate, br", "Accept-Language": "zh-CN" };
  await load({ url, connections: 8, durationSec: 3, headers });
  const capacity = await load({ url, connections: 16, durationSec: 5, headers });
  const calm = await renderedMs(url);
  const memoryBeforeMb = await residentMb(site.pid);

  let flooding = true;
  const flood = load({ url, connections: FLOOD_CONNECTIONS, durationSec: FLOOD_SEC, headers, ratePerSec: capacity.requestsPerSec * FLOOD_FACTOR }).finally(() => (flooding = false));
  const kept: { status: number; ms: number }[] = [];
  const refused: { ms: number; retryAfter: string | null }[] = [];
  let memoryMaxMb = memoryBeforeMb;
  while (flooding) {
    const { status, totalMs } = await probe(`${site.origin}/latest`);
    kept.push({ status, ms: totalMs });
    const answer = await ask(url);
    if (answer.status === 503) refused.push(answer);
    memoryMaxMb = Math.max(memoryMaxMb, await residentMb(site.pid));
  }
  const flooded = await flood;
  const endedAtMs = performance.now();
  let recoveryMs = Number.NaN;
  while (performance.now() - endedAtMs < 2 * RECOVERY_MAX_MS && Number.isNaN(recoveryMs)) {
    const { status, totalMs } = await probe(url, UNCACHED);
    if (status === 200 && totalMs <= Math.max(50, 2 * calm)) recoveryMs = Math.round(performance.now() - endedAtMs);
  }
  await site.stop();
  await rm(data, { recursive: true, force: true });

  const figures = {
    capacityPerSec: capacity.requestsPerSec,
    floodPerSec: flooded.requestsPerSec,
    statuses: flooded.statuses,
    keptPages: { asked: kept.length, served: kept.filter(({ status }) => status === 200).length, p50Ms: round(median(kept.map(({ ms }) => ms))), p99Ms: round(percentile(kept.map(({ ms }) => ms), 0.99)) },
    refusals: { seen: refused.length, withRetryAfter: refused.filter(({ retryAfter }) => retryAfter !== null).length, p50Ms: round(median(refused.map(({ ms }) => ms))), p99Ms: round(percentile(refused.map(({ ms }) => ms), 0.99)) },
    memory: { beforeMb: memoryBeforeMb, maxMb: memoryMaxMb },
    calmMs: round(calm),
    recoveryMs,
  };
  const checks = {
    "guests get kept pages": figures.keptPages.served === figures.keptPages.asked,
    "others get 503 with Retry-After": refused.length > 0 && figures.refusals.withRetryAfter === refused.length,
    "a refusal comes within 1.5 s": figures.refusals.p99Ms <= REFUSAL_MAX_MS,
    "memory stays under 400 MB": memoryMaxMb <= 400,
    "back to normal within 5 s": recoveryMs <= RECOVERY_MAX_MS,
  };
  if (flags.json) console.log(JSON.stringify({ ...figures, checks }, null, 2));
  else {
    console.log(figures);
    for (const [name, holds] of Object.entries(checks)) console.log(`${holds ? "holds" : "FAILS"}  ${name}`);
  }
  process.exitCode = Object.values(checks).every(Boolean) ? 0 : 1;
}

async function ask(url: string): Promise<{ status: number; ms: number; retryAfter: string | null }> {
  const startedAtMs = performance.now();
  const response = await fetch(url, { headers: UNCACHED });
  await response.arrayBuffer();
  return { status: response.status, ms: performance.now() - startedAtMs, retryAfter: response.headers.get("Retry-After") };
}

async function renderedMs(url: string): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 30; i += 1) times.push((await probe(url, UNCACHED)).totalMs);
  return median(times);
}

await main();
