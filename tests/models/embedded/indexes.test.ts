import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Binary, Long } from "bson";
import type { Document } from "mongodb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answer } from "@models/embedded/commands/dispatch";
import { Engine } from "@models/embedded/commands/engine";
import { decode, encode, isDoc } from "@models/embedded/bson/values";
import type { Doc, Value } from "@models/embedded/bson/values";
import { afterPrefix, identKey } from "@models/embedded/storage/keys";
import { removeExpired } from "@models/embedded/ttl";

/** The engine without a socket and with a clock in the test's hand. */
let engine: Engine;
let directory: string;
let now: Date;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), "goldbean-indexes-"));
  now = new Date("2026-03-01T12:00:00Z");
  engine = await Engine.open({ directory, address: "test", clock: () => now });
});

afterEach(async () => {
  await engine.close();
  rmSync(directory, { recursive: true, force: true });
});

async function send(command: Record<string, unknown>): Promise<Document> {
  return decode(await answer(engine, () => toDoc({ ...command, $db: command.$db ?? "test" }), 1));
}

/** Through bytes, as a client's command would come. */
function toDoc(command: Record<string, unknown>): Doc {
  return decode(encode(command as Doc));
}

async function find(filter: Record<string, unknown>, options: Record<string, unknown> = {}): Promise<Value[]> {
  const reply = await send({ find: "c", filter, ...options });
  return (reply.cursor as Doc).firstBatch as Value[];
}

const entriesOf = (name: string): number => {
  const index = engine.catalog.get("test.c")?.indexes.find(({ spec }) => spec.name === name);
  if (!index) throw new Error(`no index ${name}`);
  const from = identKey(index.ident);
  return engine.store.durable().count({ from, to: afterPrefix(from) });
};

describe("what an index holds", () => {
  test("given inserts, updates and deletes, then it holds exactly the keys of the documents it covers", async () => {
    await send({
      createIndexes: "c",
      indexes: [
        { key: { t: 1 }, name: "many" },
        { key: { a: 1 }, name: "sparse", sparse: true },
        { key: { a: 1 }, name: "partial", partialFilterExpression: { on: true } },
      ],
    });
    await send({ insert: "c", documents: [{ _id: 1, t: [1, 2, 2], a: 1, on: true }, { _id: 2, t: [] }, { _id: 3, t: 5, a: 2 }] });
    expect([entriesOf("many"), entriesOf("sparse"), entriesOf("partial")]).toEqual([4, 2, 1]);
    await send({ update: "c", updates: [{ q: { _id: 1 }, u: { $set: { t: [2, 3, 4], on: false } } }, { q: { _id: 3 }, u: { $unset: { a: 1 } } }] });
    expect([entriesOf("many"), entriesOf("sparse"), entriesOf("partial")]).toEqual([5, 1, 0]);
    await send({ delete: "c", deletes: [{ q: {}, limit: 0 }] });
    expect([entriesOf("many"), entriesOf("sparse"), entriesOf("partial")]).toEqual([0, 0, 0]);
  });

  test("given a statement that fails at its last index, then nothing of it stays in any index", async () => {
    await send({ createIndexes: "c", indexes: [{ key: { a: 1 }, name: "a" }, { key: { b: 1 }, name: "b", unique: true }] });
    await send({ insert: "c", documents: [{ _id: 1, a: 1, b: 1 }] });
    expect(await send({ insert: "c", documents: [{ _id: 2, a: 2, b: 1 }, { _id: 3, a: 3, b: 3 }], ordered: false })).toMatchObject({
      n: 1,
      writeErrors: [{ index: 0, code: 11000, keyPattern: { b: 1 }, keyValue: { b: 1 } }],
    });
    expect([entriesOf("_id_"), entriesOf("a"), entriesOf("b")]).toEqual([2, 2, 2]);
  });

  test("given an index that is dropped, or a collection, then its keys go away and the name can be used again", async () => {
    await send({ insert: "c", documents: [{ _id: 1, a: 1 }] });
    await send({ createIndexes: "c", indexes: [{ key: { a: 1 }, name: "a" }] });
    const ident = engine.catalog.get("test.c")?.indexes[1]?.ident ?? 0;
    await send({ dropIndexes: "c", index: "a" });
    await send({ drop: "c" });
    await engine.catalog.close();
    const from = identKey(ident);
    expect(engine.store.newest().count({ from, to: afterPrefix(from) })).toBe(0);
    await send({ insert: "c", documents: [{ _id: 1, a: 2 }] });
    expect(await find({})).toMatchObject([{ _id: 1, a: 2 }]);
  });

  test("given a restart, then indexes, their options and what they know of arrays are as before", async () => {
    await send({ createIndexes: "c", indexes: [{ key: { a: 1, t: -1 }, name: "at", unique: true }, { key: { on: 1 }, name: "ttl", expireAfterSeconds: 60 }] });
    await send({ insert: "c", documents: [{ _id: 1, a: 1, t: [1, 2] }] });
    const before = await send({ listIndexes: "c" });
    await engine.close();
    engine = await Engine.open({ directory, address: "test", clock: () => now });
    expect((await send({ listIndexes: "c" })).cursor).toEqual(before.cursor);
    expect(engine.catalog.get("test.c")?.indexes.find(({ spec }) => spec.name === "at")?.multikey).toEqual(new Set(["t"]));
    expect(await find({ a: 1, t: 2 })).toHaveLength(1);
  });
});

describe("indexes under way", () => {
  const SPECS = [
    { key: { a: 1 }, name: "a" },
    { key: { t: 1, a: -1 }, name: "ta" },
    { key: { u: 1 }, name: "u", unique: true, sparse: true },
    { key: { a: -1 }, name: "p", partialFilterExpression: { b: { $gt: 2 } } },
  ];

  /** Each index holds the keys of the stored documents, no more and no fewer. */
  function checkIndexes(): void {
    const collection = engine.catalog.get("test.c");
    if (!collection) throw new Error("no collection");
    const view = engine.store.durable();
    for (const index of collection.indexes) {
      const wanted = new Set<string>();
      for (const { recordNumber, bytes } of collection.records(view)) {
        for (const text of index.entriesOf(decode(bytes), () => undefined).keys()) wanted.add(`${text}:${recordNumber}`);
      }
      const from = identKey(index.ident);
      const held = new Set(
        Array.from(view.range({ from, to: afterPrefix(from) }), (entry) => {
          const key = index.unique ? entry.key : entry.key.subarray(0, entry.key.length - 6);
          return `${key.toString("latin1")}:${index.recordNumber(entry)}`;
        }),
      );
      expect(held, index.spec.name).toEqual(wanted);
    }
  }

  test("given transactions, plain writes, and indexes that come and go meanwhile, then in the end every index is exact", async () => {
    let state = 12345;
    const random = (below: number): number => {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      return (state >> 8) % below;
    };
    await send({ insert: "c", documents: Array.from({ length: 30 }, (_, _id) => ({ _id, a: random(5), b: random(5) })) });
    const change = (): Record<string, unknown> => {
      const q = { _id: random(40) };
      const t = random(3) === 0 ? [random(4), random(4)] : random(4);
      const kind = random(5);
      if (kind === 0) return { delete: "c", deletes: [{ q, limit: 1 }] };
      if (kind === 1) return { update: "c", updates: [{ q, u: { $set: { u: random(20) } } }] };
      return { update: "c", updates: [{ q, u: { $set: { a: random(5), b: random(5), t }, $unset: { u: 1 } }, upsert: random(2) === 0 }] };
    };
    const worker = async (number: number): Promise<void> => {
      const lsid = { id: new Binary(Buffer.alloc(16, 100 + number), 4) };
      for (let i = 1; i <= 60; i++) {
        const inside = { lsid, txnNumber: Long.fromNumber(i), autocommit: false };
        if (random(2) === 0) {
          await send({ ...change(), lsid, txnNumber: Long.fromNumber(i) });
          continue;
        }
        let reply = await send({ ...change(), ...inside, startTransaction: true });
        for (let step = 0; step < 3 && reply.ok === 1 && reply.writeErrors === undefined; step++) {
          await new Promise((resolve) => setImmediate(resolve));
          reply = await send({ ...change(), ...inside });
        }
        await send({ [random(4) === 0 ? "abortTransaction" : "commitTransaction"]: 1, ...inside, $db: "admin" });
      }
    };
    const layout = async (): Promise<void> => {
      for (let i = 0; i < 60; i++) {
        const spec = SPECS[random(SPECS.length)];
        if (random(2) === 0) await send({ createIndexes: "c", indexes: [spec] });
        else await send({ dropIndexes: "c", index: spec?.name });
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([...[1, 2, 3, 4, 5].map(worker), layout()]);
    for (const spec of SPECS) await send({ createIndexes: "c", indexes: [spec] });
    engine.expire();
    await engine.store.settled();
    checkIndexes();
    expect(engine.sessions.openTransactions()).toEqual([]);
  });
});

describe("TTL", () => {
  test("given documents with dates, then those past their time go, and one that a transaction holds stays for the next round", async () => {
    await send({ createIndexes: "c", indexes: [{ key: { at: 1 }, name: "at", expireAfterSeconds: 60 }] });
    const old = new Date(now.getTime() - 61_000);
    await send({ insert: "c", documents: [{ _id: 1, at: old }, { _id: 2, at: old }, { _id: 3, at: now }, { _id: 4, at: "text" }, { _id: 5 }, { _id: 6, at: [now, old] }] });
    const inside = { lsid: { id: new Binary(Buffer.alloc(16, 7), 4) }, txnNumber: Long.fromNumber(1), autocommit: false };
    await send({ update: "c", updates: [{ q: { _id: 2 }, u: { $set: { at: now } } }], ...inside, startTransaction: true });
    expect(await removeExpired(engine, now)).toBe(2);
    await send({ commitTransaction: 1, ...inside, $db: "admin" });
    expect((await find({})).map((doc) => (isDoc(doc) ? doc._id : null))).toEqual([2, 3, 4, 5]);
    expect(await removeExpired(engine, new Date(now.getTime() + 61_000))).toBe(2);
  });
});

describe("time limits", () => {
  test("given a transaction that is open for longer than a minute, then it is over and its locks are free", async () => {
    await send({ insert: "c", documents: [{ _id: 1, n: 0 }] });
    const inside = { lsid: { id: new Binary(Buffer.alloc(16, 9), 4) }, txnNumber: Long.fromNumber(1), autocommit: false };
    await send({ update: "c", updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }], ...inside, startTransaction: true });
    const waiting = send({ update: "c", updates: [{ q: { _id: 1 }, u: { $inc: { n: 10 } } }] });
    now = new Date(now.getTime() + 61_000);
    engine.expire();
    expect(await waiting).toMatchObject({ ok: 1, nModified: 1 });
    expect(await send({ commitTransaction: 1, ...inside, $db: "admin" })).toMatchObject({ ok: 0, code: 251 });
    expect(await find({})).toMatchObject([{ n: 10 }]);
  });

  test("given a cursor that nobody asked for in ten minutes, then it is gone; one that is used stays", async () => {
    await send({ insert: "c", documents: Array.from({ length: 10 }, (_, _id) => ({ _id })) });
    const reply = await send({ find: "c", batchSize: 2 });
    const id = (reply.cursor as Doc).id as Long;
    now = new Date(now.getTime() + 9 * 60_000);
    engine.expire();
    expect(await send({ getMore: id, collection: "c", batchSize: 2 })).toMatchObject({ ok: 1 });
    now = new Date(now.getTime() + 11 * 60_000);
    engine.expire();
    expect(await send({ getMore: id, collection: "c", batchSize: 2 })).toMatchObject({ ok: 0, code: 43 });
  });

  test("given answers that end with their batch, then no cursor stays open; a dropped collection ends one that is", async () => {
    await send({ insert: "c", documents: [{ _id: 1 }, { _id: 2 }, { _id: 3 }] });
    for (const options of [{ limit: 2, batchSize: 2 }, { batchSize: 3 }, { singleBatch: true, batchSize: 1 }]) {
      const reply = await send({ find: "c", ...options });
      expect(String((reply.cursor as Doc).id)).toBe("0");
    }
    const reply = await send({ find: "c", batchSize: 1 });
    await send({ drop: "c" });
    expect(await send({ getMore: (reply.cursor as Doc).id, collection: "c" })).toMatchObject({ ok: 0, code: 175 });
  });

  test("given old session records, then they are forgotten after the time of any retry, and young ones stay", async () => {
    const lsid = { id: new Binary(Buffer.alloc(16, 3), 4) };
    const insert = { insert: "c", documents: [{ _id: 1 }], lsid, txnNumber: Long.fromNumber(5) };
    await send(insert);
    await engine.sessions.sweep(now);
    expect(await send(insert)).toMatchObject({ ok: 1, n: 1 });
    now = new Date(now.getTime() + 3 * 60 * 60_000);
    await engine.sessions.sweep(now);
    await engine.sessions.sweep(now);
    expect(await send(insert)).toMatchObject({ ok: 1, n: 0, writeErrors: [{ code: 11000 }] });
  });
});
