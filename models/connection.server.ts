import { setTimeout as wait } from "node:timers/promises";
import mongoose, { type ClientSession } from "mongoose";

/** A running transaction; passed to every call inside it. */
export type Tx = ClientSession;

const DUPLICATE_KEY = 11000;

/**
 * Connects the process. Importing a model opens nothing; entry points call this once with the address from env.
 * Majority writes are set here, not left to the server's default: a bean or a word acknowledged is on most members.
 */
export async function connect(uri: string, options: { poolSizeMax?: number } = {}): Promise<void> {
  mongoose.set("autoIndex", false);
  mongoose.set("autoCreate", false);
  mongoose.set("bufferCommands", false);
  await mongoose.connect(uri, {
    maxPoolSize: options.poolSizeMax ?? 20,
    serverSelectionTimeoutMS: 10_000,
    socketTimeoutMS: 30_000,
    writeConcern: { w: "majority", wtimeoutMS: 10_000 },
    readConcern: { level: "majority" },
    retryWrites: true,
  });
}

export async function disconnect(): Promise<void> {
  await mongoose.disconnect();
}

/** True while the driver has a usable connection; used by /readyz. */
export async function pingDatabase(): Promise<boolean> {
  const db = mongoose.connection.db;
  if (mongoose.connection.readyState !== 1 || !db) return false;
  const reply = await db.command({ ping: 1 }, { timeoutMS: 2_000 });
  return reply.ok === 1;
}

/**
 * Runs `work` in one transaction (snapshot reads, majority commit) and returns its result.
 * `work` may run more than once: database work only, in sequence, `tx` passed to every call.
 * The driver retries write conflicts itself. A lost upsert race can surface as E11000 instead; that is retried once here.
 */
export async function inTransaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await runOnce(work);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
    // The winner of the race has committed by now, or will within this pause; the second run then sees its row.
    await wait(5);
    return runOnce(work);
  }
}

async function runOnce<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const session = await mongoose.connection.startSession();
  try {
    return await session.withTransaction(work, {
      readConcern: { level: "snapshot" },
      writeConcern: { w: "majority" },
      maxCommitTimeMS: 10_000,
    });
  } finally {
    await session.endSession();
  }
}

export function isDuplicateKey(error: unknown): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === DUPLICATE_KEY;
}
