import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EJSON, type Document } from "bson";
import { MongoClient, MongoServerError, type Db } from "mongodb";

/**
 * Recorded rows: what MongoDB's own query engine answered to one command on a small collection.
 * A row is self-contained: empty `c` and `l`, create `c` (with the validator), insert, build the indexes one by one, send `op`.
 * Files are EJSON with relaxed:false, so number types survive the round trip. Codes bind; messages are there for the reader.
 */
export interface Row {
  id: string;
  docs: Document[];
  /** Contents of the second collection `l`, for $lookup, $unionWith, $merge and $out. */
  lookup?: Document[];
  indexes?: Document[];
  validator?: Document;
  op: Document;
  expect: Document;
}

export type RowSetup = Pick<Row, "docs" | "lookup" | "indexes" | "validator">;

/** Types as they were on the wire: no number, regular expression or binary is turned into a JavaScript value. */
export const EXACT_TYPES = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

const NAMESPACE_NOT_FOUND = 26;

export const GOLDEN_DIRECTORY = join(import.meta.dirname, "../../tests/models/embedded/golden");

export function parseRows(text: string): Row[] {
  return EJSON.parse(text, { relaxed: false }) as Row[];
}

/** One row a line, so that a changed answer is one changed line in a review. */
export function printRows(rows: Row[]): string {
  // A bare integer reads back as an Int32 (relaxed:false), which keeps the common case legible.
  const lines = rows.map((row) => canonical(row).replace(/\{"\$numberInt":"(-?\d+)"\}/g, "$1"));
  return `[\n${lines.join(",\n")}\n]\n`;
}

export function readGolden(directory = GOLDEN_DIRECTORY): { file: string; rows: Row[] }[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((file) => ({ file, rows: parseRows(readFileSync(join(directory, file), "utf8")) }));
}

export function writeRows(path: string, rows: Row[]): void {
  writeFileSync(path, printRows(rows));
}

/** EJSON with every type spelled out: two values are the same document exactly when their canonical texts are equal. */
export function canonical(value: unknown): string {
  return EJSON.stringify(value, { relaxed: false });
}

export async function openClient(uri: string, poolSizeMax = 8): Promise<MongoClient> {
  return new MongoClient(uri, { ...EXACT_TYPES, maxPoolSize: poolSizeMax, serverSelectionTimeoutMS: 15_000, ignoreUndefined: false }).connect();
}

const READ_COMMANDS = new Set(["find", "count", "distinct", "explain", "listIndexes", "listCollections", "getMore", "hello", "nope"]);

export function isReadOnly(op: Document): boolean {
  const name = Object.keys(op)[0] ?? "";
  if (name === "aggregate") return !/"\$(out|merge)":/.test(canonical(op.pipeline ?? []));
  return READ_COMMANDS.has(name);
}

export async function command(db: Db, op: Document): Promise<Document> {
  return db.command(op, EXACT_TYPES);
}

/** All documents of a find or aggregate reply, through as many getMore as it takes. */
export async function drain(db: Db, reply: Document): Promise<Document[]> {
  const cursor = reply.cursor as Document;
  const docs = [...(cursor.firstBatch as Document[])];
  let id: unknown = cursor.id;
  const collection = String(cursor.ns).slice(String(cursor.ns).indexOf(".") + 1);
  while (String(id) !== "0") {
    const next = (await command(db, { getMore: id, collection })).cursor as Document;
    docs.push(...(next.nextBatch as Document[]));
    id = next.id;
  }
  return docs;
}

export async function setUp(db: Db, setup: RowSetup): Promise<void> {
  await Promise.all([command(db, { drop: "c" }).catch(ignoreMissing), command(db, { drop: "l" }).catch(ignoreMissing)]);
  await command(db, setup.validator ? { create: "c", validator: setup.validator } : { create: "c" });
  if (setup.docs.length > 0) await insertAll(db, "c", setup.docs);
  if (setup.lookup && setup.lookup.length > 0) await insertAll(db, "l", setup.lookup);
  for (const index of setup.indexes ?? []) await command(db, { createIndexes: "c", indexes: [index] });
}

/** Dropping what is not there is the state that was wanted (older servers answer 26). */
function ignoreMissing(error: unknown): void {
  if (error instanceof MongoServerError && Number(error.code) === NAMESPACE_NOT_FOUND) return;
  throw error;
}

async function insertAll(db: Db, collection: string, documents: Document[]): Promise<void> {
  const reply = await command(db, { insert: collection, documents, ordered: true });
  const errors = (reply.writeErrors ?? []) as Document[];
  if (errors.length > 0) throw new Error(`setup insert failed: ${canonical(errors[0])}`);
}

export async function contents(db: Db, collection = "c"): Promise<Document[]> {
  return drain(db, await command(db, { find: collection, filter: {}, sort: { _id: 1 } }));
}

export async function indexNames(db: Db): Promise<string[]> {
  try {
    return (await drain(db, await command(db, { listIndexes: "c" }))).map((index) => String(index.name));
  } catch (error) {
    if (error instanceof MongoServerError && Number(error.code) === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
}

/** Sends the operation and describes the answer in the recorded form. `before` is the state that `after` is judged against. */
export async function observe(db: Db, op: Document, before: { docs: Document[]; indexes: string[]; lookup?: Document[] }): Promise<Document> {
  const answer = await answerOf(db, op);
  if (isReadOnly(op)) return answer;
  const name = Object.keys(op)[0] ?? "";
  if (name === "createIndexes" || name === "dropIndexes") {
    const after = await indexNames(db);
    if (canonical(after) !== canonical(before.indexes)) answer.indexesAfter = after;
    return answer;
  }
  const after = await contents(db);
  if (canonical(after) !== canonical(before.docs)) answer.after = after;
  if (name === "aggregate") {
    const lookupAfter = await contents(db, "l");
    if (canonical(lookupAfter) !== canonical(before.lookup ?? [])) answer.lookupAfter = lookupAfter;
  }
  return answer;
}

/** The answer to one command, without looking at what it left behind. A socket or driver failure is thrown on. */
export async function answerOf(db: Db, op: Document): Promise<Document> {
  try {
    const reply = await command(db, op);
    return await describe(db, op, reply);
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    return { error: { code: Number(error.code ?? 0), codeName: String(error.codeName ?? ""), message: firstLine(error.message), ...keysOf(error) } };
  }
}

async function describe(db: Db, op: Document, reply: Document): Promise<Document> {
  const name = Object.keys(op)[0] ?? "";
  if (name === "explain") return { plan: planOf(reply) };
  if (reply.cursor !== undefined && name !== "getMore") return listOf(await drain(db, reply));
  if (name === "findAndModify") return { value: reply.value ?? null, lastErrorObject: reply.lastErrorObject };
  if (name === "distinct") return { values: reply.values };
  if (name === "insert" || name === "update" || name === "delete") return writeOf(name, reply);
  if (name === "count") return { n: Number(reply.n) };
  return { ok: 1 };
}

function listOf(docs: Document[]): Document {
  const onlyIds = docs.length > 0 && docs.every((doc) => Object.keys(doc).length === 1 && "_id" in doc);
  return onlyIds ? { ids: docs.map((doc) => doc._id as unknown) } : { docs };
}

function writeOf(name: string, reply: Document): Document {
  const answer: Document = { n: Number(reply.n) };
  if (name === "update") answer.nModified = Number(reply.nModified);
  if (reply.upserted) answer.upserted = (reply.upserted as Document[]).map((one) => ({ index: Number(one.index), _id: one._id as unknown }));
  if (reply.writeErrors) {
    answer.errors = (reply.writeErrors as Document[]).map((one) => ({
      index: Number(one.index),
      code: Number(one.code),
      message: firstLine(String(one.errmsg)),
      ...keysOf(one),
    }));
  }
  return answer;
}

/** keyPattern and keyValue of a duplicate key error are part of the contract with the driver. */
function keysOf(error: object): Document {
  const keys: Document = {};
  if ("keyPattern" in error) keys.keyPattern = error.keyPattern;
  if ("keyValue" in error) keys.keyValue = error.keyValue;
  return keys;
}

function firstLine(message: string): string {
  return message
    .split("\n")[0]!
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uuid>")
    .replace(/RecordId\(\d+\)/g, "RecordId(<n>)")
    .replace(/durationMillis: \d+ms/g, "durationMillis: <n>ms");
}

/** Stage names from the outside in, with the index and the direction: `["FETCH", "IXSCAN a_1 backward"]`. */
export function planOf(reply: Document): string[] {
  // An aggregation is explained by its first stage, the cursor that feeds the others.
  const cursor = (reply.stages as Document[] | undefined)?.[0]?.$cursor as Document | undefined;
  const planner = (reply.queryPlanner ?? cursor?.queryPlanner) as Document;
  const winning = planner.winningPlan as Document;
  const stages: string[] = [];
  walkPlan((winning.queryPlan ?? winning) as Document, stages);
  return stages;
}

function walkPlan(stage: Document, stages: string[]): void {
  const index = stage.indexName === undefined ? "" : ` ${String(stage.indexName)}`;
  const direction = stage.direction === "backward" ? " backward" : "";
  stages.push(`${String(stage.stage)}${index}${direction}`);
  const inner = [stage.inputStage, ...((stage.inputStages as Document[] | undefined) ?? [])];
  for (const one of inner) if (one) walkPlan(one as Document, stages);
}
