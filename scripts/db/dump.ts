import { createHash } from "node:crypto";
import { deserialize, type Document } from "bson";
import type { ClientSession, Db } from "mongodb";
import { EXACT_TYPES } from "./rows";

/**
 * A whole database as a stream of records, and back. Backup, restore and move are this module with another end on it.
 * Order: one header, then for each collection its description, its documents in _id order, and its end with count and checksum.
 * Guarantees: documents travel as the stored BSON bytes, so no type changes; the reading happens in one snapshot;
 * a checksum covers every byte of a collection's documents in _id order, so equal checksums mean equal contents.
 */
export type DumpRecord =
  | { kind: "header"; format: 1; database: string; takenAt: Date }
  | { kind: "collection"; name: string; options: Document; indexes: Document[] }
  | { kind: "document"; bytes: Uint8Array }
  | ({ kind: "end" } & CollectionProof);

export interface CollectionProof {
  name: string;
  count: number;
  sha256: string;
}

const BATCH_DOCUMENTS = 500;
/** Below the 16 MB of a document and the 48 MB of a message, whatever the documents weigh. */
const BATCH_BYTES = 8_000_000;

export async function* readDatabase(db: Db, session: ClientSession, takenAt: Date): AsyncGenerator<DumpRecord> {
  yield { kind: "header", format: 1, database: db.databaseName, takenAt };
  // The catalogue is read outside the snapshot: listCollections is refused inside a transaction.
  for (const { name, options } of await listCollections(db)) {
    const indexes = await db.collection(name).listIndexes().toArray();
    yield { kind: "collection", name, options, indexes: indexes.map(withoutServerFields) };
    yield* readDocuments(db, name, session);
  }
}

async function listCollections(db: Db): Promise<{ name: string; options: Document }[]> {
  const found = await db.listCollections({}, { nameOnly: false }).toArray();
  return found
    .filter((one) => !one.name.startsWith("system.") && one.type !== "view")
    .map((one) => ({ name: one.name, options: "options" in one ? (one.options ?? {}) : {} }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** The version of an index format and its namespace belong to the server that holds it. */
function withoutServerFields(index: Document): Document {
  const { v: _version, ns: _namespace, ...kept } = index;
  return kept;
}

async function* readDocuments(db: Db, name: string, session: ClientSession | undefined): AsyncGenerator<DumpRecord> {
  const hash = createHash("sha256");
  let count = 0;
  const cursor = db.collection(name).find({}, { sort: { _id: 1 }, raw: true, session, batchSize: BATCH_DOCUMENTS });
  for await (const document of cursor) {
    const bytes = document as unknown as Uint8Array;
    hash.update(bytes);
    count++;
    yield { kind: "document", bytes };
  }
  yield { kind: "end", name, count, sha256: hash.digest("hex") };
}

/** Reads a collection again and returns what it holds now. */
export async function proveCollection(db: Db, name: string): Promise<CollectionProof> {
  let proof: CollectionProof = { name, count: 0, sha256: "" };
  for await (const record of readDocuments(db, name, undefined)) if (record.kind === "end") proof = { name, count: record.count, sha256: record.sha256 };
  return proof;
}

export class TargetNotEmpty extends Error {
  constructor(readonly database: string, readonly collection: string) {
    super(`The database "${database}" already holds documents in "${collection}": nothing was written. Choose an empty database.`);
    this.name = "TargetNotEmpty";
  }
}

/** Empty collections are welcome: on a sharded cluster they are created and sharded before the documents come. */
export async function requireEmpty(db: Db): Promise<void> {
  for (const { name } of await listCollections(db)) {
    if ((await db.collection(name).findOne({}, { projection: { _id: 1 } })) !== null) throw new TargetNotEmpty(db.databaseName, name);
  }
}

export class ProofFailed extends Error {
  constructor(expected: CollectionProof, actual: CollectionProof) {
    super(
      `The collection "${expected.name}" did not arrive whole: expected ${expected.count} documents with checksum ${expected.sha256}, ` +
        `found ${actual.count} with ${actual.sha256}.`,
    );
    this.name = "ProofFailed";
  }
}

/** Writes the records into `db`: the indexes of a collection first, then its documents, then the proof that they are all there. */
export async function writeDatabase(db: Db, records: AsyncIterable<DumpRecord>): Promise<CollectionProof[]> {
  const proofs: CollectionProof[] = [];
  let name = "";
  let expiring: Document[] = [];
  let batch: Document[] = [];
  let batchBytes = 0;
  const flush = async () => {
    if (batch.length > 0) await db.collection(name).insertMany(batch, { ordered: true });
    batch = [];
    batchBytes = 0;
  };
  for await (const record of records) {
    switch (record.kind) {
      case "header":
        break;
      case "collection": {
        name = record.name;
        await createCollection(db, name, record.options);
        const wanted = record.indexes.filter((index) => index.name !== "_id_");
        expiring = wanted.filter((index) => index.expireAfterSeconds !== undefined);
        await createIndexes(db, name, wanted.filter((index) => index.expireAfterSeconds === undefined));
        break;
      }
      case "document":
        batch.push(deserialize(record.bytes, EXACT_TYPES));
        batchBytes += record.bytes.length;
        if (batch.length >= BATCH_DOCUMENTS || batchBytes >= BATCH_BYTES) await flush();
        break;
      case "end": {
        await flush();
        const expected = { name: record.name, count: record.count, sha256: record.sha256 };
        const actual = await proveCollection(db, name);
        if (actual.count !== expected.count || actual.sha256 !== expected.sha256) throw new ProofFailed(expected, actual);
        proofs.push(actual);
        // An index that lets documents expire comes after the proof, or the server might remove some before they are counted.
        await createIndexes(db, name, expiring);
        break;
      }
    }
  }
  return proofs;
}

const NAMESPACE_EXISTS = 48;

async function createCollection(db: Db, name: string, options: Document): Promise<void> {
  try {
    await db.command({ create: name, ...options });
  } catch (error) {
    // It was created in advance, for instance sharded; requireEmpty has seen that it holds nothing.
    if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
  }
}

async function createIndexes(db: Db, name: string, indexes: Document[]): Promise<void> {
  if (indexes.length > 0) await db.command({ createIndexes: name, indexes });
}

/** Removes what a restore with --drop is to replace. */
export async function dropCollections(db: Db): Promise<void> {
  for (const { name } of await listCollections(db)) await db.collection(name).drop();
}

/**
 * Runs `work` with reads from one moment. A cluster reads at a snapshot outside a transaction, which has no time limit;
 * the embedded engine reads in a transaction, which it keeps open as long as it is used.
 */
export async function withSnapshot<T>(db: Db, kind: "cluster" | "embedded", work: (session: ClientSession) => Promise<T>): Promise<T> {
  const session = db.client.startSession(kind === "cluster" ? { snapshot: true } : {});
  try {
    if (kind === "embedded") session.startTransaction({ readConcern: { level: "snapshot" } });
    return await work(session);
  } finally {
    if (session.inTransaction()) await session.abortTransaction();
    await session.endSession();
  }
}
