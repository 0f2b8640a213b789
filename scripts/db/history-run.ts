import type { Document } from "bson";
import { EngineProcess } from "./engine-process";
import { anomaliesOf } from "./history-check";
import { HISTORY_DATABASE, prepareHistory, runHistory, type History, type HistoryOptions } from "./histories";
import { WireClient } from "./wire-client";

export interface HistoryReport {
  seed: number;
  kills: number;
  committed: number;
  aborted: number;
  conflicts: number;
  repeats: number;
  anomalies: string[];
}

const PROGRESS_TIMEOUT_MS = 60_000;

/** Runs a history on an engine of its own that is killed at the given numbers of stored ticks, and judges it. */
export async function runKilledHistory(options: HistoryOptions, killAtTicks: number[]): Promise<HistoryReport> {
  const engine = new EngineProcess();
  try {
    await prepareHistory(await engine.start(), options);
    let over = false;
    const running = runHistory(engine, options).finally(() => (over = true));
    // A history that fails is reported by the await below, not as an unhandled rejection while a restart is awaited here.
    running.catch(() => undefined);
    let kills = 0;
    for (const ticks of killAtTicks) {
      if (!(await ticksReach(engine, ticks, () => over))) break;
      await engine.crash();
      kills++;
    }
    return reportOf(options.seed, kills, await running);
  } finally {
    await engine.remove();
  }
}

export function reportOf(seed: number, kills: number, history: History): HistoryReport {
  const committed = history.entries.filter(({ outcome }) => outcome === "committed").length;
  return {
    seed,
    kills,
    committed,
    aborted: history.entries.length - committed,
    conflicts: history.conflicts,
    repeats: history.repeats,
    anomalies: anomaliesOf(history),
  };
}

/** Waits until the history has come so far, seen from outside. False when it has ended before. */
async function ticksReach(engine: EngineProcess, wanted: number, isOver: () => boolean): Promise<boolean> {
  const client = await WireClient.open(await engine.uri());
  const deadline = Date.now() + PROGRESS_TIMEOUT_MS;
  try {
    for (let seen = 0; seen < wanted; ) {
      if (isOver()) return false;
      if (Date.now() > deadline) throw new Error(`the history stood still at ${seen} ticks`);
      const reply = await client.command(HISTORY_DATABASE, { find: "ticks", filter: {} });
      seen = Number(((reply.cursor as Document).firstBatch as Document[])[0]?.n);
    }
    return true;
  } finally {
    client.close();
  }
}
