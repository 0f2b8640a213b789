import type { Document } from "mongodb";
import { describe, expect, test } from "vitest";
import { useEngine } from "./support/engine";

/** Whatever the planner chooses, the answer is that of a walk through the whole collection. */
const engine = useEngine();

/** Small, seeded, good enough to spread cases: a linear congruential generator with Knuth's constants. */
function randomFrom(seed: number): (below: number) => number {
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number((state >> 33n) % BigInt(below));
  };
}

type Random = (below: number) => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)] as T;

const SCALARS = [null, 0, 1, 2, 3, 4, 5, 1.5, "a", "b", "ab", true, new Date(0), new Date(5), { x: 1 }];

function valueFor(random: Random, arrays: boolean): unknown {
  if (arrays && random(5) === 0) return Array.from({ length: random(4) }, () => pick(random, SCALARS));
  return pick(random, SCALARS);
}

function documentFor(random: Random, id: number): Document {
  const doc: Document = { _id: id };
  for (const field of ["a", "b", "c"]) if (random(6) > 0) doc[field] = valueFor(random, field === "c");
  if (random(2) === 0) doc.d = { e: valueFor(random, true), f: random(4) };
  if (random(4) === 0) doc.d = [{ e: random(4), f: random(4) }, { e: random(4) }];
  return doc;
}

const PATHS = ["a", "b", "c", "d.e", "d.f", "_id"];

function conditionFor(random: Random): unknown {
  const value = (): unknown => pick(random, SCALARS);
  switch (random(11)) {
    case 0:
      return { $in: [value(), value(), value()] };
    case 1:
      return { [pick(random, ["$gt", "$gte", "$lt", "$lte"])]: value() };
    case 2:
      return { $gte: random(4), $lt: random(6) };
    case 3:
      return { $ne: value() };
    case 4:
      return { $exists: random(2) === 0 };
    case 5:
      return { $nin: [value(), value()] };
    case 6:
      return { $not: { $gt: random(4) } };
    case 7:
      return { $elemMatch: pick<Document>(random, [{ $gt: 1, $lt: 4 }, { e: 1 }, { e: { $gt: 1 }, f: 2 }]) };
    default:
      return value();
  }
}

function filterFor(random: Random, depth = 0): Document {
  const filter: Document = {};
  for (let i = random(3) + (depth === 0 ? 0 : 1); i > 0; i--) filter[pick(random, PATHS)] = conditionFor(random);
  if (depth === 0 && random(4) === 0) filter.$or = [filterFor(random, 1), filterFor(random, 1)];
  if (depth === 0 && random(6) === 0) filter.$and = [filterFor(random, 1)];
  return filter;
}

function sortFor(random: Random): Document | undefined {
  if (random(3) === 0) return undefined;
  // Ends with _id, so that the order is decided and skip and limit can be compared.
  const sort: Document = {};
  for (let i = random(3); i > 0; i--) sort[pick(random, ["a", "b", "d.f"])] = random(2) === 0 ? 1 : -1;
  return { ...sort, _id: random(2) === 0 ? 1 : -1 };
}

const INDEXES: Document[] = [
  { key: { a: 1 } }, { key: { a: 1, b: -1 } }, { key: { b: 1, a: 1, _id: 1 } }, { key: { c: 1 } }, { key: { c: 1, a: -1 } },
  { key: { "d.e": 1, "d.f": 1 } }, { key: { "d.f": -1 } }, { key: { a: -1, _id: -1 } }, { key: { a: 1, b: 1, _id: -1 } },
  { key: { b: 1 }, sparse: true }, { key: { b: -1, _id: 1 }, partialFilterExpression: { a: { $gt: 1 } } }, { key: { "d.e": -1 }, partialFilterExpression: { b: { $exists: true } } },
];

const nameOf = (index: Document): string => Object.entries({ ...index.key, p: index.partialFilterExpression ? 1 : 0, s: index.sparse ? 1 : 0 }).flat().join("_");

/** More rounds for a longer look: PLANNER_ROUNDS=100. */
const ROUNDS = Number(process.env.PLANNER_ROUNDS ?? 4);

describe.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))("round %i", (seed) => {
  test("given random documents, indexes and filters, then plans and the whole collection give the same", async () => {
    const random = randomFrom(seed * 7919);
    const db = engine().client.db(`planner${seed}`);
    const collection = db.collection("c");
    await collection.insertMany(Array.from({ length: 120 }, (_, id) => documentFor(random, id)));
    for (const index of INDEXES) if (random(2) === 0) await db.command({ createIndexes: "c", indexes: [{ ...index, name: nameOf(index) }] });
    const own = engine().client.startSession();
    for (let i = 0; i < 250; i++) {
      const inTransaction = i % 2 === 1;
      if (inTransaction) {
        own.startTransaction();
        await collection.insertOne(documentFor(random, 1000 + i), { session: own });
        await collection.deleteOne({ _id: random(120) as never }, { session: own });
        await collection.updateMany({ a: random(4) }, { $set: { b: random(4) } }, { session: own });
      }
      const filter = filterFor(random);
      const sort = sortFor(random);
      const page = sort && random(2) === 0 ? { skip: random(4), limit: 1 + random(10) } : {};
      const find = async (hint: Document): Promise<unknown[]> => {
        const cursor = collection.find(filter, { ...(inTransaction ? { session: own } : {}), projection: { _id: 1 }, ...(sort ? { sort } : {}), ...page, ...hint });
        const ids = (await cursor.toArray()).map(({ _id }) => Number(_id));
        return sort ? ids : ids.sort((one, other) => one - other);
      };
      const [planned, natural] = [await find({}), await find({ hint: { $natural: 1 } })];
      expect(planned, JSON.stringify({ seed, i, filter, sort, page })).toEqual(natural);
      if (!inTransaction && Object.keys(page).length === 0) {
        expect(Number(await collection.countDocuments(filter)), JSON.stringify({ seed, i, filter })).toBe(natural.length);
      }
      if (inTransaction) await own.abortTransaction();
    }
    await own.endSession();
  });
});

describe("plans", () => {
  async function planOf(filter: Document, options: Document = {}): Promise<{ stages: string[]; keys: number; docs: number }> {
    const explained = await engine().client.db("plans").command({ explain: { find: "posts", filter, ...options }, verbosity: "executionStats" });
    const stages: string[] = [];
    const walk = (stage: Document): void => {
      stages.push(stage.stage as string);
      for (const inner of [stage.inputStage, ...((stage.inputStages as Document[] | undefined) ?? [])]) if (inner) walk(inner as Document);
    };
    walk(explained.queryPlanner.winningPlan as Document);
    return { stages, keys: Number(explained.executionStats.totalKeysExamined), docs: Number(explained.executionStats.totalDocsExamined) };
  }

  test("given a feed of many posts, then a page from the middle reads only its own keys", async () => {
    const collection = engine().client.db("plans").collection("posts");
    await collection.createIndex({ topic: 1, at: -1, _id: -1 });
    await collection.insertMany(Array.from({ length: 5000 }, (_, i) => ({ _id: i as never, topic: i % 5, at: new Date(1000 * i) })));
    const sort = { at: -1, _id: -1 };
    const at = new Date(2_500_000);
    const first = await planOf({ topic: 3 }, { sort, limit: 21 });
    const range = await planOf({ topic: 3, at: { $lt: at } }, { sort, limit: 21 });
    const keyset = await planOf({ topic: 3, $or: [{ at: { $lt: at } }, { at, _id: { $lt: 2500 } }] }, { sort, limit: 21 });
    const several = await planOf({ topic: { $in: [1, 2, 4] } }, { sort, limit: 21 });
    for (const { stages, keys, docs } of [first, range, keyset]) {
      expect(stages).not.toContain("SORT");
      expect(stages).toContain("IXSCAN");
      expect(keys).toBeLessThanOrEqual(23);
      expect(docs).toBeLessThanOrEqual(23);
    }
    expect(several.stages).toContain("SORT_MERGE");
    expect(several.keys).toBeLessThanOrEqual(25);
  });
});

describe("values longer than a key may be", () => {
  const long = (letter: string, length = 3000): string => letter.repeat(length);

  test("given filters with them, then they find what the whole collection gives; storing one under an index is refused with 238", async () => {
    const db = engine().client.db("long");
    const collection = db.collection("c");
    await collection.createIndexes([{ key: { a: 1 } }, { key: { b: -1 } }, { key: { u: 1 }, unique: true, sparse: true }, { key: { a: 1, c: 1 } }]);
    const values = ["a", "b", long("b", 1800), "c", 5, null];
    await collection.insertMany(values.map((value, i) => ({ _id: i as never, a: value, b: value, u: `u${i}` })));
    const operands = [long("a"), long("b"), long("b", 1800), long("c")];
    const filters = operands.flatMap((operand): Document[] => [
      ...["a", "b", "u", "_id"].flatMap((field) => [{ [field]: operand }, { [field]: { $in: [operand, "c", 5] } }, ...["$gt", "$gte", "$lt", "$lte", "$ne"].map((name) => ({ [field]: { [name]: operand } }))]),
      { a: operand, c: null },
      { a: long("b", 1800), c: { $lt: operand } },
      { a: "b", b: { $lt: operand } },
      { a: { $gte: "b", $lt: operand } },
    ]);
    for (const filter of filters) {
      const ids = async (hint: Document): Promise<number[]> =>
        (await collection.find(filter, { sort: { _id: 1 }, projection: { _id: 1 }, ...hint }).toArray()).map(({ _id }) => Number(_id));
      const natural = await ids({ hint: { $natural: 1 } });
      expect(await ids({})).toEqual(natural);
      expect(Number(await collection.countDocuments(filter))).toBe(natural.length);
    }
    for (const write of [
      () => collection.insertOne({ a: long("x") }),
      () => collection.updateOne({ u: long("x") }, { $set: { c: 1 } }, { upsert: true }),
      () => collection.insertOne({ _id: long("x") as never }),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: 238 });
    }
    expect(Number(await collection.countDocuments())).toBe(values.length);
  });
});
