import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";
import { deserialize, EJSON, type Document } from "bson";
import { MongoClient, type Db } from "mongodb";
import { startEmbedded } from "../../models/embedded/index";
import type { Question } from "./record";
import { canonical, EXACT_TYPES, isReadOnly, printRows } from "./rows";

/**
 * Writes down every kind of query, update, pipeline and index that the product sends, to be recorded as golden rows:
 *   npx tsx scripts/db/capture.ts --out FILE -- npx vitest run tests/services tests/models
 * The given command runs with MONGODB_URI pointing at a proxy in front of an embedded engine. The first command of each
 * shape is kept together with the collection it ran on. `db:conformance -- --record FILE --oracle PATH` then asks MongoDB.
 */
const OP_MSG = 2013;
const HEADER_BYTES = 16;
const PORT = { engine: 27_232, proxy: 27_233 };
/** A row must stay readable: a bigger collection is kept down to what the command touches and a few others. */
const DOCS_MAX = 12;
const TEXT_CHARACTERS_MAX = 120;
const LIST_MAX = 12;
const KEPT_COMMANDS = new Set(["find", "aggregate", "count", "distinct", "update", "delete", "findandmodify", "insert"]);
/** What belongs to the session and the connection, not to the question. */
const ENVELOPE = ["lsid", "txnNumber", "$db", "$clusterTime", "autocommit", "startTransaction", "readConcern", "writeConcern", "maxTimeMS", "$readPreference", "comment", "batchSize", "singleBatch", "bypassDocumentValidation"];

interface Captured {
  question: Omit<Question, "id">;
  /** How many documents the filter met: a question that meets some says more than one that meets none. */
  met: number;
  /** The find as it was sent, whose plan is asked for as well. */
  asSent: Document | null;
}

/** How often a shape that met nothing is looked at again. */
const LOOKS_MAX = 20;

class Capture {
  readonly questions = new Map<string, Captured>();
  readonly skipped = new Map<string, string>();
  private readonly looks = new Map<string, number>();

  constructor(private readonly client: MongoClient) {}

  /** Looks at a command before it is forwarded, so that the state beside it is the state it will meet. */
  async see(command: Document): Promise<void> {
    const name = Object.keys(command)[0] ?? "";
    if (!KEPT_COMMANDS.has(name.toLowerCase())) return;
    const collection = String(command[name]);
    const op: Document = { ...command, [name]: "c" };
    for (const field of ENVELOPE) delete op[field];
    const shape = `${collection} ${canonical(shapeOf(op))}`;
    const looks = (this.looks.get(shape) ?? 0) + 1;
    if ((this.questions.get(shape)?.met ?? 0) > 0 || looks > LOOKS_MAX) return;
    this.looks.set(shape, looks);
    const captured = await this.questionOf(this.client.db(String(command.$db)), collection, name, op);
    if (typeof captured === "string") {
      this.skipped.set(shape, captured);
    } else if (captured.met >= (this.questions.get(shape)?.met ?? 0)) {
      this.questions.set(shape, captured);
      this.skipped.delete(shape);
    }
  }

  private async questionOf(db: Db, collection: string, name: string, op: Document): Promise<Captured | string> {
    const others = [...new Set([...canonical(op).matchAll(/"from":"([^"]+)"/g)].map(([, from]) => from!))];
    if (others.length > 1) return "looks up in several collections";
    const filter = filterOf(op);
    const touched = await this.read(db, collection, filter, DOCS_MAX);
    const more = await this.read(db, collection, {}, DOCS_MAX - touched.length);
    const docs = [...touched, ...more.filter((doc) => !touched.some((one) => canonical(one._id) === canonical(doc._id)))].slice(0, DOCS_MAX);
    const asSent = name === "find" ? { ...op } : null;
    const ordered = withTotalOrder(name, op);
    if (!ordered && touched.length > 1) return "meets several documents and chooses one";
    const indexes = (await db.collection(collection).listIndexes().toArray().catch(() => [])).filter((index) => index.name !== "_id_" && index.expireAfterSeconds === undefined);
    const [other] = others;
    const lookup = other ? await this.read(db, other, {}, DOCS_MAX) : undefined;
    const renamed = other ? renameFrom(op, other) : op;
    const setup = { docs: docs.map(shortened), ...(lookup && { lookup: lookup.map(shortened) }), ...(indexes.length > 0 && { indexes: indexes.map(({ v: _v, ...index }) => index) }) };
    return { question: { ...setup, op: shortened(renamed) }, met: touched.length, asSent: asSent && shortened(asSent) };
  }

  private async read(db: Db, collection: string, filter: Document, limit: number): Promise<Document[]> {
    if (limit <= 0) return [];
    return db.collection(collection).find(filter, { ...EXACT_TYPES, limit }).toArray().catch(() => []);
  }
}

/** Long texts are cut, lists too: what a post says is not part of how it is found. */
function shortened<T>(value: T): T {
  const cut = (inner: unknown): unknown => {
    if (typeof inner === "string") return inner.length > TEXT_CHARACTERS_MAX ? [...inner].slice(0, TEXT_CHARACTERS_MAX).join("") : inner;
    if (Array.isArray(inner)) return inner.slice(0, LIST_MAX).map(cut);
    if (inner === null || typeof inner !== "object" || "_bsontype" in inner || inner instanceof Date) return inner;
    return Object.fromEntries(Object.entries(inner).map(([key, one]) => [key, cut(one)]));
  };
  return cut(value) as T;
}

function filterOf(op: Document): Document {
  const statement = ((op.updates ?? op.deletes) as Document[] | undefined)?.[0];
  const match = (op.pipeline as Document[] | undefined)?.[0]?.$match as Document | undefined;
  return (op.filter ?? op.query ?? statement?.q ?? match ?? {}) as Document;
}

/** Makes a find answer one list: an unsorted or tied order is the server's choice. True when the question is now definite. */
function withTotalOrder(name: string, op: Document): boolean {
  if (name === "find") {
    op.sort = { ...(op.sort as Document | undefined), ...((op.sort as Document | undefined)?._id === undefined && { _id: 1 }) };
    return true;
  }
  if (!isReadOnly(op) && name !== "insert") return ((op.updates ?? op.deletes) as Document[] | undefined)?.every((one) => one.multi === true || Number(one.limit) === 0) ?? false;
  return true;
}

function renameFrom(value: Document, other: string): Document {
  return EJSON.parse(canonical(value).replaceAll(`"from":${JSON.stringify(other)}`, '"from":"l"'), { relaxed: false }) as Document;
}

/** The command with every value replaced by its type: two commands of one shape ask the same kind of question. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Map(value.map((one) => [canonical(shapeOf(one)), shapeOf(one)])).values()];
  if (value === null) return "null";
  if (typeof value === "object" && !("_bsontype" in value) && !(value instanceof Date)) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
  }
  return typeof value === "object" ? ("_bsontype" in value ? String(value._bsontype) : "Date") : typeof value;
}

/** Forwards bytes both ways; whole messages from the client are shown to `see` first. */
function startProxy(see: (command: Document) => Promise<void>): Promise<Server> {
  const server = createServer((client) => {
    const engine = connect(PORT.engine, "127.0.0.1");
    let received: Buffer = Buffer.alloc(0);
    let turn: Promise<void> = Promise.resolve();
    client.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= received.readInt32LE(0)) {
        const message = received.subarray(0, received.readInt32LE(0));
        received = received.subarray(message.length);
        turn = turn.then(() => showThenForward(message, engine, see));
      }
    });
    engine.pipe(client);
    const end = () => {
      client.destroy();
      engine.destroy();
    };
    for (const socket of [client, engine]) socket.on("error", end).on("close", end);
  });
  return new Promise((resolve) => server.listen(PORT.proxy, "127.0.0.1", () => resolve(server)));
}

async function showThenForward(message: Buffer, engine: Socket, see: (command: Document) => Promise<void>): Promise<void> {
  if (message.readInt32LE(12) === OP_MSG && message[HEADER_BYTES + 4] === 0) {
    const length = message.readInt32LE(HEADER_BYTES + 5);
    await see(deserialize(message.subarray(HEADER_BYTES + 5, HEADER_BYTES + 5 + length), EXACT_TYPES));
  }
  engine.write(message);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
  const [program, ...args] = positionals;
  if (!values.out || !program) throw new Error("capture.ts --out FILE -- COMMAND …");
  const directory = mkdtempSync(join(tmpdir(), "goldbean-capture-"));
  const engine = await startEmbedded({ directory, port: PORT.engine });
  const client = await new MongoClient(`mongodb://127.0.0.1:${PORT.engine}/?directConnection=true`).connect();
  const capture = new Capture(client);
  const proxy = await startProxy((command) => capture.see(command));
  try {
    const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, MONGODB_URI: `mongodb://127.0.0.1:${PORT.proxy}/?directConnection=true` } });
    await new Promise((resolve) => child.once("exit", resolve));
    const captured = [...capture.questions.values()];
    const rows = captured.map(({ question }, order) => ({ id: `product-${order + 1}`, ...question, expect: {} }));
    // A page must be served by an index in MongoDB too, so its plan is asked for as it is sent.
    const plans = captured.filter(({ asSent, question }) => asSent !== null && question.indexes !== undefined);
    plans.forEach(({ question, asSent }, order) => rows.push({ ...question, id: `product-plan-${order + 1}`, op: { explain: asSent!, verbosity: "queryPlanner" }, expect: {} }));
    mkdirSync(dirname(values.out), { recursive: true });
    writeFileSync(values.out, printRows(rows));
    console.log(`${rows.length} questions written to ${values.out}`);
    for (const [shape, reason] of capture.skipped) console.log(`  left out, ${reason}: ${shape}`);
  } finally {
    proxy.close();
    await client.close();
    await engine.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

await main();
