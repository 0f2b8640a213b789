import type { Document } from "bson";
import { expect, test } from "vitest";
import { ConnectionLost, WireClient } from "../../../scripts/db/wire-client";
import { EngineProcess } from "../../../scripts/db/engine-process";

const ROUNDS = 3;
const WRITERS = 4;
/** Acknowledged inserts after which a round ends with kill -9. */
const ACKNOWLEDGED_PER_ROUND = 120;

test("given kill -9 in the middle of writes, then every acknowledged one is there and the indexes agree with the documents", async () => {
  const engine = new EngineProcess();
  const acknowledged = new Set<number>();
  const attempted = new Set<number>();
  let increments = { acknowledged: 0, attempted: 0 };
  try {
    const first = await WireClient.open(await engine.start());
    await ok(first, { createIndexes: "items", indexes: [{ key: { ref: 1 }, name: "ref_1", unique: true }, { key: { group: 1, at: -1 }, name: "group_1_at_-1" }, { key: { tags: 1 }, name: "tags_1" }] });
    await ok(first, { insert: "totals", documents: [{ _id: "all", n: 0 }] });
    first.close();
    for (let round = 0; round < ROUNDS; round++) {
      const goal = acknowledged.size + ACKNOWLEDGED_PER_ROUND;
      const uri = await engine.uri();
      let killed: Promise<string> | null = null;
      const writers = Array.from({ length: WRITERS }, async (_, writer) => {
        const client = await WireClient.open(uri);
        try {
          for (let step = 0; ; step++) {
            const id = round * 1_000_000 + writer * 100_000 + step;
            attempted.add(id);
            await ok(client, { insert: "items", documents: [{ _id: id, ref: `r${id}`, group: id % 7, at: step, tags: [id % 3, `t${id % 5}`], text: "x".repeat(200) }] });
            acknowledged.add(id);
            if (step % 3 === 0) {
              increments.attempted++;
              await ok(client, { update: "totals", updates: [{ q: { _id: "all" }, u: { $inc: { n: 1 } } }] });
              increments.acknowledged++;
            }
            if (acknowledged.size >= goal) killed ??= engine.crash();
          }
        } catch (error) {
          if (!(error instanceof ConnectionLost)) throw error;
        } finally {
          client.close();
        }
      });
      await Promise.all(writers);
      await killed;
      await checkAll(await engine.uri(), acknowledged, attempted, increments);
    }
    increments = { ...increments };
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * ACKNOWLEDGED_PER_ROUND);
  } finally {
    await engine.remove();
  }
});

async function checkAll(uri: string, acknowledged: Set<number>, attempted: Set<number>, increments: { acknowledged: number; attempted: number }): Promise<void> {
  const client = await WireClient.open(uri);
  const stored = await find(client, "items", {}, { $natural: 1 });
  const ids = new Set(stored.map((doc) => Number(doc._id)));
  expect([...acknowledged].filter((id) => !ids.has(id)), "acknowledged and lost").toEqual([]);
  expect([...ids].filter((id) => !attempted.has(id)), "stored and never sent").toEqual([]);
  expect(ids.size, "a document stands twice").toBe(stored.length);
  for (const hint of ["ref_1", "group_1_at_-1"]) {
    const through = await find(client, "items", hint === "ref_1" ? { ref: { $gte: "" } } : { group: { $gte: 0 } }, hint);
    expect(through.map((doc) => Number(doc._id)).sort(), `through ${hint}`).toEqual([...ids].sort());
  }
  for (const tag of [0, 1, 2]) {
    const through = await find(client, "items", { tags: tag }, "tags_1");
    expect(through.length, `through tags_1 = ${tag}`).toBe([...ids].filter((id) => id % 3 === tag).length);
  }
  const [someId] = acknowledged;
  const twice = await client.command("durability", { insert: "items", documents: [{ _id: -1, ref: `r${someId}` }] });
  expect((twice.writeErrors as Document[])[0]?.code, "the unique index forgot a key").toBe(11000);
  const total = Number((await find(client, "totals", {}, { $natural: 1 }))[0]?.n);
  expect(total).toBeGreaterThanOrEqual(increments.acknowledged);
  expect(total).toBeLessThanOrEqual(increments.attempted);
  client.close();
}

async function find(client: WireClient, collection: string, filter: Document, hint: Document | string): Promise<Document[]> {
  const reply = await ok(client, { find: collection, filter, hint, batchSize: 100_000 });
  return (reply.cursor as Document).firstBatch as Document[];
}

async function ok(client: WireClient, command: Document): Promise<Document> {
  const reply = await client.command("durability", command);
  expect({ ok: reply.ok, code: reply.code, writeErrors: reply.writeErrors }).toEqual({ ok: 1 });
  return reply;
}
