import { BSONRegExp, Int32, Long, type Document } from "bson";
import { elementConditionOf, filterOf, intOf, PATHS, projectionOf, valueAt } from "./generator-values";
import type { Random } from "./random";

/**
 * Pages as an application asks for them, in the shapes that an index of the world can answer: equalities on its first
 * fields, a range or a list on the next, an order by the rest, a cursor as an $or. What the index gives must be what a scan gives.
 */
export function pageOf(random: Random, indexes: readonly Document[]): Document {
  const fields = Object.entries(random.pick(indexes).key as Document);
  const equals = random.below(fields.length + 1);
  const filter: Document = {};
  for (const [field] of fields.slice(0, equals)) filter[field] = pointOf(random, field);
  const next = fields[equals]?.[0];
  if (next !== undefined && random.chance(0.5)) filter[next] = rangeOf(random, next);
  if (random.chance(0.3)) Object.assign(filter, filterOf(random, 0));
  for (const [name, condition] of Object.entries(partialOf(random, indexes))) filter[name] ??= condition;
  const sort: Document = {};
  const turned = random.chance(0.5) ? -1 : 1;
  for (const [field, direction] of fields.slice(random.chance(0.7) ? equals : 0)) {
    if (random.chance(0.85)) sort[field] = new Int32(Number(direction) * (random.chance(0.9) ? turned : -turned));
  }
  const [first] = Object.keys(sort);
  if (first !== undefined && first !== "_id" && random.chance(0.25)) Object.assign(filter, cursorAfter(random, first, sort[first] as Int32));
  if (random.chance(0.75)) sort._id ??= new Int32(random.pick([1, -1]));
  const command: Document = { find: "c", filter, ...(Object.keys(sort).length > 0 && { sort }) };
  if ("_id" in sort && random.chance(0.6)) command.limit = new Int32(random.between(1, 6));
  if (command.limit !== undefined && random.chance(0.3)) command.skip = new Int32(random.below(4));
  if (random.chance(0.25)) command.projection = projectionOf(random);
  if (random.chance(0.1)) command.hint = random.chance(0.5) ? { $natural: new Int32(random.pick([1, -1])) } : (random.pick(indexes).name as string);
  return command;
}

/** One value, several, or what else an index turns into points. */
function pointOf(random: Random, field: string): unknown {
  return random.weighted<() => unknown>([
    [6, () => valueAt(random, field)],
    [2, () => ({ $in: Array.from({ length: random.between(1, 3) }, () => valueAt(random, field)) })],
    [1, () => null],
    [0.5, () => ({ $exists: random.chance(0.5) })],
    [0.5, () => ({ $in: [null, valueAt(random, field), new BSONRegExp("^b", "")] })],
    [0.5, () => ({ $all: [valueAt(random, field)] })],
    [0.5, () => [valueAt(random, field)]],
  ])();
}

function rangeOf(random: Random, field: string): Document {
  return random.weighted<() => Document>([
    [4, () => ({ [random.pick(["$gt", "$gte", "$lt", "$lte"])]: valueAt(random, field) })],
    [3, () => ({ [random.pick(["$gt", "$gte"])]: valueAt(random, field), [random.pick(["$lt", "$lte"])]: valueAt(random, field) })],
    [1, () => ({ $ne: valueAt(random, field) })],
    [1, () => ({ $nin: [valueAt(random, field), null] })],
    [0.7, () => ({ $not: { [random.pick(["$gt", "$lte"])]: valueAt(random, field) } })],
    [0.5, () => ({ $elemMatch: elementConditionOf(random, field.split(".")[0]!) })],
    [0.5, () => ({ $type: random.pick(["number", "string", "date", "null"]) })],
    [0.5, () => ({ $regex: random.pick(["^b", "^金", "^a?b", "^fu|^b"]) })],
  ])();
}

/** The condition of a partial index, so that it is sometimes met, and sometimes nearly. */
function partialOf(random: Random, indexes: readonly Document[]): Document {
  const partial = indexes.map((index) => index.partialFilterExpression as Document | undefined).find(Boolean);
  if (!partial || random.chance(0.5)) return {};
  return random.chance(0.6) ? partial : { n: { $gte: intOf(random) }, f: random.chance(0.7) };
}

/** Rows behind the last one of a page: ordered by one field, then by _id. */
function cursorAfter(random: Random, field: string, direction: Int32): Document {
  const operator = direction.value > 0 ? "$gt" : "$lt";
  const last = valueAt(random, field);
  return { $or: [{ [field]: { [operator]: last } }, { [field]: last, _id: { [random.pick(["$gt", "$lt"])]: new Int32(random.between(1, 20)) } }] };
}

/** Counts and lists of values in the same shapes. */
export function countOf(random: Random, indexes: readonly Document[]): Document {
  const { filter } = indexes.length > 0 ? pageOf(random, indexes) : { filter: filterOf(random) };
  return { count: "c", query: filter as Document, ...(random.chance(0.15) && { limit: random.pick<unknown>([new Int32(3), Long.fromNumber(2)]) }), ...(random.chance(0.1) && { skip: new Int32(1) }) };
}

export function distinctOf(random: Random, indexes: readonly Document[]): Document {
  const query = random.chance(0.3) ? {} : indexes.length > 0 && random.chance(0.5) ? (pageOf(random, indexes).filter as Document) : filterOf(random);
  const ofIndex = indexes.length > 0 && random.chance(0.4) ? Object.keys(random.pick(indexes).key as Document)[0]! : random.pick(PATHS);
  return { distinct: "c", key: ofIndex, query };
}
