import { randomUUID } from "node:crypto";
import { Binary, Long, type Document } from "bson";
import { Random } from "./random";
import { ConnectionLost, WireClient } from "./wire-client";

/**
 * Concurrent histories: several sessions append to lists, move amounts between counters and count ticks, with transactions,
 * aborts, conflicts, doubled retryable writes and, when the engine is killed, repeats of what had no answer.
 * What every session saw is written down here; history-check.ts judges it.
 */
export const HISTORY_DATABASE = "history";

/** The engine under test. `uri()` waits while it is being restarted. */
export interface HistoryEngine {
  uri(): Promise<string>;
}

export interface HistoryOptions {
  seed: number;
  sessions: number;
  /** Units of work of each session. */
  steps: number;
  keys: number;
  counters: number;
}

export type Step = { read: string; list: number[] } | { append: string; value: number } | { audit: number };

export interface Entry {
  session: number;
  kind: "transaction" | "write" | "read";
  steps: Step[];
  outcome: "committed" | "aborted";
  /** Positions in the order in which the client saw beginnings and ends; a commit known before a beginning precedes it. */
  beganAt: number;
  endedAt: number;
}

export interface History {
  entries: Entry[];
  lists: Map<string, number[]>;
  counterTotal: number;
  ticksAcknowledged: number;
  ticksStored: number;
  conflicts: number;
  repeats: number;
}

export async function prepareHistory(uri: string, options: HistoryOptions): Promise<void> {
  const client = await WireClient.open(uri);
  const lists = Array.from({ length: options.keys }, (_, key) => ({ _id: `list${key}`, list: [] }));
  const counters = Array.from({ length: options.counters }, (_, key) => ({ _id: `counter${key}`, n: 0 }));
  for (const [collection, documents] of [["lists", lists], ["counters", [...counters]], ["ticks", [{ _id: "tick", n: 0 }]]] as const) {
    expectOk(await client.command(HISTORY_DATABASE, { insert: collection, documents }));
  }
  client.close();
}

export async function runHistory(engine: HistoryEngine, options: HistoryOptions): Promise<History> {
  const clock = { now: 0 };
  const sessions = Array.from({ length: options.sessions }, (_, number) => new HistorySession(engine, options, number, clock));
  await Promise.all(sessions.map((session) => session.run()));
  const client = await WireClient.open(await engine.uri());
  const lists = new Map<string, number[]>();
  for (const doc of await readAll(client, "lists")) lists.set(String(doc._id), doc.list as number[]);
  const counterTotal = (await readAll(client, "counters")).reduce((sum, doc) => sum + Number(doc.n), 0);
  const ticksStored = Number((await readAll(client, "ticks"))[0]!.n);
  client.close();
  return {
    entries: sessions.flatMap((session) => session.entries),
    lists,
    counterTotal,
    ticksStored,
    ticksAcknowledged: sum(sessions.map((session) => session.ticks)),
    conflicts: sum(sessions.map((session) => session.conflicts)),
    repeats: sum(sessions.map((session) => session.repeats)),
  };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

async function readAll(client: WireClient, collection: string): Promise<Document[]> {
  const reply = expectOk(await client.command(HISTORY_DATABASE, { find: collection, filter: {}, batchSize: 10_000 }));
  return (reply.cursor as Document).firstBatch as Document[];
}

export class UnexpectedReply extends Error {
  constructor(readonly reply: Document) {
    super(`unexpected reply: ${JSON.stringify(reply)}`);
    this.name = "UnexpectedReply";
  }
}

function expectOk(reply: Document): Document {
  if (reply.ok !== 1 || reply.writeErrors !== undefined) throw new UnexpectedReply(reply);
  return reply;
}

const NO_SUCH_TRANSACTION = 251;
const RECONNECT_ATTEMPTS_MAX = 200;

/** A conflict, or a transaction that the server gave up: the client may run it again. */
class TransactionGone extends Error {}

class HistorySession {
  readonly entries: Entry[] = [];
  ticks = 0;
  conflicts = 0;
  repeats = 0;
  private readonly random: Random;
  private readonly lsid = { id: new Binary(Buffer.from(randomUUID().replaceAll("-", ""), "hex"), Binary.SUBTYPE_UUID) };
  private txnNumber = 0;
  private nextValue: number;
  private client: WireClient | null = null;
  private twin: WireClient | null = null;

  constructor(
    private readonly engine: HistoryEngine,
    private readonly options: HistoryOptions,
    private readonly number: number,
    private readonly clock: { now: number },
  ) {
    this.random = new Random(options.seed).fork(number);
    this.nextValue = (number + 1) * 1_000_000;
  }

  async run(): Promise<void> {
    for (let step = 0; step < this.options.steps; step++) {
      await this.random.weighted<() => Promise<void>>([
        [10, () => this.appendTransaction()],
        [3, () => this.transfer()],
        [2, () => this.audit()],
        [3, () => this.retryableAppend()],
        [2, () => this.tick()],
        [1, () => this.plainRead()],
      ])();
    }
    this.client?.close();
    this.twin?.close();
  }

  private async appendTransaction(): Promise<void> {
    const plan = Array.from({ length: this.random.between(2, 5) }, () => ({ key: this.key(), write: this.random.chance(0.5) }));
    const giveUp = this.random.chance(0.1);
    await this.transaction(giveUp, async (send, steps) => {
      for (const { key, write } of plan) {
        if (write) {
          const value = this.nextValue++;
          steps.push({ append: key, value });
          await send({ update: "lists", updates: [{ q: { _id: key }, u: { $push: { list: value } } }] });
        } else {
          steps.push({ read: key, list: listOf(await send({ find: "lists", filter: { _id: key } })) });
        }
      }
    });
  }

  /** Takes from one counter and gives to another: the total stays 0 in every snapshot. */
  private async transfer(): Promise<void> {
    const [from, to] = this.random.shuffled(Array.from({ length: this.options.counters }, (_, key) => `counter${key}`));
    const amount = this.random.between(1, 9);
    await this.transaction(this.random.chance(0.1), async (send) => {
      await send({ update: "counters", updates: [{ q: { _id: from }, u: { $inc: { n: -amount } } }] });
      await send({ update: "counters", updates: [{ q: { _id: to }, u: { $inc: { n: amount } } }] });
    });
  }

  private async audit(): Promise<void> {
    await this.transaction(false, async (send, steps) => {
      let total = 0;
      for (let key = 0; key < this.options.counters; key++) {
        const found = (await send({ find: "counters", filter: { _id: `counter${key}` } })).cursor as Document;
        total += Number((found.firstBatch as Document[])[0]?.n);
      }
      steps.push({ audit: total });
    });
  }

  private async transaction(giveUp: boolean, work: (send: (command: Document) => Promise<Document>, steps: Step[]) => Promise<void>): Promise<void> {
    const number = ++this.txnNumber;
    const entry = this.begin("transaction");
    let first = true;
    const send = async (command: Document): Promise<Document> => {
      const start = first ? { startTransaction: true, readConcern: { level: "snapshot" } } : {};
      first = false;
      const reply = await this.send({ ...command, ...this.inTransaction(number), ...start });
      if (reply.ok === 1 && reply.writeErrors === undefined) return reply;
      const labels = (reply.errorLabels ?? []) as string[];
      if (labels.includes("TransientTransactionError")) throw new TransactionGone();
      throw new UnexpectedReply(reply);
    };
    try {
      await work(send, entry.steps);
      entry.outcome = giveUp ? await this.abort(number) : await this.commit(number);
    } catch (error) {
      if (error instanceof ConnectionLost) {
        // The commit was never sent, so the transaction must be gone with the process. Nothing of it may appear.
        entry.outcome = "aborted";
        await this.reconnect();
      } else if (error instanceof TransactionGone) {
        this.conflicts++;
        entry.outcome = await this.abort(number);
      } else {
        throw error;
      }
    }
    this.end(entry);
  }

  private inTransaction(number: number): Document {
    return { lsid: this.lsid, txnNumber: Long.fromNumber(number), autocommit: false };
  }

  /** Commits, and commits again as often as the answer is lost: the answer tells for certain which it was. */
  private async commit(number: number): Promise<Entry["outcome"]> {
    // Now and then the answer to a commit is taken for lost although it came: the repeat must say the same.
    const doubled = this.random.chance(0.1);
    for (;;) {
      try {
        const reply = await this.send({ commitTransaction: 1, ...this.inTransaction(number), writeConcern: { w: "majority" } }, "admin");
        if (reply.ok === 1) {
          if (doubled) expectOk(await this.send({ commitTransaction: 1, ...this.inTransaction(number) }, "admin"));
          return "committed";
        }
        if (reply.code === NO_SUCH_TRANSACTION || ((reply.errorLabels ?? []) as string[]).includes("TransientTransactionError")) {
          this.conflicts++;
          return "aborted";
        }
        throw new UnexpectedReply(reply);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        this.repeats++;
        await this.reconnect();
      }
    }
  }

  private async abort(number: number): Promise<Entry["outcome"]> {
    try {
      const reply = await this.send({ abortTransaction: 1, ...this.inTransaction(number) }, "admin");
      if (reply.ok !== 1 && reply.code !== NO_SUCH_TRANSACTION) throw new UnexpectedReply(reply);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      await this.reconnect();
    }
    return "aborted";
  }

  /** One retryable findAndModify: it reads and appends in one step, and is repeated under its number until answered. */
  private async retryableAppend(): Promise<void> {
    const key = this.key();
    const value = this.nextValue++;
    const entry = this.begin("write");
    const reply = await this.retryable({ findAndModify: "lists", query: { _id: key }, update: { $push: { list: value } }, new: true });
    entry.steps.push({ append: key, value }, { read: key, list: (reply.value as Document).list as number[] });
    entry.outcome = "committed";
    this.end(entry);
  }

  private async tick(): Promise<void> {
    const reply = await this.retryable({ update: "ticks", updates: [{ q: { _id: "tick" }, u: { $inc: { n: 1 } } }] });
    if (reply.n !== 1) throw new UnexpectedReply(reply);
    this.ticks++;
  }

  private async retryable(command: Document): Promise<Document> {
    const body = { ...command, lsid: this.lsid, txnNumber: Long.fromNumber(++this.txnNumber) };
    for (;;) {
      try {
        if (!this.random.chance(0.3)) return expectOk(await this.send(body));
        // The same write on two connections at once: it applies once and both get the first answer.
        this.repeats++;
        const [one, other] = await Promise.all([this.send(body), this.sendTwin(body)]);
        expectOk(one);
        expectOk(other);
        return one;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        this.repeats++;
        await this.reconnect();
      }
    }
  }

  private async plainRead(): Promise<void> {
    const key = this.key();
    const entry = this.begin("read");
    try {
      entry.steps.push({ read: key, list: listOf(expectOk(await this.send({ find: "lists", filter: { _id: key }, readConcern: { level: "majority" } }))) });
      entry.outcome = "committed";
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      await this.reconnect();
    }
    this.end(entry);
  }

  private key(): string {
    return `list${this.random.below(this.options.keys)}`;
  }

  private begin(kind: Entry["kind"]): Entry {
    return { session: this.number, kind, steps: [], outcome: "aborted", beganAt: this.clock.now++, endedAt: Infinity };
  }

  private end(entry: Entry): void {
    entry.endedAt = this.clock.now++;
    this.entries.push(entry);
  }

  private async send(body: Document, database = HISTORY_DATABASE): Promise<Document> {
    this.client ??= await WireClient.open(await this.engine.uri());
    return this.client.command(database, body);
  }

  private async sendTwin(body: Document): Promise<Document> {
    this.twin ??= await WireClient.open(await this.engine.uri());
    return this.twin.command(HISTORY_DATABASE, body);
  }

  private async reconnect(): Promise<void> {
    this.client?.close();
    this.twin?.close();
    this.client = null;
    this.twin = null;
    for (let attempt = 0; attempt < RECONNECT_ATTEMPTS_MAX; attempt++) {
      try {
        this.client = await WireClient.open(await this.engine.uri());
        return;
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
      }
    }
    throw new Error("the engine did not come back");
  }
}

function listOf(reply: Document): number[] {
  const first = ((reply.cursor as Document).firstBatch as Document[])[0];
  return (first?.list ?? []) as number[];
}
