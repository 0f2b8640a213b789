import { getField } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import type { Collection } from "../storage/collection";
import type { View, WriteView } from "../storage/layers";
import { LockHeld } from "../transactions/locks";
import type { Session } from "../transactions/sessions";
import type { Transaction } from "../transactions/transaction";
import { numberOf, optionalDoc } from "./fields";
import type { Engine } from "./engine";

/** One command on its way: where it reads, how it writes, until when it may run. */
export interface ContextOptions {
  engine: Engine;
  command: Doc;
  db: string;
  session: Session | undefined;
  transaction: Transaction | undefined;
  /** A retryable write: its answer is stored with its data. */
  retryable: boolean;
}

export class Context {
  readonly engine: Engine;
  readonly command: Doc;
  readonly db: string;
  readonly session: Session | undefined;
  readonly transaction: Transaction | undefined;
  readonly now: Date;
  readonly deadlineMs: number;
  readonly #retryable: boolean;

  constructor({ engine, command, db, session, transaction, retryable }: ContextOptions) {
    this.engine = engine;
    this.command = command;
    this.db = db;
    this.session = session;
    this.transaction = transaction;
    this.#retryable = retryable;
    this.now = engine.clock();
    const maxTimeMs = numberOf(getField(command, "maxTimeMS"));
    this.deadlineMs = maxTimeMs > 0 ? this.now.getTime() + maxTimeMs : Number.POSITIVE_INFINITY;
    refuseCollation(getField(command, "collation"));
    if (!transaction && optionalDoc(command, "readConcern")?.level === "snapshot") throw notSupported("a snapshot read outside a transaction");
  }

  /** Values of `let`, for $expr and pipelines. */
  get variables(): Doc | undefined {
    return optionalDoc(this.command, "let");
  }

  namespace(collection: string): string {
    return `${this.db}.${collection}`;
  }

  collection(name: string): Collection | undefined {
    return this.engine.catalog.get(this.namespace(name));
  }

  view(): View {
    return this.transaction?.view ?? this.engine.store.durable();
  }

  checkDeadline(): void {
    if (this.engine.clock().getTime() > this.deadlineMs) throw new CommandError(50, "operation exceeded time limit");
  }

  /**
   * Runs the writes of one command: all of them in one piece, or, when a lock is in the way, again from the start
   * after its holder has ended. The answer goes out when everything that it rests on is on disk.
   */
  async write(work: (writer: WriteView) => Doc): Promise<Doc> {
    if (this.transaction) return work(this.transaction.view);
    const { store, locks } = this.engine;
    for (;;) {
      const writer = store.writer((text) => locks.requireFree(text));
      try {
        const reply = work(writer);
        if (this.#retryable) this.session?.record(writer, reply, this.now);
        if (writer.top.size > 0) await store.commit(writer.top);
        else await store.settled();
        return reply;
      } catch (error) {
        if (!(error instanceof LockHeld)) {
          await store.settled();
          throw error;
        }
        await this.#waitFor(error.holder.ended);
      }
    }
  }

  async #waitFor(ended: Promise<void>): Promise<void> {
    if (!Number.isFinite(this.deadlineMs)) return ended;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, Math.min(this.deadlineMs - this.now.getTime(), 2 ** 31 - 1))));
    await Promise.race([ended, late]).finally(() => clearTimeout(timer));
    this.checkDeadline();
  }
}

export function refuseCollation(collation: Value): void {
  if (collation === undefined || collation === null) return;
  const locale = typeof collation === "object" ? getField(collation as Doc, "locale") : undefined;
  if (locale !== "simple") throw notSupported("a collation");
}
