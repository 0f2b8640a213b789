import { Decimal128, Double, Int32, Long, type Document } from "bson";
import { dateOf, intOf, numberOf, valueOf } from "./generator-values";
import type { Random } from "./random";

/**
 * Random aggregation expressions. Most are of the right type (a field of another type is guarded by $cond), because errors
 * end a command early and hide what comes after; about one in eight reads a field as it is and may fail.
 */
export function expressionOf(random: Random, depth = 2): unknown {
  return random.weighted<() => unknown>([
    [5, () => number(random, depth)],
    [3, () => text(random, depth)],
    [3, () => list(random, depth)],
    [3, () => truth(random, depth)],
    [2, () => date(random, depth)],
    [2, () => object(random, depth)],
    [2, () => anything(random, depth)],
  ])();
}

function guarded(field: string, type: string, otherwise: unknown): Document {
  return { $cond: [{ $eq: [{ $type: `$${field}` }, type] }, `$${field}`, otherwise] };
}

function rawField(random: Random): string {
  return `$${random.pick(["a", "b", "c", "d", "e", "f", "n", "s", "t", "u", "d.x", "d.y", "e.x", "zz"])}`;
}

function number(random: Random, depth: number): unknown {
  if (depth <= 0 || random.chance(0.35)) {
    return random.weighted<() => unknown>([
      [4, () => intOf(random)],
      [1, () => numberOf(random)],
      [3, () => ({ $cond: [{ $isNumber: "$n" }, "$n", intOf(random)] })],
      [2, () => ({ $cond: [{ $isNumber: "$d.x" }, "$d.x", new Int32(1)] })],
      [1, () => "$u"],
      [0.7, () => rawField(random)],
    ])();
  }
  const inner = () => number(random, depth - 1);
  return random.weighted<() => unknown>([
    [3, () => ({ $add: [inner(), inner(), ...(random.chance(0.3) ? [inner()] : [])] })],
    [2, () => ({ $subtract: [inner(), inner()] })],
    [2, () => ({ $multiply: [inner(), inner()] })],
    [1.5, () => ({ $divide: [inner(), random.pick<unknown>([new Int32(2), new Double(0.5), new Int32(3), Long.fromNumber(4)])] })],
    [1, () => ({ $mod: [inner(), random.pick<unknown>([new Int32(2), new Int32(3), new Double(1.5)])] })],
    [1, () => ({ [random.pick(["$abs", "$ceil", "$floor"])]: inner() })],
    [1, () => ({ [random.pick(["$round", "$trunc"])]: random.chance(0.5) ? [inner()] : [inner(), new Int32(random.between(-1, 2))] })],
    [0.5, () => ({ $pow: [inner(), new Int32(2)] })],
    [0.5, () => ({ $sqrt: { $abs: inner() } })],
    [1, () => ({ [random.pick(["$max", "$min", "$sum", "$avg"])]: random.chance(0.5) ? [inner(), inner()] : list(random, depth - 1) })],
    [1, () => ({ $size: list(random, depth - 1) })],
    [1, () => ({ [random.pick(["$strLenCP", "$strLenBytes"])]: text(random, depth - 1) })],
    [1, () => ({ $indexOfArray: [list(random, depth - 1), valueOf(random)] })],
    [0.7, () => ({ $indexOfCP: [text(random, depth - 1), random.pick(["a", "金", "b"])] })],
    [0.7, () => ({ $cmp: [rawField(random), rawField(random)] })],
    [1, () => ({ [random.pick(["$year", "$month", "$dayOfMonth", "$hour", "$dayOfWeek", "$dayOfYear", "$isoWeek", "$minute"])]: date(random, depth - 1) })],
    [0.8, () => ({ [random.pick(["$toInt", "$toDouble", "$toLong", "$toDecimal"])]: random.pick<unknown>([inner(), "12", true, new Double(2.9), Decimal128.fromString("3.7")]) })],
    [0.6, () => ({ $dateDiff: { startDate: date(random, 0), endDate: date(random, 0), unit: random.pick(["day", "hour", "week", "month"]) } })],
    [0.8, () => ({ $reduce: { input: numbers(), initialValue: new Int32(0), in: { $add: ["$$value", "$$this"] } } })],
  ])();
}

function text(random: Random, depth: number): unknown {
  if (depth <= 0 || random.chance(0.35)) {
    return random.weighted<() => unknown>([
      [3, () => random.pick(["a", "bond", "金豆", " fund ", ""])],
      [3, () => guarded("b", "string", "none")],
      [2, () => guarded("s", "string", "无")],
      [0.5, () => rawField(random)],
    ])();
  }
  const inner = () => text(random, depth - 1);
  return random.weighted<() => unknown>([
    [2, () => ({ $concat: [inner(), "-", inner()] })],
    [1, () => ({ [random.pick(["$toUpper", "$toLower"])]: inner() })],
    [1, () => ({ $substrCP: [inner(), new Int32(random.below(2)), new Int32(random.below(4))] })],
    [1, () => ({ [random.pick(["$trim", "$ltrim", "$rtrim"])]: { input: inner() } })],
    [1, () => ({ $toString: number(random, depth - 1) })],
    [1, () => ({ $dateToString: { date: date(random, 0), format: random.pick(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S.%LZ", "%d.%m.%y", "%j", "%G-W%V", "%H"]).replace("%y", "%Y"), ...(random.chance(0.3) && { timezone: random.pick(["Asia/Shanghai", "+08:00", "America/New_York"]) }) } })],
    [1, () => ({ $type: rawField(random) })],
    [0.7, () => ({ [random.pick(["$replaceOne", "$replaceAll"])]: { input: inner(), find: random.pick(["a", "o", "金"]), replacement: "_" } })],
    [0.5, () => ({ $arrayElemAt: [{ $split: [inner(), random.pick(["-", "o"])] }, new Int32(0)] })],
    [0.7, () => ({ $switch: { branches: [{ case: truth(random, depth - 1), then: "one" }, { case: truth(random, depth - 1), then: inner() }], default: "other" } })],
  ])();
}

function numbers(): unknown {
  return { $filter: { input: guarded("c", "array", []), cond: { $isNumber: "$$this" } } };
}

function list(random: Random, depth: number): unknown {
  if (depth <= 0 || random.chance(0.35)) {
    return random.weighted<() => unknown>([
      [4, () => guarded("c", "array", [])],
      [3, () => guarded("e", "array", [])],
      [2, () => [number(random, 0), text(random, 0)]],
      [0.5, () => rawField(random)],
    ])();
  }
  const inner = () => list(random, depth - 1);
  return random.weighted<() => unknown>([
    [2, () => ({ $map: { input: inner(), as: "one", in: random.pick<unknown>(["$$one", "$$one.x", { $type: "$$one" }, { $eq: ["$$one", intOf(random)] }]) } })],
    [2, () => ({ $filter: { input: inner(), as: "one", cond: random.pick<unknown>([{ $gt: ["$$one", intOf(random)] }, { $eq: ["$$one.x", intOf(random)] }, "$$one"]), ...(random.chance(0.3) && { limit: new Int32(1) }) } })],
    [1.5, () => ({ $concatArrays: [inner(), inner()] })],
    [1.5, () => ({ $slice: random.chance(0.5) ? [inner(), new Int32(random.pick([1, 2, -1, -2]))] : [inner(), new Int32(random.between(-1, 1)), new Int32(2)] })],
    [1, () => ({ $reverseArray: inner() })],
    [1, () => ({ $sortArray: { input: inner(), sortBy: new Int32(random.pick([1, -1])) } })],
    [0.7, () => ({ $range: [new Int32(0), new Int32(random.below(5)), new Int32(random.between(1, 2))] })],
    [0.7, () => ({ $sortArray: { input: { [random.pick(["$setUnion", "$setIntersection"])]: [inner(), inner()] }, sortBy: new Int32(1) } })],
    [0.5, () => ({ $objectToArray: object(random, depth - 1) })],
    [0.5, () => ({ $zip: { inputs: [inner(), inner()] } })],
    [0.5, () => ({ $split: [text(random, depth - 1), "o"] })],
    [0.5, () => ({ [random.pick(["$firstN", "$lastN"])]: { input: inner(), n: new Int32(2) } })],
  ])();
}

function truth(random: Random, depth: number): unknown {
  const inner = () => (depth <= 0 ? random.pick<unknown>([true, "$f", "$a", { $gt: ["$n", intOf(random)] }]) : truth(random, depth - 1));
  return random.weighted<() => unknown>([
    [4, () => ({ [random.pick(["$eq", "$ne", "$gt", "$gte", "$lt", "$lte"])]: [rawField(random), random.chance(0.5) ? rawField(random) : valueOf(random)] })],
    [1.5, () => ({ [random.pick(["$and", "$or"])]: [inner(), inner()] })],
    [1, () => ({ $not: [inner()] })],
    [1, () => ({ $in: [intOf(random), list(random, depth - 1)] })],
    [0.7, () => ({ $isArray: rawField(random) })],
    [0.5, () => ({ $isNumber: rawField(random) })],
    [0.7, () => ({ $regexMatch: { input: text(random, 0), regex: random.pick(["^a", "金", "o.d"]) } })],
    [0.5, () => ({ [random.pick(["$allElementsTrue", "$anyElementTrue"])]: [list(random, depth - 1)] })],
    [0.5, () => ({ $setIsSubset: [list(random, 0), list(random, 0)] })],
    [0.5, () => ({ $toBool: random.pick<unknown>(["$n", "$f", "x", new Int32(0)]) })],
  ])();
}

function date(random: Random, depth: number): unknown {
  if (depth <= 0 || random.chance(0.5)) return random.chance(0.9) ? guarded("t", "date", dateOf(random)) : "$t";
  const inner = () => date(random, depth - 1);
  return random.weighted<() => unknown>([
    [1, () => ({ $dateTrunc: { date: inner(), unit: random.pick(["day", "hour", "month", "week", "year"]), ...(random.chance(0.3) && { timezone: "Asia/Shanghai" }) } })],
    [1, () => ({ $dateAdd: { startDate: inner(), unit: random.pick(["day", "hour", "month"]), amount: new Int32(random.between(-2, 3)) } })],
    [1, () => ({ $add: [inner(), new Int32(1_000)] })],
    [0.6, () => ({ $toDate: random.pick<unknown>(["2026-03-01", Long.fromNumber(1_772_000_000_000), "2026-03-01T04:00:00Z"]) })],
    [0.5, () => ({ $dateFromString: { dateString: "2026-03-01", format: "%Y-%m-%d" } })],
    [0.5, () => ({ $dateFromParts: { year: new Int32(2026), month: new Int32(random.between(1, 14)), day: new Int32(3) } })],
  ])();
}

function object(random: Random, depth: number): unknown {
  return random.weighted<() => unknown>([
    [2, () => ({ $mergeObjects: [guarded("d", "object", {}), { k: number(random, depth - 1) }] })],
    [1.5, () => ({ p: expressionOf(random, depth - 1), q: rawField(random) })],
    [1, () => guarded("d", "object", { none: true })],
    [0.7, () => ({ $arrayToObject: [[["k", number(random, 0)], ["l", text(random, 0)]]] })],
    [0.5, () => ({ $setField: { field: "w", input: guarded("d", "object", {}), value: number(random, 0) } })],
  ])();
}

function anything(random: Random, depth: number): unknown {
  return random.weighted<() => unknown>([
    [3, () => rawField(random)],
    [2, () => ({ $ifNull: [rawField(random), expressionOf(random, depth - 1)] })],
    [2, () => ({ $cond: [truth(random, depth - 1), expressionOf(random, depth - 1), expressionOf(random, depth - 1)] })],
    [1, () => ({ $literal: valueOf(random) })],
    [1, () => ({ $arrayElemAt: [list(random, depth - 1), new Int32(random.pick([0, 1, -1, 9]))] })],
    [1, () => ({ [random.pick(["$first", "$last"])]: list(random, depth - 1) })],
    [0.7, () => ({ $let: { vars: { v: number(random, 0) }, in: { $add: ["$$v", new Int32(1)] } } })],
    [0.5, () => ({ $getField: { field: "x", input: guarded("d", "object", {}) } })],
    [0.4, () => ({ $convert: { input: rawField(random), to: random.pick(["int", "string", "bool", "double"]), onError: "bad", onNull: null } })],
  ])();
}
