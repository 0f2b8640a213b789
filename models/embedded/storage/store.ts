import { open } from "lmdb";
import type { RootDatabase, Transaction as ReadTransaction } from "lmdb";
import { migrate } from "./format";
import { IDENT_META, identKey } from "./keys";
import { Layered, WriteSet, WriteView } from "./layers";
import type { Entry, Range, View } from "./layers";

/**
 * Store: the ordered keys of one data directory, on LMDB.
 * Guarantees: (1) what `commit` resolved for survives kill -9; (2) everything handed to one `commit` becomes visible
 * and durable together or not at all; (3) `durable()` and `pin()` show only what is on disk, `newest()` shows all.
 * Commits that arrive while a flush runs share the next one (a group), so many writers pay for one fsync.
 */
export interface Pinned extends View {
  release(): void;
}

interface Group {
  seq: number;
  writes: WriteSet;
  waiters: { resolve: () => void; reject: (error: unknown) => void }[];
}

const SEQ_KEY = identKey(IDENT_META, Buffer.from("seq"));
/** Address space, not disk or memory: reserving it once means that the map never has to move under a reader. */
const MAP_SIZE_BYTES = 2 ** 37;
/** The first chunk is small because most reads want a page; a long scan soon reads large ones. */
const CHUNK_FIRST = 32;
const CHUNK_MAX = 512;

export class Store {
  readonly #db: RootDatabase<Buffer, Buffer>;
  #visibleSeq: number;
  #open: Group;
  #flushing: Group | undefined;
  #failure: unknown;
  #closed = false;
  /** The group in which each key was last written, kept while a pinned view could still be older than it. */
  readonly #lastWrites = new Map<string, number>();
  /** Keys of flushed groups that some pinned view does not show yet. */
  #settled: { seq: number; keys: readonly string[] }[] = [];
  /** How many pinned views there are of each group number. */
  readonly #pins = new Map<number, number>();

  private constructor(db: RootDatabase<Buffer, Buffer>) {
    this.#db = db;
    const stored = db.get(SEQ_KEY);
    this.#visibleSeq = stored ? stored.readUIntBE(0, 6) : 0;
    this.#open = newGroup(this.#visibleSeq + 1);
  }

  static async open(directory: string): Promise<Store> {
    const db = open<Buffer, Buffer>({
      path: directory,
      keyEncoding: "binary",
      encoding: "binary",
      cache: false,
      // With overlapping sync a commit is visible before it is on disk; here visible has to mean durable.
      overlappingSync: false,
      // Groups are made here. With lmdb's own batching a failed commit also rejects a promise that nobody can listen to.
      eventTurnBatching: false,
      mapSize: MAP_SIZE_BYTES,
      maxReaders: 2048,
    });
    try {
      migrate(db, directory);
    } catch (error) {
      await db.close();
      throw error;
    }
    return new Store(db);
  }

  /** What is on disk at this moment. */
  durable(): View {
    return new LmdbView(this.#db, this.#visibleSeq);
  }

  /** Everything written so far, flushed or not: the ground on which the next write stands. */
  newest(): View {
    let view: View = this.durable();
    if (this.#flushing) view = new Layered(view, this.#flushing.writes);
    return new Layered(view, this.#open.writes, Number.POSITIVE_INFINITY);
  }

  /** A view that does not move. Its `seq` is read inside the same LMDB snapshot, so the two cannot disagree. */
  pin(): Pinned {
    this.#db.resetReadTxn();
    const transaction = this.#db.useReadTransaction();
    const stored = this.#db.get(SEQ_KEY, { transaction });
    const seq = stored ? stored.readUIntBE(0, 6) : 0;
    this.#pins.set(seq, (this.#pins.get(seq) ?? 0) + 1);
    let released = false;
    return Object.assign(new LmdbView(this.#db, seq, transaction), {
      release: () => {
        if (released) return;
        released = true;
        transaction.done();
        const left = (this.#pins.get(seq) ?? 1) - 1;
        if (left > 0) this.#pins.set(seq, left);
        else this.#pins.delete(seq);
        this.#forgetSettled();
      },
    });
  }

  /** True when the key was written by a commit that a view of `seq` does not show. */
  writtenAfter(text: string, seq: number): boolean {
    return (this.#lastWrites.get(text) ?? 0) > seq;
  }

  /** The number that the next commit will belong to. */
  get openSeq(): number {
    return this.#open.seq;
  }

  get visibleSeq(): number {
    return this.#visibleSeq;
  }

  /** A writer on the newest state; nothing of it counts before `commit`. */
  writer(claim: (text: string) => void): WriteView {
    return new WriteView(this.newest(), claim);
  }

  /** Applies the writes at once for `newest()`, and resolves when they are on disk. */
  commit(writes: WriteSet): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.#closed) return Promise.reject(new Error("the store is closed"));
    const group = this.#open;
    group.writes.absorb(writes);
    for (const text of writes.keys()) this.#lastWrites.set(text, group.seq);
    return new Promise((resolve, reject) => {
      group.waiters.push({ resolve, reject });
      if (!this.#flushing && group.waiters.length === 1) setImmediate(() => void this.#flush());
    });
  }

  /** Resolves when everything committed before the call is on disk. */
  async settled(): Promise<void> {
    if (this.#failure) throw this.#failure;
    if (this.#open.waiters.length > 0 || this.#flushing) await this.commit(new WriteSet());
  }

  stats(): { sizeBytes: number; entries: number } {
    const stats = this.#db.getStats() as { mapSize?: number; lastPageNumber?: number; pageSize?: number; entryCount?: number };
    return { sizeBytes: (stats.lastPageNumber ?? 0) * (stats.pageSize ?? 4096), entries: stats.entryCount ?? 0 };
  }

  /** Copies the environment as of one moment into an existing empty directory, while it serves. */
  async backup(directory: string): Promise<void> {
    await this.settled();
    await this.#db.backup(directory, true);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (!this.#failure) await this.settled();
    this.#closed = true;
    await this.#db.close();
  }

  async #flush(): Promise<void> {
    if (this.#flushing || this.#failure) return;
    const group = this.#open;
    if (group.waiters.length === 0) return;
    this.#flushing = group;
    this.#open = newGroup(group.seq + 1);
    try {
      if (group.writes.size > 0) {
        await this.#db.transaction(() => {
          for (const [, key, value] of group.writes.entries()) {
            if (value) this.#db.putSync(key, value);
            else this.#db.removeSync(key);
          }
          const seq = Buffer.allocUnsafe(6);
          seq.writeUIntBE(group.seq, 0, 6);
          this.#db.putSync(SEQ_KEY, seq);
        });
      }
    } catch (error) {
      this.#fail(error, group);
      return;
    }
    this.#db.resetReadTxn();
    this.#visibleSeq = group.seq;
    this.#flushing = undefined;
    this.#settled.push({ seq: group.seq, keys: [...group.writes.keys()] });
    this.#forgetSettled();
    for (const { resolve } of group.waiters) resolve();
    if (this.#open.waiters.length > 0) setImmediate(() => void this.#flush());
  }

  /** Memory and disk may disagree from here on (the disk is full, say), so no write is accepted until a restart; reads go on. */
  #fail(error: unknown, group: Group): void {
    const failure = new Error("the data could not be written to disk; make room and start again", { cause: error });
    // LMDB tells the reason in a second promise, which would end the process if nobody listened to it.
    if (error instanceof Error && "commitError" in error && error.commitError instanceof Promise) {
      error.commitError.catch((reason: unknown) => (failure.cause = reason));
    }
    this.#failure = failure;
    for (const { reject } of [...group.waiters, ...this.#open.waiters]) reject(failure);
  }

  #forgetSettled(): void {
    const oldest = Math.min(...this.#pins.keys());
    const kept = this.#settled.filter(({ seq }) => seq > oldest);
    for (const { seq, keys } of this.#settled) {
      if (seq > oldest) continue;
      for (const text of keys) if (this.#lastWrites.get(text) === seq) this.#lastWrites.delete(text);
    }
    this.#settled = kept;
  }
}

function newGroup(seq: number): Group {
  return { seq, writes: new WriteSet(), waiters: [] };
}

class LmdbView implements View {
  constructor(
    private readonly db: RootDatabase<Buffer, Buffer>,
    readonly seq: number,
    private readonly transaction?: ReadTransaction,
  ) {}

  get(key: Buffer): Buffer | undefined {
    return this.transaction ? this.db.get(key, { transaction: this.transaction }) : this.db.get(key);
  }

  count({ from, to }: Range): number {
    return this.db.getKeysCount({ start: from, end: to, ...(this.transaction ? { transaction: this.transaction } : {}) });
  }

  /** Reads in chunks and finds its place again by key, so that no LMDB cursor stays open between two batches. */
  *range({ from, to, reverse = false }: Range): Iterable<Entry> {
    let low = from;
    let high = to;
    let exclusive = false;
    for (let limit = CHUNK_FIRST; ; limit = Math.min(limit * 4, CHUNK_MAX)) {
      const chunk = Array.from(
        this.db.getRange({
          start: reverse ? high : low,
          end: reverse ? low : high,
          reverse,
          // `to` is exclusive and `from` inclusive in both directions; LMDB's end is exclusive, its start inclusive.
          exclusiveStart: reverse || exclusive,
          inclusiveEnd: reverse,
          limit,
          ...(this.transaction ? { transaction: this.transaction } : {}),
        }),
      );
      yield* chunk;
      const last = chunk[limit - 1];
      if (!last) return;
      exclusive = true;
      if (reverse) high = last.key;
      else low = last.key;
    }
  }
}
