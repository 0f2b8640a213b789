import { randomBytes } from "node:crypto";
import { ObjectId, Timestamp } from "../bson/values";
import { Cursors } from "../query/cursor";
import { Catalog } from "../storage/catalog";
import { Store } from "../storage/store";
import { Locks } from "../transactions/locks";
import { Sessions } from "../transactions/sessions";
import { TRANSACTION_LIFETIME_MS, Transaction, transientError } from "../transactions/transaction";

/** The parts of one running engine, put together. Commands find everything they need here. */
export interface EngineOptions {
  directory: string;
  /** What clients connect to; hello has to name exactly this. */
  address: string;
  clock?: () => Date;
}

/** Each open transaction keeps an LMDB reader, and with it the pages that it may still read. */
const TRANSACTIONS_MAX = 1000;

export class Engine {
  readonly locks = new Locks();
  readonly sessions: Sessions;
  readonly catalog: Catalog;
  readonly cursors = new Cursors();
  readonly electionId = new ObjectId(randomBytes(12).toString("hex"));
  readonly startedAt: Date;
  connections: () => number = () => 0;
  #lastTime = { seconds: 0, increment: 0 };

  private constructor(
    readonly store: Store,
    readonly address: string,
    readonly directory: string,
    readonly clock: () => Date,
  ) {
    this.sessions = new Sessions(store);
    this.catalog = new Catalog(store);
    this.startedAt = clock();
  }

  static async open({ directory, address, clock = () => new Date() }: EngineOptions): Promise<Engine> {
    return new Engine(await Store.open(directory), address, directory, clock);
  }

  beginTransaction(): Transaction {
    if (this.sessions.openTransactions().length >= TRANSACTIONS_MAX) throw transientError(112, `more than ${TRANSACTIONS_MAX} transactions are open`);
    return new Transaction(this.store, this.locks, this.clock().getTime());
  }

  /** Moves forward with every answer, as drivers expect of a replica set. */
  clusterTime(): Timestamp {
    const seconds = Math.max(Math.floor(this.clock().getTime() / 1000), this.#lastTime.seconds);
    const increment = seconds === this.#lastTime.seconds ? this.#lastTime.increment + 1 : 1;
    this.#lastTime = { seconds, increment };
    return new Timestamp({ t: seconds, i: increment });
  }

  /** What has to be done from time to time: ends transactions and cursors whose time is over. */
  expire(): void {
    const nowMs = this.clock().getTime();
    for (const transaction of this.sessions.openTransactions()) {
      if (transaction.startedAtMs < nowMs - TRANSACTION_LIFETIME_MS) transaction.abort();
    }
    this.cursors.expire(nowMs);
  }

  async close(): Promise<void> {
    this.sessions.abortAll();
    await this.catalog.close();
    await this.store.close();
  }
}
