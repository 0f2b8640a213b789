import { Long, UUID } from "bson";
import type { Document } from "mongodb";
import { describe, expect, test } from "vitest";
import { EngineProcess } from "../../../scripts/db/engine-process";
import { WireClient } from "../../../scripts/db/wire-client";
import { useEngine } from "./support/engine";

/** Commands as a driver would send them, so that numbers and repeats are in the test's hand. */
const engine = useEngine();

function session(): { lsid: { id: UUID }; next(): Long } {
  let number = 0;
  return { lsid: { id: new UUID() }, next: () => Long.fromNumber(++number) };
}

/** A connection of its own for each command: a command that waits would hold up the next on the same one. */
async function send(command: Document, db = "test"): Promise<Document> {
  const connection = await WireClient.open(engine().uri);
  try {
    return await connection.command(db, command);
  } finally {
    connection.close();
  }
}

async function valueOf(collection: string, id: number): Promise<number> {
  const found = await engine().client.db("test").collection(collection).findOne<{ n: number }>({ _id: id as never });
  return Number(found?.n);
}

async function seed(collection: string): Promise<void> {
  await send({ insert: collection, documents: [{ _id: 1, n: 0 }, { _id: 2, n: 0 }] });
}

const inc = (collection: string, id = 1): Document => ({ update: collection, updates: [{ q: { _id: id }, u: { $inc: { n: 1 } } }] });

describe("retryable writes", () => {
  test("given the same number twice, one after the other and at once, then it applies once and gets the first answer", async () => {
    await seed("once");
    const { lsid, next } = session();
    const txnNumber = next();
    const first = await send({ ...inc("once"), lsid, txnNumber });
    const again = await Promise.all([1, 2, 3].map(() => send({ ...inc("once"), lsid, txnNumber })));
    for (const reply of again) expect(reply).toMatchObject({ ok: first.ok, n: first.n, nModified: first.nModified });
    expect(await valueOf("once", 1)).toBe(1);
  });

  test("given a number below the newest, then it is refused with 225", async () => {
    await seed("old");
    const { lsid, next } = session();
    const [one, two] = [next(), next()];
    await send({ ...inc("old"), lsid, txnNumber: two });
    expect(await send({ ...inc("old"), lsid, txnNumber: one })).toMatchObject({ ok: 0, code: 225 });
    expect(await valueOf("old", 1)).toBe(1);
  });

  test("given a repeat while the first waits on the lock of a transaction, then it applies once", async () => {
    await seed("locked");
    const holder = session();
    const held = { lsid: holder.lsid, txnNumber: holder.next(), autocommit: false };
    await send({ ...inc("locked"), ...held, startTransaction: true });
    const { lsid, next } = session();
    const txnNumber = next();
    const writes = [1, 2].map(() => send({ ...inc("locked"), lsid, txnNumber }));
    // Sent after them and answered, so that they have had the time to come to the lock.
    await send({ ping: 1 });
    await send({ commitTransaction: 1, ...held }, "admin");
    const replies = await Promise.all(writes);
    for (const reply of replies) expect(reply).toMatchObject({ ok: 1, n: 1 });
    expect(await valueOf("locked", 1)).toBe(2);
  });

  test("given findAndModify twice with one number, then both get the same value", async () => {
    await seed("fam");
    const { lsid, next } = session();
    const command = { findAndModify: "fam", query: { _id: 1 }, update: { $inc: { n: 1 } }, new: true, lsid, txnNumber: next() };
    const [first, second] = [await send(command), await send(command)];
    expect(second?.value).toEqual(first?.value);
    expect(await valueOf("fam", 1)).toBe(1);
  });
});

describe("transactions", () => {
  test("given two that write one document, then the second is refused with 112 and the retry label, and a plain write waits", async () => {
    await seed("conflict");
    const [a, b] = [session(), session()];
    const first = { lsid: a.lsid, txnNumber: a.next(), autocommit: false };
    const second = { lsid: b.lsid, txnNumber: b.next(), autocommit: false };
    expect(await send({ ...inc("conflict"), ...first, startTransaction: true })).toMatchObject({ ok: 1, n: 1 });
    expect(await send({ ...inc("conflict"), ...second, startTransaction: true })).toMatchObject({ ok: 0, code: 112, errorLabels: ["TransientTransactionError"] });
    let waiting = true;
    const plain = send(inc("conflict")).finally(() => (waiting = false));
    await send({ ping: 1 });
    expect(waiting).toBe(true);
    await send({ commitTransaction: 1, ...first }, "admin");
    expect(await plain).toMatchObject({ ok: 1, n: 1 });
    expect(await valueOf("conflict", 1)).toBe(2);
  });

  test("given a write after the snapshot was taken, then writing the same document is a conflict, and reading shows the snapshot", async () => {
    await seed("snapshot");
    const { lsid, next } = session();
    const inside = { lsid, txnNumber: next(), autocommit: false };
    await send({ find: "snapshot", filter: { _id: 2 }, ...inside, startTransaction: true });
    await send(inc("snapshot"));
    const seen = await send({ find: "snapshot", filter: { _id: 1 }, ...inside });
    expect(Number(seen.cursor.firstBatch[0].n)).toBe(0);
    expect(await send({ ...inc("snapshot"), ...inside })).toMatchObject({ ok: 0, code: 112 });
  });

  test("given a commit that is sent again, then it answers ok; an unknown one and an abort of it answer 251", async () => {
    await seed("repeat");
    const { lsid, next } = session();
    const inside = { lsid, txnNumber: next(), autocommit: false };
    await send({ ...inc("repeat"), ...inside, startTransaction: true });
    for (let i = 0; i < 3; i++) expect(await send({ commitTransaction: 1, ...inside }, "admin")).toMatchObject({ ok: 1 });
    const unknown = { lsid: session().lsid, txnNumber: Long.fromNumber(7), autocommit: false };
    for (const name of ["commitTransaction", "abortTransaction"]) {
      expect(await send({ [name]: 1, ...unknown }, "admin")).toMatchObject({ ok: 0, code: 251, errorLabels: ["TransientTransactionError"] });
    }
    expect(await valueOf("repeat", 1)).toBe(1);
  });

  test("given any error inside, then the transaction is over and nothing of it stays", async () => {
    await seed("broken");
    const { lsid, next } = session();
    const inside = { lsid, txnNumber: next(), autocommit: false };
    await send({ ...inc("broken"), ...inside, startTransaction: true });
    expect(await send({ insert: "broken", documents: [{ _id: 1 }], ...inside })).toMatchObject({ ok: 1, n: 0 });
    expect(await send({ ...inc("broken"), ...inside })).toMatchObject({ ok: 0, code: 251 });
    expect(await valueOf("broken", 1)).toBe(0);
  });

  test("given an index that was built after a transaction wrote, then its commit is a conflict, and the retry fills the index", async () => {
    await seed("layout");
    const { lsid, next } = session();
    const inside = { lsid, txnNumber: next(), autocommit: false };
    await send({ insert: "layout", documents: [{ _id: 3, n: 7 }], ...inside, startTransaction: true });
    await send({ createIndexes: "layout", indexes: [{ key: { n: 1 }, name: "n_1" }] });
    expect(await send({ commitTransaction: 1, ...inside }, "admin")).toMatchObject({ ok: 0, code: 112 });
    expect(await engine().client.db("test").collection("layout").countDocuments({ n: 7 }, { hint: "n_1" })).toBe(0);
  });

  test("given a unique key inside an open transaction, then a plain insert of it waits and then sees the duplicate", async () => {
    await send({ createIndexes: "unique", indexes: [{ key: { k: 1 }, name: "k_1", unique: true }] });
    const { lsid, next } = session();
    const inside = { lsid, txnNumber: next(), autocommit: false };
    await send({ insert: "unique", documents: [{ _id: 1, k: "a" }], ...inside, startTransaction: true });
    const plain = send({ insert: "unique", documents: [{ _id: 2, k: "a" }] });
    await send({ ping: 1 });
    await send({ commitTransaction: 1, ...inside }, "admin");
    const reply = await plain;
    expect(reply.writeErrors).toMatchObject([{ code: 11000 }]);
  });

  test("given many sessions that add to one counter, then every acknowledged addition counts", async () => {
    await seed("counter");
    const { client } = engine();
    await Promise.all(
      Array.from({ length: 8 }, () =>
        client.withSession((own) =>
          own.withTransaction(async () => {
            const found = await client.db("test").collection("counter").findOne<{ n: number }>({ _id: 1 as never }, { session: own });
            await client.db("test").collection("counter").updateOne({ _id: 1 as never }, { $set: { n: Number(found?.n) + 1 } }, { session: own });
          }),
        ),
      ),
    );
    expect(await valueOf("counter", 1)).toBe(8);
  });

  test("given a client that does not wait for its commit and begins the next transaction, then what was acknowledged is there, and nothing else", async () => {
    await seed("hasty");
    const { lsid, next } = session();
    let acknowledged = 0;
    for (let round = 0; round < 20; round++) {
      const inside = { lsid, txnNumber: next(), autocommit: false };
      await send({ ...inc("hasty"), ...inside, startTransaction: true });
      const following = { lsid, txnNumber: next(), autocommit: false };
      const [first, second] = await Promise.all([
        send({ commitTransaction: 1, ...inside }, "admin"),
        send({ ...inc("hasty"), ...following, startTransaction: true }),
      ]);
      // Whichever came first at the session: the commit, or the newer number, which ends the older transaction.
      expect([first.ok, first.code]).toEqual(first.ok === 1 ? [1, undefined] : [0, 225]);
      const last = second.ok === 1 ? await send({ commitTransaction: 1, ...following }, "admin") : second;
      acknowledged += Number(first.ok) + Number(last.ok);
      expect(await valueOf("hasty", 1)).toBe(acknowledged);
    }
    expect(acknowledged).toBeGreaterThanOrEqual(20);
  });

  test("given a newer number while a transaction is open, then the older one leaves nothing and holds no lock", async () => {
    await seed("left");
    const { lsid, next } = session();
    await send({ ...inc("left"), lsid, txnNumber: next(), autocommit: false, startTransaction: true });
    expect(await send({ ...inc("left"), lsid, txnNumber: next() })).toMatchObject({ ok: 1, n: 1 });
    expect(await valueOf("left", 1)).toBe(1);
  });
});

test("given kill -9 after the answers, then a repeated commit and a repeated write get their first answers, and an older number is refused", async () => {
  const running = new EngineProcess();
  const ask = async (command: Document, db = "test"): Promise<Document> => {
    const connection = await WireClient.open(await running.uri());
    try {
      return await connection.command(db, command);
    } finally {
      connection.close();
    }
  };
  try {
    await running.start();
    await ask({ insert: "crash", documents: [{ _id: 1, n: 0 }, { _id: 2, n: 0 }] });
    const [a, b] = [session(), session()];
    const inside = { lsid: a.lsid, txnNumber: a.next(), autocommit: false };
    await ask({ ...inc("crash"), ...inside, startTransaction: true });
    expect(await ask({ commitTransaction: 1, ...inside }, "admin")).toMatchObject({ ok: 1 });
    const [older, newer] = [b.next(), b.next()];
    const write = { findAndModify: "crash", query: { _id: 2 }, update: { $inc: { n: 1 } }, new: true, lsid: b.lsid, txnNumber: newer };
    const { value } = await ask(write);
    await running.crash();
    expect(await ask({ commitTransaction: 1, ...inside }, "admin")).toMatchObject({ ok: 1 });
    expect((await ask(write)).value).toEqual(value);
    expect(await ask({ ...inc("crash", 2), lsid: b.lsid, txnNumber: older })).toMatchObject({ ok: 0, code: 225 });
    const { cursor } = await ask({ find: "crash", filter: {}, sort: { _id: 1 } });
    expect((cursor as Document).firstBatch.map((doc: Document) => Number(doc.n))).toEqual([1, 1]);
  } finally {
    await running.remove();
  }
});
