import { deserialize, serialize, type Document } from "bson";
import { describe, expect, test } from "vitest";
import { WireClient } from "../../../scripts/db/wire-client";
import { useEngine } from "./support/engine";

/**
 * Names that mean something to JavaScript must be plain field names to the engine. Each probe sends one of them through one
 * operator; afterwards a document that never had the field must still not have it, to every part of the engine.
 */
const engine = useEngine();
const MARK = "polluted";
const PATHS = [
  `__proto__.${MARK}`,
  `constructor.prototype.${MARK}`,
  `a.__proto__.${MARK}`,
  `a.constructor.prototype.${MARK}`,
  `list.0.__proto__.${MARK}`,
  `list.__proto__.${MARK}`,
  `toString.${MARK}`,
  `hasOwnProperty`,
  `__proto__`,
] as const;

const UPDATES: [string, (path: string) => Document | Document[]][] = [
  ["$set", (path) => ({ $set: { [path]: 1 } })],
  ["$setOnInsert", (path) => ({ $setOnInsert: { [path]: 1 } })],
  ["$inc", (path) => ({ $inc: { [path]: 1 } })],
  ["$mul", (path) => ({ $mul: { [path]: 2 } })],
  ["$min", (path) => ({ $min: { [path]: 1 } })],
  ["$max", (path) => ({ $max: { [path]: 1 } })],
  ["$push", (path) => ({ $push: { [path]: 1 } })],
  ["$addToSet", (path) => ({ $addToSet: { [path]: 1 } })],
  ["$pull", (path) => ({ $pull: { [path]: 1 } })],
  ["$unset", (path) => ({ $unset: { [path]: 1 } })],
  ["$bit", (path) => ({ $bit: { [path]: { or: 1 } } })],
  ["$currentDate", (path) => ({ $currentDate: { [path]: true } })],
  ["$rename to", (path) => ({ $rename: { give: path } })],
  ["$rename from", (path) => ({ $rename: { [path]: "taken" } })],
  ["pipeline $set", (path) => [{ $set: { [path]: 1 } }]],
  ["pipeline $unset", (path) => [{ $unset: path }]],
  ["pipeline $project", (path) => [{ $project: { [path]: "$a" } }]],
  ["pipeline $replaceWith", (path) => [{ $replaceWith: { $mergeObjects: ["$$ROOT", { [path]: { [MARK]: 1 } }] } }]],
];

const READS: [string, (path: string) => Document][] = [
  ["filter", (path) => ({ find: "c", filter: { [path]: 1 } })],
  ["filter $exists", (path) => ({ find: "c", filter: { [path]: { $exists: true } } })],
  ["$elemMatch", (path) => ({ find: "c", filter: { list: { $elemMatch: { [path]: 1 } } } })],
  ["$expr", (path) => ({ find: "c", filter: { $expr: { $eq: [`$${path}`, 1] } } })],
  ["sort", (path) => ({ find: "c", filter: {}, sort: { [path]: 1 } })],
  ["projection", (path) => ({ find: "c", filter: {}, projection: { [path]: 1 } })],
  ["exclusion", (path) => ({ find: "c", filter: {}, projection: { [path]: 0 } })],
  ["computed projection", (path) => ({ find: "c", filter: {}, projection: { [path]: { $literal: 1 } } })],
  ["$slice projection", (path) => ({ find: "c", filter: {}, projection: { [path]: { $slice: 1 } } })],
  ["distinct", (path) => ({ distinct: "c", key: path, query: {} })],
  ["$addFields", (path) => ({ aggregate: "c", pipeline: [{ $addFields: { [path]: 1 } }], cursor: {} })],
  ["$project", (path) => ({ aggregate: "c", pipeline: [{ $project: { [path]: { $literal: 1 } } }], cursor: {} })],
  ["$group", (path) => ({ aggregate: "c", pipeline: [{ $group: { _id: `$${path}`, [path.replaceAll(".", "_")]: { $sum: 1 } } }], cursor: {} })],
  ["$group to __proto__", () => ({ aggregate: "c", pipeline: [{ $group: { _id: null, __proto: { $sum: 1 }, ["__proto__"]: { $push: "$a" } } }], cursor: {} })],
  ["$lookup as", (path) => ({ aggregate: "c", pipeline: [{ $lookup: { from: "c", localField: "a", foreignField: path, as: path } }], cursor: {} })],
  ["$unwind", (path) => ({ aggregate: "c", pipeline: [{ $unwind: { path: `$${path}`, includeArrayIndex: path } }], cursor: {} })],
  ["$setField", (path) => ({ aggregate: "c", pipeline: [{ $replaceWith: { $setField: { field: path, input: "$$ROOT", value: 1 } } }], cursor: {} })],
  ["$arrayToObject", (path) => ({ aggregate: "c", pipeline: [{ $project: { made: { $arrayToObject: [[[path, { [MARK]: 1 }]]] } } }], cursor: {} })],
  ["$facet", (path) => ({ aggregate: "c", pipeline: [{ $facet: { [path]: [{ $limit: 1 }] } }], cursor: {} })],
  ["let", (path) => ({ aggregate: "c", pipeline: [{ $lookup: { from: "c", let: { [path]: 1 }, pipeline: [], as: "x" } }], cursor: {} })],
];

describe.each(PATHS)("given the path %s", (path) => {
  test("then no update reaches the engine's own objects", async () => {
    const client = await WireClient.open(engine().uri);
    for (const [name, update] of UPDATES) {
      await reset(client);
      for (const upsert of [false, true]) {
        await settled(client, { update: "c", updates: [{ q: { _id: upsert ? 9 : 1 }, u: update(path), upsert }] });
      }
      await settled(client, { findAndModify: "c", query: { _id: 1 }, update: update(path), new: true });
      await expectClean(client, `${name} ${path}`);
    }
    await settled(client, { update: "c", updates: [{ q: { [path]: 1 }, u: { $set: { b: 1 } }, upsert: true }] });
    await settled(client, { update: "c", updates: [{ q: { _id: 1 }, u: { $set: { "list.$[i].x": 1 } }, arrayFilters: [{ [`i.${path}`]: 1 }] }] });
    await expectClean(client, `upsert seed and arrayFilters ${path}`);
    client.close();
  });

  test("then no read, insert or index reaches them either", async () => {
    const client = await WireClient.open(engine().uri);
    await reset(client);
    for (const [name, read] of READS) {
      await settled(client, read(path));
      await expectClean(client, `${name} ${path}`);
    }
    await settled(client, { insert: "c", documents: [own({ _id: 5 }, path, { [MARK]: 1 })] });
    await settled(client, { insert: "c", documents: [{ _id: 6, a: own({}, path, { [MARK]: 1 }) }] });
    await settled(client, { update: "c", updates: [{ q: { _id: 5 }, u: own({ b: 1 }, path, { [MARK]: 2 }) }] });
    await settled(client, { createIndexes: "c", indexes: [{ key: { [path]: 1 }, name: path }] });
    await settled(client, own({ find: "c", filter: {} }, path, 1));
    await settled(client, own({ ping: 1 }, "__proto__", { [MARK]: 1 }));
    await settled(client, { find: path, filter: {} });
    await settled(client, { [path]: 1 });
    await expectClean(client, `insert, index and command ${path}`);
    client.close();
  });
});

test("given a document with a field named __proto__, then it is stored and given back, or refused, and is never lost without a word", async () => {
  const client = await WireClient.open(engine().uri);
  await reset(client);
  const reply = await client.command("pollution", { insert: "c", documents: [own({ _id: 7 }, "__proto__", { k: 1 })] });
  const stored = await client.command("pollution", { find: "c", filter: { _id: 7 } });
  const [found] = (stored.cursor as Document).firstBatch as Document[];
  if (reply.ok === 1 && !reply.writeErrors) expect(Object.keys(found!)).toEqual(["_id", "__proto__"]);
  else expect(found).toBeUndefined();
  client.close();
});

/** A document whose own field has the name, as it comes over the wire; a literal `__proto__` would set the prototype instead. */
function own(doc: Document, name: string, value: unknown): Document {
  Object.defineProperty(doc, name, { value, enumerable: true, configurable: true, writable: true });
  return deserialize(serialize(doc));
}

async function reset(client: WireClient): Promise<void> {
  await client.command("pollution", { drop: "c" });
  const reply = await client.command("pollution", { insert: "c", documents: [{ _id: 1, a: { b: 1 }, list: [{ x: 1 }, 2], give: 1 }, { _id: 2 }] });
  expect(reply.n).toBe(2);
}

/** The probe may succeed or be refused; it must be answered. An internal error would mean that something broke inside. */
async function settled(client: WireClient, command: Document): Promise<void> {
  const reply = await client.command("pollution", command);
  const codes = [reply.code, ...((reply.writeErrors ?? []) as Document[]).map((one) => one.code as unknown)];
  expect(codes, `${JSON.stringify(command)} ${JSON.stringify(reply)}`).not.toContain(1);
  expect(codes, `${JSON.stringify(command)} ${JSON.stringify(reply)}`).not.toContain(8);
}

/** Asks about the mark on a document that cannot have it, through the parts of the engine that walk paths. */
async function expectClean(client: WireClient, probe: string): Promise<void> {
  await client.command("pollution", { drop: "clean" });
  await client.command("pollution", { insert: "clean", documents: [{ _id: 1, a: {}, list: [{}] }] });
  for (const field of [MARK, `a.${MARK}`, `list.${MARK}`, `list.0.${MARK}`]) {
    const found = await client.command("pollution", { count: "clean", query: { [field]: { $exists: true } } });
    expect(found.n, `${probe}: ${field} exists`).toBe(0);
  }
  const projected = await client.command("pollution", { find: "clean", filter: { _id: 1 }, projection: { made: `$${MARK}`, inner: `$a.${MARK}` } });
  expect((projected.cursor as Document).firstBatch, probe).toEqual([{ _id: 1 }]);
  const updated = await client.command("pollution", { findAndModify: "clean", query: { _id: 1 }, update: { $inc: { n: 1 }, $set: { "a.b": 1 } }, new: true });
  expect(updated.value, probe).toEqual({ _id: 1, a: { b: 1 }, list: [{}], n: 1 });
  const unknown = await client.command("pollution", { find: "clean", filter: {}, [MARK]: 1 });
  expect(unknown.code, `${probe}: an unknown field of a command is refused as before`).toBe(40415);
}
