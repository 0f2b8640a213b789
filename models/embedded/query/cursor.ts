import { randomBytes } from "node:crypto";
import { Long, encode } from "../bson/values";
import { CommandError } from "../errors";
import { docOf } from "../storage/doc";
import type { Collection } from "../storage/collection";
import type { Transaction } from "../transactions/transaction";
import { arrayField, documentField, joinDocuments } from "../wire/raw";

/**
 * Open answers. A cursor keeps its place between batches and holds nothing of the store while it waits: its walk finds
 * its place again by key. Cursors that nobody asks for end after ten minutes.
 */
const CURSORS_MAX = 2000;
const IDLE_MAX_MS = 10 * 60_000;
const FIRST_BATCH_DEFAULT = 101;
/** A batch ends before it would pass the largest document; one document alone may be that large. */
const BATCH_MAX_BYTES = 16 * 1024 * 1024;
const BATCH_MAX_DOCUMENTS = 100_000;

export interface CursorSource {
  namespace: string;
  documents: Iterable<Uint8Array>;
  /** What the walk depends on; when it has changed the cursor cannot go on. */
  collection?: Collection | undefined;
  transaction?: Transaction | undefined;
}

interface OpenCursor extends CursorSource {
  id: bigint;
  iterator: Iterator<Uint8Array>;
  /** Read already, did not fit into the batch before. */
  held: Uint8Array | undefined;
  removalVersion: number | undefined;
  lastUsedMs: number;
}

export class Cursors {
  readonly #open = new Map<bigint, OpenCursor>();

  get size(): number {
    return this.#open.size;
  }

  /** The first batch, and a cursor for the rest if there is one. */
  start(source: CursorSource, batchSize: number | undefined, singleBatch: boolean, nowMs: number): Uint8Array {
    const cursor: OpenCursor = {
      ...source,
      id: 0n,
      iterator: source.documents[Symbol.iterator](),
      held: undefined,
      removalVersion: source.collection?.removalVersion,
      lastUsedMs: nowMs,
    };
    const { batch, ended } = takeBatch(cursor, batchSize ?? FIRST_BATCH_DEFAULT);
    if (!ended && !singleBatch) {
      if (this.#open.size >= CURSORS_MAX) throw new CommandError(261, `more than ${CURSORS_MAX} cursors are open`);
      cursor.id = BigInt.asUintN(62, randomBytes(8).readBigUInt64BE()) || 1n;
      this.#open.set(cursor.id, cursor);
    } else cursor.iterator.return?.();
    return cursorReply("firstBatch", cursor, batch);
  }

  more(id: bigint, namespace: string, batchSize: number | undefined, transaction: Transaction | undefined, nowMs: number): Uint8Array {
    const cursor = this.#open.get(id);
    if (!cursor || cursor.namespace !== namespace) throw new CommandError(43, `cursor id ${id} not found`);
    if (cursor.transaction !== transaction) throw new CommandError(50738, "a cursor can only be continued in the transaction in which it was opened");
    const { collection } = cursor;
    if (collection && (collection.dropped || collection.removalVersion !== cursor.removalVersion)) {
      this.#open.delete(id);
      throw new CommandError(175, "the collection or an index of it was dropped or renamed while the cursor was open");
    }
    cursor.lastUsedMs = nowMs;
    try {
      const { batch, ended } = takeBatch(cursor, batchSize || BATCH_MAX_DOCUMENTS);
      if (ended) {
        this.#open.delete(id);
        cursor.id = 0n;
      }
      return cursorReply("nextBatch", cursor, batch);
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  kill(id: bigint, namespace: string): boolean {
    const cursor = this.#open.get(id);
    if (!cursor || cursor.namespace !== namespace) return false;
    cursor.iterator.return?.();
    return this.#open.delete(id);
  }

  expire(nowMs: number): void {
    for (const [id, cursor] of this.#open) {
      if (cursor.lastUsedMs < nowMs - IDLE_MAX_MS || (cursor.transaction && cursor.transaction.state !== "open")) this.#open.delete(id);
    }
  }
}

function takeBatch(cursor: OpenCursor, count: number): { batch: Uint8Array[]; ended: boolean } {
  const batch: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    let next = cursor.held;
    cursor.held = undefined;
    if (!next) {
      const step = cursor.iterator.next();
      if (step.done === true) return { batch, ended: true };
      next = step.value;
    }
    // One document is read ahead, so that an answer that ends with its batch leaves no cursor behind.
    if (batch.length === count || (batch.length > 0 && sizeBytes + next.length > BATCH_MAX_BYTES)) {
      cursor.held = next;
      return { batch, ended: false };
    }
    batch.push(next);
    sizeBytes += next.length;
  }
  return { batch, ended: false };
}

/** The id is an int64 even when it is 0: drivers read another type as "missing". */
function cursorReply(field: "firstBatch" | "nextBatch", cursor: OpenCursor, batch: readonly Uint8Array[]): Uint8Array {
  const head = encode(docOf({ id: Long.fromBigInt(cursor.id), ns: cursor.namespace }));
  const body = documentField("cursor", joinDocuments([arrayField(field, batch), head]));
  return joinDocuments([body, encode(docOf({ ok: 1 }))]);
}
