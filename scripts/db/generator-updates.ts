import { BSONRegExp, Decimal128, Double, Int32, Long, type Document } from "bson";
import { expressionOf } from "./generator-expressions";
import { elementConditionOf, elementOfNested, filterOf, intOf, numberOf, subdocumentOf, valueAt, valueOf } from "./generator-values";
import type { Random } from "./random";

const TARGETS = ["a", "b", "n", "s", "t", "f", "d.x", "d.y", "d.z.k", "d", "c", "e", "c.0", "c.2", "c.5", "e.0.x", "e.1.new", "e.x", "c.x", "new", "new.deep.path", "u", "g", "g.0.k", "g.1.m", "g.0.m.0.q", "g.0.k.1", "c.1.x", "d.z", "d.z.0", "s.x"] as const;
const NUMERIC = ["n", "n", "n", "d.x", "d.y", "a", "new", "d.new", "u", "c.0"] as const;
const ARRAYS = ["c", "c", "c", "e", "new", "d.list", "a", "e.0.list", "g", "g.0.k", "g.0.m", "c.0"] as const;

/** An update command with one statement: operators, a replacement or a pipeline; many documents, or one chosen by _id. */
export function updateOf(random: Random): Document {
  const { query, update, arrayFilters, positional } = random.weighted<() => Statement>([
    [12, () => ({ query: filterOf(random, 1), update: operatorsOf(random) })],
    [3, () => positionalOf(random)],
    [4, () => arrayFilterOf(random)],
    [2, () => ({ query: filterOf(random, 1), update: replacementOf(random) })],
    [4, () => ({ query: filterOf(random, 1), update: updatePipelineOf(random) })],
  ])();
  const replacement = !Array.isArray(update) && !Object.keys(update)[0]?.startsWith("$");
  const multi = !replacement && random.chance(0.35);
  const statement: Document = { q: multi ? query : { ...query, _id: new Int32(random.between(1, 24)) }, u: update };
  if (multi) statement.multi = true;
  else if (!positional && random.chance(0.2)) {
    // An upsert names its _id, or each engine would invent its own.
    statement.upsert = true;
    statement.q = { _id: new Int32(random.between(1, 34)), ...(random.chance(0.4) && { [random.pick(["n", "d.x", "b"])]: intOf(random) }) };
  }
  if (arrayFilters) statement.arrayFilters = arrayFilters;
  return { update: "c", updates: [statement] };
}

interface Statement {
  query: Document;
  update: Document | Document[];
  arrayFilters?: Document[];
  positional?: boolean;
}

function operatorsOf(random: Random): Document {
  const update: Document = {};
  for (let count = random.weighted([[6, 1], [3, 2], [1, 3]]); count > 0; count--) {
    const [operator, path, operand] = operatorOf(random);
    update[operator] = { ...(update[operator] as Document | undefined), [path]: operand };
  }
  return update;
}

function operatorOf(random: Random): [string, string, unknown] {
  const target = random.pick(TARGETS);
  const numeric = random.pick(NUMERIC);
  const array = random.pick(ARRAYS);
  return random.weighted<() => [string, string, unknown]>([
    [8, () => ["$set", target, valueAt(random, target)]],
    [3, () => ["$unset", target, ""]],
    [6, () => ["$inc", numeric, random.chance(0.85) ? intOf(random) : numberOf(random)]],
    [1, () => ["$mul", numeric, random.pick<unknown>([new Int32(2), new Double(0.5), Long.fromNumber(3), new Int32(0), new Int32(65_536), Decimal128.fromString("1.5"), Long.fromString("4294967296")])]],
    [0.7, () => ["$inc", numeric, random.pick<unknown>([new Double(0.5), Long.fromNumber(1), Decimal128.fromString("0.1"), new Int32(2_147_483_647), new Double(-0), "1", null])]],

    [2, () => ["$min", target, valueAt(random, target)]],
    [2, () => ["$max", target, valueAt(random, target)]],
    [4, () => ["$push", array, pushOf(random, array)]],
    [3, () => ["$addToSet", array, random.chance(0.7) ? elementOf(random, array) : { $each: [elementOf(random, array), elementOf(random, array)] }]],
    [3, () => ["$pull", array, pullOf(random, array)]],
    [1, () => ["$pullAll", array, [elementOf(random, array), elementOf(random, array)]]],
    [1.5, () => ["$pop", array, new Int32(random.pick([1, -1]))]],
    [1.2, () => ["$rename", random.pick(["a", "b", "d", "d.x", "zz"]), random.pick(["new", "d.w", "b", "new.deep"])]],
    [1, () => ["$setOnInsert", target, valueAt(random, target)]],
    [0.5, () => ["$bit", numeric, { [random.pick(["and", "or", "xor"])]: new Int32(random.below(8)) }]],
    [0.15, () => ["$bad", target, new Int32(1)]],
    [0.15, () => ["$set", "_id", new Int32(99)]],
  ])();
}

function elementOf(random: Random, path: string): unknown {
  if (path === "g") return random.chance(0.8) ? elementOfNested(random) : valueOf(random);
  if (path.endsWith(".m")) return { q: intOf(random) };
  return path === "e" ? subdocumentOf(random) : valueOf(random);
}

function pushOf(random: Random, path: string): unknown {
  if (random.chance(0.5)) return elementOf(random, path);
  const clause: Document = { $each: Array.from({ length: random.below(3) }, () => elementOf(random, path)) };
  if (random.chance(0.3)) clause.$position = new Int32(random.between(-2, 3));
  const direction = () => new Int32(random.pick([1, -1]));
  if (random.chance(0.4)) clause.$sort = path === "e" ? random.pick<Document>([{ x: direction() }, { "z.k": direction() }, { y: direction(), x: direction() }]) : path === "g" ? { "m.0.q": direction() } : direction();
  if (random.chance(0.5)) clause.$slice = new Int32(random.between(-3, 3));
  return clause;
}

function pullOf(random: Random, path: string): unknown {
  if (path === "e") return random.chance(0.85) ? elementConditionOf(random, "e") : random.pick<unknown>([{ x: { $in: [intOf(random), intOf(random)] } }, { $or: [{ x: intOf(random) }, { y: intOf(random) }] }, { x: { $exists: false } }, subdocumentOf(random), {}]);
  if (path === "g") return random.chance(0.8) ? elementConditionOf(random, "g") : [intOf(random)];
  if (path.endsWith(".m")) return { q: random.chance(0.5) ? intOf(random) : { $gte: intOf(random) } };
  if (random.chance(0.2)) return random.pick<unknown>([{ $exists: true }, { $type: "number" }, { $not: { $gt: intOf(random) } }, { $nin: [valueOf(random)] }, null, [], { $elemMatch: { $gt: intOf(random) } }, { $size: new Int32(1) }, new BSONRegExp("^b", "")]);
  return random.chance(0.5) ? valueOf(random) : random.pick<unknown>([{ $gte: intOf(random) }, { $in: [valueOf(random), valueOf(random)] }, { $lt: intOf(random) }, { $ne: intOf(random) }]);
}

/** `$` needs one condition on one array; several arrays in a filter leave the index undefined, so they are not made. */
function positionalOf(random: Random): Statement {
  if (random.chance(0.5)) {
    return { query: { c: random.chance(0.5) ? intOf(random) : { $gte: intOf(random) } }, update: { [random.pick(["$set", "$inc", "$max"])]: { "c.$": intOf(random) } }, positional: true };
  }
  const field = random.pick(["e.$.x", "e.$.y", "e.$.new", "e.$.z.k"]);
  const query = random.chance(0.5) ? { "e.x": intOf(random) } : { e: { $elemMatch: elementConditionOf(random, "e") } };
  return { query, update: { [random.pick(["$set", "$inc", "$unset"])]: { [field]: intOf(random) } }, positional: true };
}

function arrayFilterOf(random: Random): Statement {
  const operator = random.pick(["$set", "$set", "$inc", "$unset", "$max"]);
  const query = random.chance(0.5) ? { e: { $type: "array" }, c: { $type: "array" } } : filterOf(random, 1);
  return random.weighted<() => Statement>([
    [2, () => ({ query, update: { [operator]: { "c.$[]": intOf(random) } } })],
    [2, () => ({ query, update: { [operator]: { "e.$[].x": intOf(random) } } })],
    [3, () => ({ query, update: { [operator]: { "c.$[i]": intOf(random) } }, arrayFilters: [{ i: random.chance(0.4) ? valueAt(random, "c") : { [random.pick(["$gt", "$lt", "$ne"])]: intOf(random) } }] })],
    [4, () => ({ query, update: { [operator]: { [random.pick(["e.$[i].x", "e.$[i].new", "e.$[i].z.k"])]: intOf(random) } }, arrayFilters: [prefixed("i", elementConditionOf(random, "e"))] })],
    [0.5, () => ({ query, update: { $set: { "e.$[i].z.$[j]": intOf(random) } }, arrayFilters: [{ "i.x": { $gte: intOf(random) } }, { j: { $exists: true } }] })],
    [0.5, () => ({ query, update: { $push: { "e.$[i].list": valueOf(random) } }, arrayFilters: [{ "i.x": { $gte: intOf(random) } }] })],
    [0.5, () => ({ query, update: { $set: { "e.$[i]": subdocumentOf(random) }, $inc: { n: new Int32(1) } }, arrayFilters: [{ $or: [{ "i.x": intOf(random) }, { "i.y": intOf(random) }] }] })],
    [1, () => ({ query: { g: { $type: "array" } }, update: { [random.pick(["$set", "$inc"])]: { "g.$[].k.$[]": intOf(random) } } })],
    [1, () => ({ query: { "g.m.q": { $exists: true } }, update: { [random.pick(["$set", "$inc", "$unset"])]: { "g.$[i].m.$[j].q": intOf(random) } }, arrayFilters: [{ "i.m": { $type: "array" } }, { "j.q": { [random.pick(["$gte", "$ne"])]: intOf(random) } }] })],
    [0.7, () => ({ query: { "g.k": { $exists: true } }, update: { [random.pick(["$push", "$addToSet", "$pull"])]: { "g.$[i].k": intOf(random) } }, arrayFilters: [{ "i.k": { $type: "array" } }] })],
    [0.5, () => ({ query, update: { $set: { "g.$[i].new": intOf(random) } }, arrayFilters: [prefixed("i", { k: intOf(random) })] })],
    [0.3, () => ({ query, update: { $set: { "e.$[j].x": intOf(random) } }, arrayFilters: [{ "i.x": intOf(random) }] })],
  ])();
}

function prefixed(identifier: string, condition: Document): Document {
  return Object.fromEntries(Object.entries(condition).map(([field, value]) => [`${identifier}.${field}`, value as unknown]));
}

function replacementOf(random: Random): Document {
  const doc: Document = {};
  for (const field of random.some(["a", "b", "n", "c", "d", "e", "g", "u"], 0, 4)) doc[field] = valueAt(random, field);
  return doc;
}

function updatePipelineOf(random: Random): Document[] {
  return Array.from({ length: random.weighted([[6, 1], [3, 2], [1, 3]]) }, () =>
    random.weighted<() => Document>([
      [6, () => ({ $set: { [random.pick(["n", "new", "d.x", "a", "e.x", "g.k"])]: expressionOf(random) } })],
      [2, () => ({ $unset: random.pick<unknown>(["a", "d.x", "e", "zz", "e.x", ["n", "g.m"]]) })],
      [0.7, () => ({ $project: { [random.pick(["a", "d.x", "e.y"])]: new Int32(0) } })],
      [0.7, () => ({ $replaceWith: { _id: "$_id", n: "$n", d: "$d", made: expressionOf(random) } })],
      [1, () => ({ $replaceWith: { $mergeObjects: ["$$ROOT", { made: expressionOf(random) }] } })],
      [1, () => ({ $project: { a: new Int32(1), n: new Int32(1), c: new Int32(1) } })],
    ])(),
  );
}
