import type { Document } from "bson";
import type { ClientSession, Db } from "mongodb";
import { expect, test } from "vitest";
import { filterOf, sortOf, worldOf } from "../../../scripts/db/generator-values";
import { updateOf } from "../../../scripts/db/generator-updates";
import { Random } from "../../../scripts/db/random";
import { answerOf, canonical, EXACT_TYPES, setUp } from "../../../scripts/db/rows";
import { useEngine } from "./support/engine";

/**
 * One question asked in two ways has one answer: through an index or by scanning, inside a transaction or outside,
 * as find, aggregate, count or a length. No second engine is needed, so this runs everywhere.
 */
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 20_261_124);
const WORLDS = 30;
const FILTERS_PER_WORLD = 12;

const engine = useEngine();

test("given random collections and indexes, then a plan never changes an answer", async () => {
  const db = engine().client.db("plans");
  const root = new Random(SEED);
  let compared = 0;
  for (let number = 0; number < WORLDS; number++) {
    const random = root.fork(number);
    const indexes = await buildWorld(db, random);
    for (let left = FILTERS_PER_WORLD; left > 0; left--) {
      const filter = filterOf(random);
      const sort = { ...sortOf(random, false), _id: 1 };
      const scanned = await answer(db, { find: "c", filter, sort, hint: { $natural: 1 } });
      const label = `seed ${SEED}, world ${number}, ${canonical({ filter, sort, indexes })}`;
      expect(await answer(db, { find: "c", filter, sort }), label).toEqual(scanned);
      expect(await answer(db, { aggregate: "c", pipeline: [{ $match: filter }, { $sort: sort }], cursor: {} }), `aggregate, ${label}`).toEqual(scanned);
      const docs = (JSON.parse(scanned) as { docs?: unknown[]; ids?: unknown[] }).docs ?? (JSON.parse(scanned) as { ids?: unknown[] }).ids;
      if (docs) expect(await answer(db, { count: "c", query: filter }), `count, ${label}`).toBe(canonical({ n: docs.length }));
      compared++;
    }
  }
  expect(compared).toBe(WORLDS * FILTERS_PER_WORLD);
});

test("given a transaction with writes that are not committed, then its plans agree, others see none of it, and abort leaves no trace", async () => {
  const { client } = engine();
  const db = client.db("inside");
  const root = new Random(SEED + 1);
  for (let number = 0; number < WORLDS / 3; number++) {
    const random = root.fork(number);
    const indexes = await buildWorld(db, random);
    const before = await answer(db, { find: "c", filter: {}, sort: { _id: 1 } });
    const session = client.startSession();
    session.startTransaction({ readConcern: { level: "snapshot" } });
    try {
      await writeSome(db, session, random);
      for (let left = FILTERS_PER_WORLD; left > 0; left--) {
        const filter = filterOf(random);
        const find = { find: "c", filter, sort: { _id: 1 } };
        // A refused filter would end the transaction; refusals are compared by the tests before this one.
        if ((await answerOf(db, find)).error) continue;
        const label = `seed ${SEED}, world ${number}, ${canonical({ filter, indexes })}`;
        const scanned = await answerIn(db, session, { ...find, hint: { $natural: 1 } });
        expect(await answerIn(db, session, find), label).toBe(scanned);
      }
      expect(await answer(db, { find: "c", filter: {}, sort: { _id: 1 } }), "seen from outside").toBe(before);
    } finally {
      await session.abortTransaction();
      await session.endSession();
    }
    expect(await answer(db, { find: "c", filter: {}, sort: { _id: 1 } }), "after the abort").toBe(before);
  }
});

test("given the same updates inside and outside a transaction, then they leave the same documents", async () => {
  const { client } = engine();
  const root = new Random(SEED + 2);
  const [plain, inside] = [client.db("plainly"), client.db("within")];
  for (let number = 0; number < WORLDS / 3; number++) {
    const random = root.fork(number);
    const world = worldOf(random);
    await Promise.all([setUp(plain, { ...world, indexes: [] }), setUp(inside, { ...world, indexes: [] })]);
    let comparable = true;
    for (let left = FILTERS_PER_WORLD; left > 0; left--) {
      const op = updateOf(random);
      const outside = await answerOf(plain, op);
      const session = client.startSession();
      session.startTransaction();
      let within: Document;
      try {
        within = await command(inside, session, op);
        await session.commitTransaction();
      } catch {
        // The first error ends a transaction; outside, a failed statement changes nothing either.
        within = { failed: true };
        if (session.inTransaction()) await session.abortTransaction();
      } finally {
        await session.endSession();
      }
      if (outside.errors !== undefined || outside.error !== undefined) {
        // A failed statement over many documents keeps what it did before, outside; inside, the transaction takes it back.
        comparable = !(op.updates as Document[])[0]!.multi;
        if (comparable) continue;
        break;
      }
      expect({ n: Number(within.n), nModified: Number(within.nModified) }, canonical(op)).toEqual({ n: outside.n, nModified: outside.nModified });
    }
    if (!comparable) continue;
    const contents = { find: "c", filter: {}, sort: { _id: 1 } };
    expect(await answer(inside, contents), `seed ${SEED}, world ${number}`).toBe(await answer(plain, contents));
  }
});

async function buildWorld(db: Db, random: Random): Promise<Document[]> {
  const { docs, lookup, indexes } = worldOf(random);
  await setUp(db, { docs, lookup, indexes: [] });
  const built: Document[] = [];
  for (const index of indexes) {
    // An index that the documents do not allow (a duplicate, two arrays) is left out.
    const reply = await answerOf(db, { createIndexes: "c", indexes: [index] });
    if (reply.error === undefined) built.push(index);
  }
  return built;
}

async function writeSome(db: Db, session: ClientSession, random: Random): Promise<void> {
  await command(db, session, { insert: "c", documents: worldOf(random).docs.slice(0, 3).map((doc, order) => ({ ...doc, _id: 1_000 + order, u: 100_000 + order })) });
  await command(db, session, { update: "c", updates: [{ q: { _id: { $lte: 6 } }, u: { $set: { a: 3, w: 1 }, $unset: { b: "" } }, multi: true }] });
  await command(db, session, { delete: "c", deletes: [{ q: { _id: { $in: [2, 9] } }, limit: 0 }] });
}

async function command(db: Db, session: ClientSession, op: Document): Promise<Document> {
  const reply = await db.command(op, { ...EXACT_TYPES, session });
  if (reply.writeErrors) throw new Error(canonical(reply.writeErrors));
  return reply;
}

async function answer(db: Db, op: Document): Promise<string> {
  return withoutMessage(await answerOf(db, op));
}

async function answerIn(db: Db, session: ClientSession, op: Document): Promise<string> {
  const reply = await command(db, session, { ...op, batchSize: 1_000 });
  return canonical(((reply.cursor as Document).firstBatch as Document[]).map((doc) => doc));
}

function withoutMessage(reply: Document): string {
  const error = reply.error as Document | undefined;
  return canonical(error ? { code: error.code as number } : reply.ids ? { docs: (reply.ids as unknown[]).map((_id) => ({ _id })) } : reply);
}
