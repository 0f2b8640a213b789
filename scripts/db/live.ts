import type { Document } from "bson";
import { MongoNetworkError, MongoServerSelectionError, type Db, type MongoClient } from "mongodb";
import { compareAnswers, isRefusal, REFUSED, type Verdict } from "./compare";
import { determinismOf, groupsFiltered, mayFailFirst, mayStopAnywhere } from "./determinism";
import { commandOf } from "./generator";
import { worldOf, type World } from "./generator-values";
import { Random } from "./random";
import { answerOf, canonical, command, contents, indexNames, isReadOnly, setUp, type Row } from "./rows";
import { shrink } from "./shrink";

/**
 * The engine to compare with. It is an early build that now and then dies under load; `revive` starts it again (or waits for
 * it) and the world that was under way is left out of the count.
 */
export interface OracleLink {
  client: MongoClient;
  revive(): Promise<void>;
}

/** Both sides of the live comparison, on databases of the same name. */
export interface Pair {
  oracle: Db;
  embedded: Db;
}

export interface LiveOptions {
  seed: number;
  cases: number;
  /** Databases worked on at the same time; durable writes of several share one flush. */
  lanes: number;
  /** Stops looking after so many shrunk disagreements; the counts go on. */
  shrinkMax: number;
  /** Runs this world of the seed alone, to look at a failure again. */
  onlyWorld?: number;
  onProgress?: (report: LiveReport) => void;
  /** Called as soon as a disagreement is as small as it gets: a long run need not end before somebody looks. */
  onDisagreement?: (found: Disagreement) => void;
}

export interface LiveReport {
  seed: number;
  cases: number;
  same: number;
  refused: number;
  different: number;
  /** Commands that failed the same way on both sides; they are part of `same`. */
  errors: number;
  byCommand: Record<string, { cases: number; refused: number; different: number }>;
  refusals: Record<string, number>;
  /** Worlds left unfinished because the oracle itself died. */
  oracleDeaths: number;
  /** Disagreements by their kind, as far as it shows without shrinking. */
  kinds: Record<string, number>;
  disagreements: Disagreement[];
}

export interface Disagreement {
  seed: number;
  world: number;
  /** In the recorded form, with MongoDB's answer. */
  row: Omit<Row, "id">;
  actual: Document;
  /** The case as it was met, before it was made smaller. */
  asFound: Omit<Row, "id" | "expect">;
}

const CASES_PER_WORLD = 40;
const ORACLE_DEATHS_MAX = 60;

export async function compareLive(oracle: OracleLink, embedded: MongoClient, options: LiveOptions): Promise<LiveReport> {
  const report: LiveReport = { seed: options.seed, cases: 0, same: 0, refused: 0, different: 0, errors: 0, byCommand: {}, refusals: {}, oracleDeaths: 0, kinds: {}, disagreements: [] };
  const root = new Random(options.seed);
  let nextWorld = 0;
  let worlds = Math.ceil(options.cases / CASES_PER_WORLD);
  await Promise.all(
    Array.from({ length: options.lanes }, async (_, lane) => {
      const name = `live${lane}`;
      while (nextWorld < worlds) {
        const world = nextWorld++;
        if (options.onlyWorld !== undefined && world !== options.onlyWorld) continue;
        try {
          await runWorld({ oracle: oracle.client.db(name), embedded: embedded.db(name) }, root.fork(world), world, options, report);
        } catch (error) {
          if (!(error instanceof MongoNetworkError || error instanceof MongoServerSelectionError)) throw error;
          // If it was the embedded engine that went away, this does not come back and the run fails, as it should.
          await embedded.db(name).command({ ping: 1 });
          report.oracleDeaths++;
          if (report.oracleDeaths > ORACLE_DEATHS_MAX) throw error;
          await oracle.revive();
          worlds++;
        }
        options.onProgress?.(report);
      }
      await Promise.all([oracle.client.db(name).dropDatabase(), embedded.db(name).dropDatabase()]);
    }),
  );
  return report;
}

interface State {
  docs: Document[];
  indexes: string[];
}

async function runWorld(pair: Pair, random: Random, number: number, options: LiveOptions, report: LiveReport): Promise<void> {
  const world = worldOf(random);
  await setUpBoth(pair, { docs: world.docs, lookup: world.lookup, indexes: [] });
  // Building an index is a case of its own: it may be refused for what the documents hold.
  const built: Document[] = [];
  for (const index of world.indexes) {
    const op: Document = { createIndexes: "c", indexes: [index] };
    const same = await runCase(pair, { ...world, indexes: built }, op, number, options, report);
    if (same && (await indexNames(pair.oracle)).length > built.length + 1) built.push(index);
    else if (!same) await resetBoth(pair, { ...world, indexes: built }, number, options, report);
  }
  let docs = await contents(pair.oracle);
  for (let left = CASES_PER_WORLD - world.indexes.length; left > 0 && report.cases < options.cases; left--) {
    const op = drawCommand(random, docs.length, built);
    const before: World = { docs, lookup: world.lookup, indexes: built };
    const same = await runCase(pair, before, op, number, options, report);
    if (!isReadOnly(op)) {
      if (!same) await resetBoth(pair, before, number, options, report);
      else docs = await contents(pair.oracle);
    }
  }
}

function drawCommand(random: Random, docCount: number, indexes: readonly Document[]): Document {
  for (;;) {
    const op = commandOf(random, indexes);
    if (determinismOf(op, docCount) !== "undefined") return op;
  }
}

async function setUpBoth(pair: Pair, setup: World): Promise<void> {
  await Promise.all([setUp(pair.oracle, setup), setUp(pair.embedded, setup)]);
}

/**
 * Puts both sides back to a state that both had. That builds the indexes over documents which came one by one before,
 * so a side that cannot is a disagreement of its own, about building the index.
 */
async function resetBoth(pair: Pair, state: World, world: number, options: LiveOptions, report: LiveReport): Promise<void> {
  await setUpBoth(pair, { ...state, indexes: [] });
  const built: Document[] = [];
  for (const index of state.indexes) {
    await runCase(pair, { ...state, indexes: built }, { createIndexes: "c", indexes: [index] }, world, options, report);
    built.push(index);
  }
}

/** Runs one command on both sides. True when both hold the same state afterwards and can go on. */
async function runCase(pair: Pair, before: World, op: Document, world: number, options: LiveOptions, report: LiveReport): Promise<boolean> {
  const [expected, actual] = await Promise.all([answerAndState(pair.oracle, op), answerAndState(pair.embedded, op)]);
  const verdict = judge(op, before.docs.length, expected, actual);
  count(report, op, verdict, expected.answer, actual.answer);
  if (verdict === "different" && report.disagreements.length < options.shrinkMax && isNewKind(report, op, expected.answer, actual.answer)) {
    // The slot is taken before the slow part, so that the lanes together stay within the limit.
    const found: Disagreement = { seed: options.seed, world, row: { ...before, op, expect: recorded(expected) }, actual: recorded(actual), asFound: { ...before, op } };
    report.disagreements.push(found);
    Object.assign(found, await shrink(pair, found));
    options.onDisagreement?.(found);
  }
  return verdict === "same" && (expected.state === undefined || canonical(expected.state) === canonical(actual.state));
}

export interface Observed {
  answer: Document;
  /** What the command left behind; undefined when it only reads. */
  state?: State;
}

export async function answerAndState(db: Db, op: Document): Promise<Observed> {
  const answer = await answerOf(db, op).catch((error: unknown) => brokenAnswer(db, error));
  if (isReadOnly(op)) return { answer };
  const [docs, indexes] = await Promise.all([contents(db), op.createIndexes === undefined ? [] : indexNames(db)]);
  return { answer, state: { docs, indexes: indexes.sort() } };
}

/** A socket that dies, or a reply that the driver cannot read, is an answer too: a wrong one. */
async function brokenAnswer(db: Db, error: unknown): Promise<Document> {
  await command(db, { ping: 1 });
  return { broken: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
}

export function judge(op: Document, docCount: number, expected: Observed, actual: Observed): Verdict {
  const options = { asSet: determinismOf(op, docCount) === "set", ofValues: op.distinct !== undefined, eitherNumber: groupsFiltered(op) };
  // Which document of several fails first is the server's choice, and with it the code.
  if (mayStopAnywhere(op) && docCount > 1 && !isRefusal(actual.answer) && expected.answer.errors !== undefined && actual.answer.errors !== undefined) return "same";
  if (isReadOnly(op) && mayFailFirst(op) && expected.answer.error !== undefined && actual.answer.error === undefined) return "same";
  const verdict = compareAnswers(expected.answer, actual.answer, options);
  if (verdict !== "same" || expected.state === undefined) return verdict;
  if (mayStopAnywhere(op) && expected.answer.errors !== undefined) return "same";
  return compareAnswers(recorded(expected), recorded(actual));
}

/** The recorded form of an observation: the contents stand under `after`. */
export function recorded(observed: Observed): Document {
  if (observed.state === undefined) return observed.answer;
  return { ...observed.answer, after: observed.state.docs, ...(observed.state.indexes.length > 0 && { indexesAfter: observed.state.indexes }) };
}

/** One fault shows in many cases: two of each kind are enough to look at, so that others are seen as well. */
function isNewKind(report: LiveReport, op: Document, expected: Document, actual: Document): boolean {
  const codes = [expected, actual].map((answer) => [(answer.error as Document | undefined)?.code ?? null, ((answer.errors as Document[] | undefined) ?? []).map((one) => one.code as number)]);
  const kind = canonical([Object.keys(op)[0], codes, codes.flat(2).some((code) => code !== null) ? [] : lastOperatorsOf(op)]);
  report.kinds[kind] = (report.kinds[kind] ?? 0) + 1;
  return report.kinds[kind] <= 2;
}

/** The stages of a pipeline, or the operators of an update: what tells one wrong answer from another before it is shrunk. */
function lastOperatorsOf(op: Document): string[] {
  if (Array.isArray(op.pipeline)) return (op.pipeline as Document[]).map((stage) => Object.keys(stage)[0] ?? "");
  const update: unknown = op.update ?? (op.updates as Document[] | undefined)?.[0]?.u;
  if (typeof update === "object" && update !== null) return Object.keys(update);
  return Object.keys(op).sort();
}

function count(report: LiveReport, op: Document, verdict: Verdict, expected: Document, actual: Document): void {
  const name = Object.keys(op)[0]!;
  const line = (report.byCommand[name] ??= { cases: 0, refused: 0, different: 0 });
  report.cases++;
  line.cases++;
  report[verdict]++;
  if (verdict !== "same") line[verdict]++;
  else if (expected.error !== undefined || expected.errors !== undefined) report.errors++;
  if (verdict === "refused") {
    const error = (actual.error ?? (actual.errors as Document[]).find((one) => one.code === REFUSED)) as Document;
    const message = String(error.message);
    report.refusals[message] = (report.refusals[message] ?? 0) + 1;
  }
}
