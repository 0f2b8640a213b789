import { Int32, type Document } from "bson";
import { countOf, distinctOf, pageOf } from "./generator-pages";
import { pipelineOf } from "./generator-pipelines";
import { updateOf } from "./generator-updates";
import { documentOf, filterOf, intOf, projectionOf, sortOf } from "./generator-values";
import type { Random } from "./random";

/**
 * Random commands for the live comparison. Shapes follow what application code sends; a small share is wrong on purpose,
 * because error codes are part of the contract.
 */

/** One command on collection `c` of a world that has these indexes. */
export function commandOf(random: Random, indexes: readonly Document[] = []): Document {
  return random.weighted<() => Document>([
    [22, () => findOf(random)],
    [indexes.length > 0 ? 16 : 0, () => pageOf(random, indexes)],
    [16, () => ({ aggregate: "c", pipeline: pipelineOf(random), cursor: {} })],
    [30, () => updateOf(random)],
    [7, () => findAndModifyOf(random)],
    [4, () => countOf(random, indexes)],
    [4, () => distinctOf(random, indexes)],
    [4, () => insertOf(random)],
    [3, () => deleteOf(random)],
  ])();
}

function findOf(random: Random): Document {
  const command: Document = { find: "c", filter: filterOf(random) };
  const pages = random.chance(0.35);
  if (pages || random.chance(0.5)) command.sort = sortOf(random, pages || random.chance(0.5));
  if (random.chance(0.35)) command.projection = projectionOf(random);
  else if (random.chance(0.04)) Object.assign(command, positionalFind(random));
  if (pages) {
    if (random.chance(0.4)) command.skip = new Int32(random.below(5));
    command.limit = new Int32(random.between(1, 8));
  }
  return command;
}

/** A positional projection with the one array condition that it needs. */
function positionalFind(random: Random): Document {
  if (random.chance(0.5)) return { filter: { c: random.chance(0.5) ? intOf(random) : { $gte: intOf(random) } }, projection: { "c.$": new Int32(1), n: new Int32(1) } };
  return { filter: random.chance(0.5) ? { "e.x": intOf(random) } : { e: { $elemMatch: { x: { $lte: intOf(random) } } } }, projection: { "e.$": new Int32(1) } };
}

function findAndModifyOf(random: Random): Document {
  const command: Document = { findAndModify: "c", query: filterOf(random), sort: sortOf(random, true) };
  if (random.chance(0.2)) command.remove = true;
  else {
    const statement = (updateOf(random).updates as Document[])[0]!;
    command.update = statement.u;
    if (statement.arrayFilters) command.arrayFilters = statement.arrayFilters;
    if (random.chance(0.6)) command.new = true;
    if (random.chance(0.2)) {
      command.upsert = true;
      command.query = { _id: new Int32(random.between(1, 30)), ...(random.chance(0.4) && upsertPartOf(random)) };
    }
  }
  if (random.chance(0.3)) command.fields = projectionOf(random);
  if (command.upsert === undefined && random.chance(0.05)) Object.assign(command, { query: { c: { $gte: intOf(random) } }, fields: { "c.$": new Int32(1) } });
  return command;
}

/** What an upsert takes over into the new document, and what it leaves. */
export function upsertPartOf(random: Random): Document {
  return random.weighted<() => Document>([
    [3, () => ({ [random.pick(["n", "d.x", "b"])]: intOf(random) })],
    [1, () => ({ $and: [{ n: intOf(random) }, { "d.x": { $gt: intOf(random) } }] })],
    [1, () => ({ b: { $in: [random.pick(["a", "b"])] }, n: { $eq: intOf(random) } })],
    [0.5, () => ({ c: { $all: [intOf(random)] }, n: { $ne: intOf(random) } })],
    [0.5, () => ({ "d.x": intOf(random), d: { $exists: true } })],
    [0.5, () => ({ $or: [{ n: intOf(random) }] })],
  ])();
}

function insertOf(random: Random): Document {
  const documents = Array.from({ length: random.between(1, 3) }, () => documentOf(random, random.between(1, 40)));
  return { insert: "c", documents, ordered: random.chance(0.7) };
}

function deleteOf(random: Random): Document {
  const single = random.chance(0.6);
  const filter = filterOf(random, 1);
  return { delete: "c", deletes: [{ q: single ? { ...filter, _id: new Int32(random.between(1, 24)) } : filter, limit: new Int32(single ? 1 : 0) }] };
}
