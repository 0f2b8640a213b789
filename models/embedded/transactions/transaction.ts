import { CommandError } from "../errors";
import { WriteView } from "../storage/layers";
import type { Pinned, Store } from "../storage/store";
import type { Collection } from "../storage/collection";
import type { Holder, Locks } from "./locks";

/**
 * One multi-document transaction: reads from a pinned snapshot with its own writes over it, and holds the lock of every
 * key that it writes until it ends. First writer wins: a key that somebody else holds, or that was written after the
 * snapshot, is a write conflict, which the driver retries from the beginning.
 */
export const TRANSACTION_LIFETIME_MS = 60_000;

/** All writes of a transaction are in memory until it commits. */
const TRANSACTION_MAX_BYTES = 128 * 1024 * 1024;

export function transientError(code: number, message: string): CommandError {
  return new CommandError(code, message, { labels: ["TransientTransactionError"] });
}

export class WriteConflict extends CommandError {
  constructor(readonly holder?: Holder) {
    super(112, "Write conflict during plan execution and yielding is disabled. Please retry your operation or multi-document transaction.", {
      labels: ["TransientTransactionError"],
    });
  }
}

export class Transaction {
  readonly view: WriteView;
  readonly ended: Promise<void>;
  #state: "open" | "committed" | "aborted" = "open";
  #end!: () => void;
  readonly #snapshot: Pinned;
  /** The layout of each collection when this transaction first wrote to it: an index built since would miss entries. */
  readonly #layouts = new Map<Collection, number>();

  constructor(
    private readonly store: Store,
    private readonly locks: Locks,
    readonly startedAtMs: number,
  ) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#snapshot = store.pin();
    this.view = new WriteView(this.#snapshot, (text) => this.#claim(text));
  }

  get state(): "open" | "committed" | "aborted" {
    return this.#state;
  }

  get hasWrites(): boolean {
    return this.view.top.size > 0;
  }

  /** The layout of a collection that this transaction is about to write to must stay as it is until the end. */
  touch(collection: Collection): void {
    if (!this.#layouts.has(collection)) this.#layouts.set(collection, collection.layoutVersion);
    if (this.view.top.sizeBytes > TRANSACTION_MAX_BYTES) {
      throw new CommandError(257, `a transaction may write ${TRANSACTION_MAX_BYTES} bytes`);
    }
  }

  /** Hands the writes to the store. They are in effect when this returns and on disk when the promise resolves. */
  commit(addRecord: (view: WriteView) => void): Promise<void> {
    for (const [collection, version] of this.#layouts) {
      if (collection.dropped || collection.layoutVersion !== version) throw new WriteConflict();
    }
    addRecord(this.view);
    const durable = this.store.commit(this.view.top);
    this.#finish("committed");
    return durable;
  }

  abort(): void {
    if (this.#state === "open") this.#finish("aborted");
  }

  #finish(state: "committed" | "aborted"): void {
    this.#state = state;
    this.locks.release(this);
    this.#snapshot.release();
    this.#end();
  }

  #claim(text: string): void {
    const holder = this.locks.holderOf(text);
    if (holder === this) return;
    if (holder || this.store.writtenAfter(text, this.#snapshot.seq)) throw new WriteConflict(holder);
    this.locks.take(text, this);
  }
}
