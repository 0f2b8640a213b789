import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EJSON } from "bson";
import { startEmbedded } from "../../models/embedded/index";
import { compareLive, type LiveReport, type OracleLink } from "./live";
import { runKilledHistory, type HistoryReport } from "./history-run";
import { startOracle, type Oracle } from "./oracle";
import { addFound, recordRows, writeGolden } from "./record";
import { replayRows } from "./replay";
import { canonical, openClient, parseRows, readGolden } from "./rows";

/**
 * Proves the embedded engine against MongoDB's own answers.
 *   npm run db:conformance                                replays every recorded row
 *   npm run db:conformance -- --oracle PATH | --live URI   also compares random cases with a running MongoDB engine
 *   … --seed N --cases N --json                            a chosen run; figures as JSON
 *   … --histories N                                        N concurrent histories with kill -9 in the middle (default 2)
 *   … --keep-found                                         writes shrunk disagreements to golden/found.json
 *   … --record FILE                                        asks the oracle the questions of FILE again and rewrites their golden files
 * Ends with 1 when an answer differs, when fewer than 90 % of the rows are answered, or when random cases are refused too often.
 */
const ANSWERED_SHARE_MIN = 0.9;
/** The generator makes mostly supported commands; more refusals than this and the comparison would prove little. */
const REFUSED_SHARE_MAX = 0.1;
const ORACLE_PORT = 27_230;
const LANES = 6;

const { values: args } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    seed: { type: "string" },
    cases: { type: "string", default: "20000" },
    oracle: { type: "string" },
    live: { type: "string" },
    port: { type: "string", default: String(ORACLE_PORT) },
    histories: { type: "string", default: "2" },
    record: { type: "string" },
    "keep-found": { type: "boolean", default: false },
  },
});

interface ReplayReport {
  rows: number;
  same: number;
  refused: number;
  different: number;
  answeredShare: number;
  byFile: Record<string, { rows: number; refused: number; different: number }>;
  disagreements: { id: string; op: unknown; expected: unknown; actual: unknown }[];
}

async function main(): Promise<void> {
  const started = Date.now();
  const oracle = await openOracle();
  const directory = mkdtempSync(join(tmpdir(), "goldbean-conformance-"));
  try {
    if (args.record) {
      if (!oracle) throw new Error("--record needs --oracle or --live: answers come from MongoDB, never from us");
      await record(oracle.uri, args.record);
      return;
    }
    const engine = await startEmbedded({ directory });
    try {
      const replay = await replayGolden(engine.uri);
      const live = oracle ? await compareRandom(oracle, engine.uri) : null;
      const histories = await runHistories(live?.seed ?? 1);
      report(replay, live, histories, Date.now() - started);
      if (!isGood(replay, live, histories)) process.exitCode = 1;
    } finally {
      await engine.close();
    }
  } finally {
    await oracle?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function openOracle(): Promise<Oracle | null> {
  if (args.live) return { uri: args.live, isAlive: () => true, stop: () => Promise.resolve() };
  return args.oracle ? startOracle(args.oracle, Number(args.port)) : null;
}

/** A connection that is made anew when the oracle has died; where we started it, it is started again. */
async function linkTo(oracle: Oracle): Promise<OracleLink & { close(): Promise<void> }> {
  let running = oracle;
  let reviving: Promise<void> | null = null;
  const link = {
    client: await openClient(running.uri),
    revive: () => (reviving ??= restart().finally(() => (reviving = null))),
    close: async () => {
      await link.client.close();
      await running.stop();
    },
  };
  const restart = async (): Promise<void> => {
    if (args.oracle && !running.isAlive()) {
      await running.stop();
      running = await startOracle(args.oracle, Number(args.port));
    }
    // The driver finds the new process by itself; a ping waits until it does.
    await link.client.db("admin").command({ ping: 1 });
  };
  return link;
}

async function record(uri: string, file: string): Promise<void> {
  const client = await openClient(uri);
  try {
    const rows = await recordRows(client, parseRows(readFileSync(file, "utf8")));
    console.log(`${rows.length} rows recorded: ${writeGolden(rows).join(", ")}`);
  } finally {
    await client.close();
  }
}

async function replayGolden(uri: string): Promise<ReplayReport> {
  const client = await openClient(uri);
  const result: ReplayReport = { rows: 0, same: 0, refused: 0, different: 0, answeredShare: 0, byFile: {}, disagreements: [] };
  try {
    for (const { file, rows } of readGolden()) {
      const line = (result.byFile[file] = { rows: rows.length, refused: 0, different: 0 });
      for (const { row, verdict, actual } of await replayRows(client, rows)) {
        result.rows++;
        result[verdict]++;
        if (verdict !== "same") line[verdict]++;
        if (verdict === "different") result.disagreements.push({ id: row.id, op: row.op, expected: row.expect, actual });
      }
    }
    result.answeredShare = result.same / Math.max(result.rows, 1);
    return result;
  } finally {
    await client.close();
  }
}

async function compareRandom(started: Oracle, engineUri: string): Promise<LiveReport> {
  const seed = args.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(args.seed);
  const [oracle, embedded] = await Promise.all([linkTo(started), openClient(engineUri)]);
  try {
    let shownAt = 0;
    const result = await compareLive(oracle, embedded, {
      seed,
      cases: Number(args.cases),
      lanes: LANES,
      shrinkMax: 25,
      onDisagreement: ({ world, row, actual }) => {
        if (!args.json) console.error(`  ✗ seed ${seed}, world ${world}: ${canonical(row)}\n      embedded ${canonical(actual)}`);
      },
      onProgress: ({ cases, different, refused }) => {
        if (args.json || cases < shownAt) return;
        shownAt = cases + 2_000;
        console.error(`  ${cases} cases, ${different} different, ${refused} refused`);
      },
    });
    if (args["keep-found"]) for (const { row } of result.disagreements) addFound(row);
    return result;
  } finally {
    await Promise.all([oracle.close(), embedded.close()]);
  }
}

/** What the oracle cannot answer, having no sessions: concurrent transactions, conflicts and crashes, judged by their history. */
async function runHistories(seed: number): Promise<HistoryReport[]> {
  const reports: HistoryReport[] = [];
  for (let number = 0; number < Number(args.histories); number++) {
    const options = { seed: args.seed === undefined ? seed + number : Number(args.seed) + number, sessions: 8, steps: 150, keys: 5, counters: 4 };
    reports.push(await runKilledHistory(options, [10, 40, 70]));
  }
  return reports;
}

function isGood(replay: ReplayReport, live: LiveReport | null, histories: HistoryReport[]): boolean {
  if (histories.some(({ anomalies }) => anomalies.length > 0)) return false;
  if (replay.different > 0 || replay.answeredShare < ANSWERED_SHARE_MIN) return false;
  return live === null || (live.different === 0 && live.refused / live.cases <= REFUSED_SHARE_MAX);
}

function report(replay: ReplayReport, live: LiveReport | null, histories: HistoryReport[], durationMs: number): void {
  if (args.json) {
    console.log(EJSON.stringify({ replay, live, histories, durationMs }, { relaxed: true }));
    return;
  }
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(whole, 1)).toFixed(1)} %`;
  console.log(`Recorded rows: ${replay.rows}; ${replay.same} answered the same (${share(replay.same, replay.rows)}), ${replay.refused} refused with 238, ${replay.different} different`);
  for (const [file, line] of Object.entries(replay.byFile)) console.log(`  ${file.padEnd(14)} ${line.rows} rows, ${line.refused} refused, ${line.different} different`);
  for (const one of replay.disagreements) {
    console.log(`  ✗ ${one.id} ${canonical(one.op)}\n      MongoDB  ${canonical(one.expected)}\n      embedded ${canonical(one.actual)}`);
  }
  if (live) {
    console.log(`Live comparison, seed ${live.seed}: ${live.cases} cases; ${live.different} different, ${live.refused} refused (${share(live.refused, live.cases)}), ${live.errors} failed alike` + (live.oracleDeaths > 0 ? `; the oracle died ${live.oracleDeaths} times` : ""));
    for (const [name, line] of Object.entries(live.byCommand)) console.log(`  ${name.padEnd(14)} ${line.cases} cases, ${line.refused} refused, ${line.different} different`);
    for (const [message, times] of Object.entries(live.refusals).sort((left, right) => right[1] - left[1]).slice(0, 10)) console.log(`  refused ${times}×: ${message}`);
  } else {
    console.log("Live comparison: not run (no --oracle and no --live).");
  }
  for (const { seed, kills, committed, aborted, conflicts, repeats, anomalies } of histories) {
    console.log(`History, seed ${seed}: ${committed} committed, ${aborted} not, ${conflicts} conflicts, ${repeats} repeats, ${kills} kills; ${anomalies.length} anomalies`);
    for (const anomaly of anomalies) console.log(`  ✗ ${anomaly}`);
  }
  console.log(`Took ${(durationMs / 1000).toFixed(1)} s.`);
}

await main();
