import { Int32, type Document } from "bson";
import { expressionOf } from "./generator-expressions";
import { filterOf, intOf, projectionOf, sortOf } from "./generator-values";
import type { Random } from "./random";

/** Pipelines as an application writes them: a $match, a few transforming stages, and an order wherever order matters. */
export function pipelineOf(random: Random): Document[] {
  const stages: Document[] = [];
  if (random.chance(0.6)) stages.push({ $match: filterOf(random, 1) });
  for (let count = random.between(1, 4); count > 0; count--) stages.push(...stageOf(random));
  return stages;
}

const TARGETS = ["made", "made", "n", "n", "d.x", "d", "e.x", "a", "g.k", "_id.x"] as const;
const BY_ID = { $sort: { _id: new Int32(1) } };

function stageOf(random: Random): Document[] {
  return random.weighted<() => Document[]>([
    [3, () => [{ $sort: sortOf(random, true) }, ...(random.chance(0.6) ? [{ $limit: new Int32(random.between(1, 8)) }] : [])]],
    [1, () => [BY_ID, { $skip: new Int32(random.below(4)) }]],
    [2, () => [{ $project: projectionOf(random, false) }]],
    [3, () => [{ [random.pick(["$set", "$addFields"])]: { [random.pick(TARGETS)]: expressionOf(random), ...(random.chance(0.3) && { [random.pick(["b", "s", "t"])]: expressionOf(random, 1) }) } }]],
    [1.2, () => [{ $unset: random.pick<unknown>(["a", "n", "d.x", "e.x", "g.m", ["b", "c"]]) }]],
    [0.7, () => [{ $project: { [random.pick(["a", "n", "d.x", "e.y"])]: new Int32(0) } }]],
    [5, () => groupOf(random)],
    [2, () => [BY_ID, { $unwind: random.chance(0.6) ? `$${random.pick(["c", "e"])}` : { path: `$${random.pick(["c", "e", "a"])}`, preserveNullAndEmptyArrays: true, ...(random.chance(0.4) && { includeArrayIndex: "at" }) } }]],
    [3, () => [lookupOf(random)]],
    [1, () => [{ $count: "many" }]],
    [0.8, () => [{ $facet: { first: [BY_ID, { $limit: new Int32(2) }], total: [{ $count: "n" }] } }]],
    [0.4, () => [{ $facet: { first: [BY_ID, { $addFields: { n: expressionOf(random, 1) } }, { $project: projectionOf(random, false) }, { $limit: new Int32(3) }] } }]],
    [0.7, () => [{ $replaceRoot: { newRoot: { $mergeObjects: [{ none: new Int32(0) }, { $cond: [{ $eq: [{ $type: "$d" }, "object"] }, "$d", {}] }, { _id: "$_id" }] } } }]],
    [0.7, () => [{ $match: filterOf(random, 1) }]],
    [0.5, () => [{ $unionWith: { coll: "l", pipeline: [{ $match: { x: { $gte: intOf(random) } } }] } }]],
    [0.5, () => [{ $sortByCount: `$${random.pick(["b", "f", "n"])}` }]],
    [0.5, () => [{ $bucket: { groupBy: "$u", boundaries: [new Int32(0), new Int32(50), new Int32(120)], default: "other", output: { count: { $sum: new Int32(1) } } } }]],
    [0.5, () => [BY_ID, { $unwind: "$e" }, { $match: { "e.x": { $gte: intOf(random) } } }]],
    [1, () => [{ $project: { [random.pick(["made", "d.made", "b", "e.made"])]: expressionOf(random), n: new Int32(1), ...(random.chance(0.5) && { [random.pick(["d.x", "e.x", "t", "g"])]: new Int32(1) }) } }]],
    [0.4, () => [{ $replaceWith: random.pick<unknown>(["$$ROOT", { $ifNull: ["$none", "$$ROOT"] }, { _id: "$_id", n: "$n", d: "$d", e: "$e" }, { $mergeObjects: ["$$ROOT", { made: expressionOf(random, 1) }] }]) }]],
    [0.4, () => [{ $group: { _id: "$_id", whole: { $first: "$$ROOT" } } }, { $replaceRoot: { newRoot: "$whole" } }]],
    [0.4, () => [{ $match: { $expr: { $and: [{ [random.pick(["$eq", "$gt", "$lte"])]: ["$n", intOf(random)] }, expressionOf(random, 1)] } } }]],
    [0.4, () => [{ $match: { $expr: expressionOf(random, 1) } }]],
    [0.05, () => [{ $bad: new Int32(1) }]],
  ])();
}

/** Accumulators that do not depend on the order of documents, unless a sort stands before them. */
function groupOf(random: Random): Document[] {
  const key = random.pick<unknown>([null, "$b", "$n", "$f", "$d.x", { b: "$b", f: "$f" }, "$a"]);
  const group: Document = { _id: key };
  for (const name of random.some(["count", "sum", "top", "low", "mean", "first", "list", "last"], 1, 3)) {
    group[name] = accumulatorOf(random, name);
  }
  const ordered = ["first", "list", "last"].some((name) => name in group);
  return [...(ordered ? [BY_ID] : []), { $group: group }, ...(random.chance(0.5) ? [BY_ID] : [])];
}

function accumulatorOf(random: Random, name: string): Document {
  switch (name) {
    case "count":
      return { $sum: new Int32(1) };
    case "sum":
      return { $sum: `$${random.pick(["n", "d.x", "u"])}` };
    case "top":
      return { $max: `$${random.pick(["n", "t", "b"])}` };
    case "low":
      return { $min: `$${random.pick(["n", "t", "b"])}` };
    case "mean":
      return { $avg: `$${random.pick(["u", "d.x"])}` };
    case "list":
      return { $push: `$${random.pick(["_id", "n", "zz"])}` };
    default:
      return { [`$${name}`]: `$${random.pick(["_id", "n", "zz"])}` };
  }
}

function lookupOf(random: Random): Document {
  const pipeline = [...(random.chance(0.4) ? [{ $match: { x: { $gte: intOf(random) } } }] : []), BY_ID];
  if (random.chance(0.7)) return { $lookup: { from: "l", localField: random.pick(["n", "d.x", "_id", "c", "a"]), foreignField: random.pick(["_id", "x", "a"]), pipeline, as: "found" } };
  return { $lookup: { from: "l", let: { mine: `$${random.pick(["n", "d.x"])}` }, pipeline: [{ $match: { $expr: { $eq: ["$x", "$$mine"] } } }, BY_ID], as: "found" } };
}
