import { Binary } from "bson";
import { decode, encode } from "../bson/values";
import type { Doc } from "../bson/values";
import { CommandError } from "../errors";
import { docOf } from "../storage/doc";
import { IDENT_SESSIONS, afterPrefix, identKey } from "../storage/keys";
import type { WriteView } from "../storage/layers";
import type { Store } from "../storage/store";
import { transientError } from "./transaction";
import type { Transaction } from "./transaction";

/**
 * Sessions: what a client did last, so that a repeat gets the first answer.
 * Guarantees: (1) the commands of one session run one after the other; (2) the outcome of the newest number is stored in
 * the same flush as its data, so it survives a crash exactly when the data does; (3) numbers never go back.
 */
export const SESSION_TIMEOUT_MINUTES = 30;

/** A record outlives the session for a while: a client may come back late with its retry. */
const RECORD_MAX_AGE_MS = 2 * SESSION_TIMEOUT_MINUTES * 60_000;
const SESSIONS_MAX = 100_000;

interface Outcome {
  txnNumber: number;
  /** The answer to a retryable write; undefined when the number belonged to a transaction that committed. */
  reply?: Doc;
}

export class Session {
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  transaction: Transaction | undefined;
  lastUsedMs = 0;

  constructor(
    readonly id: Buffer,
    public txnNumber: number,
    public outcome: Outcome | undefined,
  ) {}

  get busy(): boolean {
    return this.#waiting > 0;
  }

  inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const turn = this.#queue.then(work).finally(() => this.#waiting--);
    // The next command runs whether this one failed or not; the failure goes to the one who asked.
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Moves on to the number of a command. A newer one ends whatever the older one left open. */
  advance(txnNumber: number): void {
    if (txnNumber < this.txnNumber) {
      throw new CommandError(225, `Cannot start transaction ${txnNumber} on this session because a newer transaction ${this.txnNumber} has already started.`);
    }
    if (txnNumber > this.txnNumber) {
      this.transaction?.abort();
      this.transaction = undefined;
      this.outcome = undefined;
      this.txnNumber = txnNumber;
    }
  }

  /** Puts the outcome of the current number among the writes that it belongs to. */
  record(view: WriteView, reply: Doc | undefined, now: Date): void {
    this.outcome = reply ? { txnNumber: this.txnNumber, reply } : { txnNumber: this.txnNumber };
    const stored: Doc = docOf({ n: this.txnNumber, at: now });
    if (reply) stored.reply = reply;
    view.put(identKey(IDENT_SESSIONS, this.id), Buffer.from(encode(stored)));
  }
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();

  constructor(private readonly store: Store) {}

  get size(): number {
    return this.#sessions.size;
  }

  require(lsid: unknown, nowMs: number): Session {
    const id = sessionId(lsid);
    const name = id.toString("latin1");
    let session = this.#sessions.get(name);
    if (!session) {
      if (this.#sessions.size >= SESSIONS_MAX) throw new CommandError(261, "too many sessions are open");
      session = this.#load(id);
      this.#sessions.set(name, session);
    }
    session.lastUsedMs = nowMs;
    return session;
  }

  openTransactions(): Transaction[] {
    return [...this.#sessions.values()].flatMap(({ transaction }) => (transaction?.state === "open" ? [transaction] : []));
  }

  /** Ends what the sessions left open; the records of their outcomes stay for late repeats. */
  async end(lsids: readonly unknown[]): Promise<void> {
    for (const lsid of lsids) {
      const name = sessionId(lsid).toString("latin1");
      const session = this.#sessions.get(name);
      await session?.inTurn(async () => {
        session.transaction?.abort();
        session.transaction = undefined;
      });
      if (session && !session.busy) this.#sessions.delete(name);
    }
  }

  abortAll(): void {
    for (const { transaction } of this.#sessions.values()) transaction?.abort();
  }

  /** Forgets sessions that nobody used for the session timeout, and records that are past any retry. */
  async sweep(now: Date): Promise<void> {
    const nowMs = now.getTime();
    for (const [name, session] of this.#sessions) {
      if (!session.busy && session.lastUsedMs < nowMs - SESSION_TIMEOUT_MINUTES * 60_000) {
        session.transaction?.abort();
        this.#sessions.delete(name);
      }
    }
    const from = identKey(IDENT_SESSIONS);
    const expired: Buffer[] = [];
    for (const { key, value } of this.store.durable().range({ from, to: afterPrefix(from) })) {
      const { at } = decode(value);
      const live = this.#sessions.has(key.subarray(4).toString("latin1"));
      if (!live && at instanceof Date && at.getTime() < nowMs - RECORD_MAX_AGE_MS) expired.push(key);
    }
    if (expired.length === 0) return;
    const writer = this.store.writer(() => undefined);
    for (const key of expired) writer.remove(key);
    await this.store.commit(writer.top);
  }

  #load(id: Buffer): Session {
    const bytes = this.store.newest().get(identKey(IDENT_SESSIONS, id));
    if (!bytes) return new Session(id, -1, undefined);
    const { n, reply } = decode(bytes);
    const txnNumber = Number(n);
    return new Session(id, txnNumber, reply ? { txnNumber, reply: reply as Doc } : { txnNumber });
  }
}

export function noSuchTransaction(txnNumber: number): CommandError {
  return transientError(251, `Given transaction number ${txnNumber} does not match any in-progress transactions.`);
}

function sessionId(lsid: unknown): Buffer {
  const id = typeof lsid === "object" && lsid !== null ? (lsid as Doc).id : undefined;
  if (!(id instanceof Binary) || id.length() !== 16) throw new CommandError(2, "lsid.id must be a UUID");
  return Buffer.from(id.buffer.subarray(0, 16));
}
