import { BSONRegExp, Binary, Decimal128, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp, type Document } from "bson";
import type { Random } from "./random";

/**
 * Random collections, indexes, filters, sorts and projections for the live comparison.
 * Values come from small pools so that filters hit, keys collide and arrays overlap.
 */
export interface World {
  docs: Document[];
  lookup: Document[];
  indexes: Document[];
}

export const SCALAR_PATHS = ["a", "b", "n", "s", "t", "f", "d.x", "d.y"] as const;
export const ARRAY_PATHS = ["c", "e"] as const;
export const PATHS = ["a", "b", "n", "s", "t", "f", "d", "d.x", "d.y", "c", "e", "e.x", "e.y", "_id", "c.0", "e.0.x", "d.z.k", "e.z", "e.z.k", "u", "zz", "g", "g.k", "g.m", "g.m.q", "g.0", "g.0.k", "g.1.m.q", "g.m.0.q", "a.x", "c.1"] as const;
const WORDS = ["", "a", "ab", "b", "B", "Ab", "bond", "fund", "金豆", "金豆社区", "基金", "债券", "é", "e\u0301", "ß", "～", "😀", "a\nb"] as const;
const DAY_MS = 86_400_000;

export function worldOf(random: Random): World {
  const docs = Array.from({ length: random.between(4, 24) }, (_, order) => documentOf(random, order + 1));
  const lookup = Array.from({ length: random.between(0, 6) }, (_, order) => ({
    _id: new Int32(order + 1),
    a: valueOf(random),
    x: intOf(random),
    w: random.pick(WORDS),
  }));
  return { docs, lookup, indexes: random.some(indexesOf(random), 0, 3) };
}

export function documentOf(random: Random, id: number): Document {
  const doc: Document = { _id: new Int32(id) };
  for (const field of random.shuffled(["a", "b", "n", "s", "t", "f", "c", "d", "e", "g", "u"])) {
    if (random.chance(0.18)) continue;
    doc[field] = fieldOf(random, field, id);
  }
  return doc;
}

function fieldOf(random: Random, field: string, id: number): unknown {
  switch (field) {
    case "a":
      return valueOf(random);
    case "b":
    case "s":
      return random.chance(0.9) ? random.pick(WORDS) : valueOf(random);
    case "n":
      return numberOf(random);
    case "t":
      return dateOf(random);
    case "f":
      return random.pick([true, false, null]);
    case "c":
      return random.chance(0.9) ? Array.from({ length: random.below(4) }, () => valueOf(random)) : valueOf(random);
    case "d":
      return random.chance(0.9) ? subdocumentOf(random) : valueOf(random);
    case "e":
      return random.chance(0.92)
        ? Array.from({ length: random.below(4) }, () => (random.chance(0.93) ? subdocumentOf(random) : valueOf(random)))
        : subdocumentOf(random);
    case "g":
      return nestedOf(random);
    default:
      // `u` is mostly distinct, so that unique indexes can be built on it and are sometimes met.
      return new Int32(random.chance(0.97) ? id * 10 : 10);
  }
}

/** Arrays in arrays: documents whose fields are arrays of documents, or plain arrays of arrays. */
function nestedOf(random: Random): unknown {
  const ints = () => Array.from({ length: random.below(3) }, () => intOf(random));
  return random.weighted<() => unknown>([
    [6, () => Array.from({ length: random.below(4) }, () => elementOfNested(random))],
    [2, () => Array.from({ length: random.below(3) }, () => (random.chance(0.7) ? ints() : intOf(random)))],
    [1, () => elementOfNested(random)],
    [0.5, () => [[elementOfNested(random)], ints()]],
    [0.5, () => valueOf(random)],
  ])();
}

export function elementOfNested(random: Random): Document {
  const doc: Document = {};
  if (random.chance(0.8)) doc.k = random.chance(0.75) ? Array.from({ length: random.below(3) }, () => intOf(random)) : valueOf(random);
  if (random.chance(0.7)) doc.m = Array.from({ length: random.below(3) }, () => ({ q: intOf(random), ...(random.chance(0.4) && { r: random.pick(WORDS) }) }));
  return doc;
}

export function subdocumentOf(random: Random): Document {
  const doc: Document = {};
  for (const field of random.shuffled(["x", "y", "z"])) {
    if (random.chance(0.3)) continue;
    doc[field] = field === "z" ? (random.chance(0.5) ? { k: intOf(random) } : valueOf(random)) : random.chance(0.7) ? intOf(random) : valueOf(random);
  }
  return doc;
}

export function intOf(random: Random): Int32 {
  return new Int32(random.between(-2, 6));
}

export function numberOf(random: Random): unknown {
  return random.weighted<() => unknown>([
    [14, () => intOf(random)],
    [3, () => new Double(random.between(-4, 10) / 4)],
    [1, () => Long.fromNumber(random.between(-2, 6))],
    [0.4, () => Long.fromString("9007199254740993")],
    [0.3, () => new Double(NaN)],
    [0.3, () => new Double(random.pick([-0, Infinity, -Infinity, 2 ** 53, 2147483648, -2147483649, 0.1]))],
    [0.2, () => new Int32(random.pick([2147483647, -2147483648]))],
    [0.2, () => Long.fromString(random.pick(["9223372036854775807", "-9223372036854775808", "2147483648", "0"]))],
    [0.5, () => Decimal128.fromString(random.pick(["1.5", "2", "0.10", "-1", "2.0", "NaN", "9007199254740993", "0", "-0", "Infinity"]))],
  ])();
}

export function dateOf(random: Random): Date {
  return new Date(Date.UTC(2026, 0, 1) + random.below(40) * (DAY_MS / 4));
}

export function valueOf(random: Random): unknown {
  return random.weighted<() => unknown>([
    [10, () => numberOf(random)],
    [5, () => random.pick(WORDS)],
    [1.5, () => null],
    [1.5, () => random.chance(0.5)],
    [1, () => dateOf(random)],
    [0.6, () => new ObjectId(`00000000000000000000000${random.below(4)}`)],
    [1, () => ({ x: intOf(random) })],
    [0.8, () => [intOf(random)]],
    [0.3, () => []],
    [0.2, () => ({})],
    [0.15, () => new Binary(Buffer.from([random.below(3)]))],
    [0.1, () => new Timestamp({ t: random.between(1, 3), i: 1 })],
    [0.1, () => (random.chance(0.5) ? new MinKey() : new MaxKey())],
    [0.1, () => [[intOf(random)], null]],
    [0.1, () => [{ x: intOf(random) }, { x: null }]],
  ])();
}

/** A value of the kind that usually stands at the path, so that comparisons are within one type more often than not. */
export function valueAt(random: Random, path: string): unknown {
  if (random.chance(0.12)) return valueOf(random);
  const last = path.split(".").at(-1)!;
  if (path === "_id") return new Int32(random.between(1, 24));
  if (path === "t") return dateOf(random);
  if (path === "f") return random.pick([true, false, null]);
  if (path === "b" || path === "s") return random.pick(WORDS);
  if (path === "d" || path === "e") return subdocumentOf(random);
  if (path === "g") return random.chance(0.7) ? elementOfNested(random) : [intOf(random)];
  if (last === "q") return intOf(random);
  if (last === "m") return { q: intOf(random) };
  if (last === "x" || last === "y" || last === "k") return intOf(random);
  if (path === "a" || path.startsWith("c")) return random.chance(0.7) ? numberOf(random) : valueOf(random);
  return numberOf(random);
}

function indexesOf(random: Random): Document[] {
  const direction = () => new Int32(random.pick([1, -1]));
  const named = (key: Document, options: Document = {}): Document => ({
    key,
    name: Object.entries(key).map(([field, order]) => `${field}_${String(order)}`).join("_"),
    ...options,
  });
  return [
    named({ a: direction() }),
    named({ n: direction(), b: direction() }),
    named({ b: direction(), n: direction(), t: direction() }),
    named({ c: direction() }),
    named({ "e.x": direction(), n: direction() }),
    named({ "d.x": direction(), "d.y": direction() }),
    named({ f: direction(), t: direction() }),
    named({ s: direction() }, { sparse: true }),
    named({ t: direction() }, { partialFilterExpression: { n: { $gte: new Int32(1) } } }),
    named({ u: direction() }, { unique: true, partialFilterExpression: { u: { $exists: true } } }),
    named({ u: direction() }, { unique: true, sparse: true }),
    named({ n: direction(), u: direction() }, { unique: true }),
    named({ c: direction(), n: direction() }),
    named({ n: direction(), c: direction(), _id: direction() }),
    named({ f: direction(), n: direction(), _id: direction() }),
    named({ b: direction(), t: direction(), _id: direction() }, { partialFilterExpression: { f: true } }),
    named({ n: direction() }, { partialFilterExpression: { f: { $in: [true, false] }, n: { $gt: new Int32(0) } } }),
    named({ t: direction() }, { partialFilterExpression: { b: { $exists: true } } }),
    named({ d: direction() }),
    named({ e: direction() }),
    named({ "e.x": direction(), "e.y": direction() }),
    named({ b: direction(), "e.x": direction(), t: direction() }),
    named({ "g.k": direction() }),
    named({ "g.m.q": direction(), n: direction() }),
    named({ g: direction() }),
    named({ n: direction(), t: direction() }, { sparse: true }),
    named({ b: direction() }, { unique: true, partialFilterExpression: { n: { $gte: new Int32(5) } } }),
    named({ b: direction(), f: direction() }, { unique: true, partialFilterExpression: { f: true, n: { $gt: new Int32(3) } } }),
  ];
}

export function filterOf(random: Random, depth = 2): Document {
  if (random.chance(0.06)) return {};
  const filter: Document = {};
  for (let count = random.weighted([[6, 1], [3, 2], [1, 3]]); count > 0; count--) {
    if (depth > 0 && random.chance(0.16)) {
      const operator = random.weighted([[3, "$or"], [2, "$and"], [1, "$nor"]]);
      filter[operator] = Array.from({ length: random.between(1, 3) }, () => filterOf(random, depth - 1));
    } else if (random.chance(0.04)) {
      filter.$expr = comparisonOf(random);
    } else {
      const path = random.pick(PATHS);
      filter[path] = conditionOf(random, path);
    }
  }
  return filter;
}

function comparisonOf(random: Random): Document {
  const operator = random.pick(["$eq", "$gt", "$gte", "$lt", "$lte", "$ne"]);
  return { [operator]: [`$${random.pick(SCALAR_PATHS)}`, random.chance(0.5) ? `$${random.pick(SCALAR_PATHS)}` : intOf(random)] };
}

function conditionOf(random: Random, path: string): unknown {
  if (random.chance(0.35)) return valueAt(random, path);
  const condition: Document = {};
  for (let count = random.chance(0.25) ? 2 : 1; count > 0; count--) {
    const [operator, operand] = operatorOf(random, path);
    condition[operator] = operand;
  }
  return condition;
}

function operatorOf(random: Random, path: string): [string, unknown] {
  const array = path === "c" || path === "e" || path === "g" || path === "g.k" || path === "g.m";
  return random.weighted<() => [string, unknown]>([
    [3, () => ["$eq", valueAt(random, path)]],
    [3, () => ["$ne", valueAt(random, path)]],
    [3, () => ["$gt", valueAt(random, path)]],
    [3, () => ["$gte", valueAt(random, path)]],
    [3, () => ["$lt", valueAt(random, path)]],
    [3, () => ["$lte", valueAt(random, path)]],
    [4, () => ["$in", listAt(random, path)]],
    [2, () => ["$nin", listAt(random, path)]],
    [2, () => ["$exists", random.chance(0.6)]],
    [1, () => ["$type", random.pick(["number", "string", "object", "array", "null", "bool", "date", "int", "double", "long", "objectId"])]],
    [array ? 2 : 0.3, () => ["$size", new Int32(random.below(4))]],
    [array ? 3 : 0.3, () => ["$all", listAt(random, path)]],
    [array ? 4 : 0.3, () => ["$elemMatch", elementConditionOf(random, path)]],
    [1, () => ["$regex", random.pick<unknown>(["^a", "b$", "金", "^b", "o.d", "^基", "B|é", new BSONRegExp("^B", "i"), new BSONRegExp("A", "im")])]],
    [0.3, () => ["$type", [random.pick(["string", "null"]), random.pick(["number", "array"])]]],
    [0.3, () => [random.pick(["$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear"]), random.pick<unknown>([new Int32(1), new Int32(6), [new Int32(0), new Int32(2)]])]],
    [0.4, () => [random.pick(["$gt", "$gte", "$lt", "$lte", "$eq", "$ne"]), random.pick<unknown>([null, [], {}, new MinKey(), new MaxKey(), [intOf(random), intOf(random)]])]],
    [0.4, () => ["$in", [new BSONRegExp("^b", ""), null, valueAt(random, path)]]],
    [0.3, () => ["$all", [{ $elemMatch: elementConditionOf(random, path) }]]],
    [1.5, () => ["$not", innerConditionOf(random, path)]],
    [0.5, () => ["$mod", [new Int32(random.between(1, 3)), new Int32(random.below(2))]]],
    [0.2, () => ["$mod", [random.pick<unknown>([new Double(2.5), Long.fromNumber(2), Decimal128.fromString("2"), new Int32(-2)]), random.pick<unknown>([new Double(0), new Int32(-1), Long.fromNumber(1)])]]],
    [0.4, () => ["$regex", random.pick<unknown>(["É", "ss", "^.$", "a.b", "^金豆", new BSONRegExp("É", "i"), new BSONRegExp("a.b", "s"), new BSONRegExp("^b", "m"), new BSONRegExp("ß", "i")])]],
    [0.3, () => ["$not", new BSONRegExp(random.pick(["^b", "金", "d$"]), random.pick(["", "i"]))]],
    [0.3, () => ["$type", random.pick<unknown>(["decimal", "binData", "regex", "timestamp", "minKey", new Int32(16), new Double(1), [new Int32(2), "null"]])]],
    [0.2, () => ["$nin", [null, [], valueAt(random, path)]]],
    [0.2, () => ["$size", random.pick<unknown>([Long.fromNumber(1), new Double(2)])]],
    [0.1, () => ["$bad", new Int32(1)]],
    [0.1, () => ["$in", new Int32(1)]],
  ])();
}

function innerConditionOf(random: Random, path: string): Document {
  const [operator, operand] = operatorOf(random, path);
  return { [operator]: operand };
}

function listAt(random: Random, path: string): unknown[] {
  return Array.from({ length: random.between(0, 3) }, () => valueAt(random, path));
}

export function elementConditionOf(random: Random, path: string): Document {
  if (path === "g") return nestedConditionOf(random);
  if (path !== "e") return { [random.pick(["$gt", "$lt", "$eq", "$gte"])]: intOf(random), ...(random.chance(0.4) && { $lt: new Int32(5) }) };
  if (random.chance(0.08)) return { $or: [{ x: intOf(random) }, { y: { $gt: intOf(random) } }] };
  const condition: Document = {};
  for (const field of random.some(["x", "y", "z.k"], 1, 2)) condition[field] = random.chance(0.6) ? intOf(random) : { [random.pick(["$gt", "$lte", "$ne"])]: intOf(random) };
  return condition;
}

function nestedConditionOf(random: Random): Document {
  return random.weighted<() => Document>([
    [3, () => ({ k: intOf(random) })],
    [2, () => ({ "m.q": random.chance(0.5) ? intOf(random) : { $gt: intOf(random) } })],
    [2, () => ({ m: { $elemMatch: { q: intOf(random) } } })],
    [1, () => ({ k: { $elemMatch: { $gte: intOf(random), $lt: new Int32(5) } } })],
    [1, () => ({ k: { $size: new Int32(random.below(3)) }, m: { $exists: true } })],
    [1, () => ({ $elemMatch: { $gt: intOf(random) } })],
    [0.5, () => ({ k: { $all: [intOf(random), intOf(random)] } })],
    [0.5, () => ({ $and: [{ k: { $ne: intOf(random) } }, { m: { $ne: [] } }] })],
  ])();
}

/** Half of the sorts are total: they end in _id, as a feed that pages must. */
export function sortOf(random: Random, total: boolean): Document {
  const sort: Document = {};
  for (const path of random.some(PATHS.filter((one) => one !== "_id"), 0, 2)) sort[path] = new Int32(random.pick([1, -1]));
  if (total || Object.keys(sort).length === 0) sort._id = new Int32(random.pick([1, -1]));
  return sort;
}

/** `forFind` adds the array operators that only find knows; in a pipeline they are mostly errors. */
export function projectionOf(random: Random, forFind = true): Document {
  const projection: Document = {};
  const exclude = random.chance(0.3);
  for (const path of random.some(["a", "b", "n", "s", "d.x", "d.y", "d", "e.x", "e.z.k", "e", "c", "t", "zz", "g", "g.k", "g.m.q"], 1, 3)) projection[path] = new Int32(exclude ? 0 : 1);
  if (random.chance(0.2)) projection._id = new Int32(0);
  if (random.chance(forFind ? 0.15 : 0.01)) projection.c = random.pick([{ $slice: new Int32(1) }, { $slice: new Int32(-2) }, { $slice: [new Int32(1), new Int32(1)] }]);
  if (random.chance(forFind ? 0.12 : 0.01)) projection.e = { $elemMatch: elementConditionOf(random, "e") };
  if (!exclude && random.chance(0.12)) projection.made = random.pick<unknown>(["$d.x", "$e.x", { $size: { $cond: [{ $isArray: "$c" }, "$c", []] } }, { $literal: new Int32(1) }, "text", ["$n", "$zz"], { k: "$n" }]);
  if (!exclude && random.chance(0.04)) projection["d.made"] = "$n";
  return projection;
}
