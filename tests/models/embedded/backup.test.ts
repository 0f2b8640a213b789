import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Decimal128, Double, Int32, Long, ObjectId, type Document } from "bson";
import type { Db } from "mongodb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { dropCollections, proveCollection, readDatabase, requireEmpty, TargetNotEmpty, withSnapshot, writeDatabase } from "../../../scripts/db/dump";
import { checkDumpFile, DumpFileDamaged, readDumpFile, writeDumpFile } from "../../../scripts/db/dump-file";
import { moveDatabase, SourceChanged } from "../../../scripts/db/move-database";
import { openEngine } from "./support/engine";

const AT = new Date("2026-03-01T04:00:00Z");
const run = promisify(execFile);
let folder = "";
let engines: Awaited<ReturnType<typeof openEngine>>[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "goldbean-backup-"));
});

afterEach(async () => {
  for (const engine of engines) await engine.close();
  engines = [];
  rmSync(folder, { recursive: true, force: true });
});

async function makeEngine() {
  const engine = await openEngine();
  engines.push(engine);
  return engine;
}

async function fill(db: Db): Promise<void> {
  const posts = Array.from({ length: 1_200 }, (_, order) => ({ _id: `p${order}`, title: `金豆 ${order}`, n: new Int32(order), at: new Date(AT.getTime() + order), tags: ["a", `t${order % 7}`] }));
  await db.collection<{ _id: string }>("posts").insertMany(posts);
  await db.command({
    createIndexes: "posts",
    indexes: [
      { key: { n: 1 }, name: "n_1", unique: true },
      { key: { tags: 1, at: -1 }, name: "tags_1_at_-1", partialFilterExpression: { n: { $gte: new Int32(5) } } },
      { key: { at: 1 }, name: "at_1", expireAfterSeconds: 1_000_000_000 },
    ],
  });
  await db.collection("types").insertMany([
    { _id: new ObjectId("0123456789abcdef01234567"), i: new Int32(1), d: new Double(1), l: Long.fromString("9007199254740993"), m: Decimal128.fromString("1.10"), z: new Double(-0), nothing: null, deep: { a: [[], {}, [1]] } },
  ]);
  await db.createCollection("empty");
}

test("given a served database, when it is backed up and restored elsewhere, then documents, types and indexes are the same", async () => {
  const [source, target] = [await makeEngine(), await makeEngine()];
  const [from, to] = [source.client.db("goldbean"), target.client.db("goldbean")];
  await fill(from);
  const file = join(folder, "all.dump");
  const written = await withSnapshot(from, "embedded", (session) => writeDumpFile(file, readDatabase(from, session, AT)));
  expect(written.map(({ name, count }) => [name, count])).toEqual([["empty", 0], ["posts", 1_200], ["types", 1]]);
  expect(await checkDumpFile(file)).toEqual(written);
  await requireEmpty(to);
  expect(await writeDatabase(to, readDumpFile(file))).toEqual(written);
  for (const { name } of written) {
    expect(await to.collection(name).listIndexes().toArray()).toEqual(await from.collection(name).listIndexes().toArray());
    expect(await proveCollection(to, name)).toEqual(await proveCollection(from, name));
  }
  await expect(to.collection("posts").insertOne({ n: new Int32(7) }), "the unique index came along").rejects.toMatchObject({ code: 11000 });
});

test("given writes during a backup, then the file holds one moment", async () => {
  const { client } = await makeEngine();
  const db = client.db("goldbean");
  await db.collection<{ _id: string; n: number }>("a").insertMany(Array.from({ length: 1_500 }, (_, order) => ({ _id: `a${order}`, n: 0 })));
  await db.collection<{ _id: string; n: number }>("b").insertOne({ _id: "b", n: 0 });
  const file = join(folder, "moment.dump");
  await withSnapshot(db, "embedded", async (session) => {
    const records = readDatabase(db, session, AT);
    // The first documents fix the moment; everything written from here on is later.
    const head = [await records.next(), await records.next(), await records.next()].map(({ value }) => value!);
    await db.collection<{ _id: string }>("a").deleteMany({ _id: { $gte: "a5" } });
    await db.collection<{ _id: string }>("b").updateOne({ _id: "b" }, { $set: { n: 1 } });
    const rest = (async function* () {
      yield* head;
      yield* records;
    })();
    const proofs = await writeDumpFile(file, rest);
    expect(proofs.map(({ name, count }) => [name, count])).toEqual([["a", 1_500], ["b", 1]]);
  });
  await dropCollections(db);
  await writeDatabase(db, readDumpFile(file));
  expect(await db.collection<{ _id: string }>("b").findOne({ _id: "b" })).toMatchObject({ n: 0 });
});

test("given a backup that is cut short or changed, then it is refused and nothing is left behind", async () => {
  const { client } = await makeEngine();
  const db = client.db("goldbean");
  await fill(db);
  const file = join(folder, "whole.dump");
  await withSnapshot(db, "embedded", (session) => writeDumpFile(file, readDatabase(db, session, AT)));
  const bytes = readFileSync(file);
  writeFileSync(join(folder, "short.dump"), bytes.subarray(0, Math.floor(bytes.length / 2)));
  const changed = Buffer.from(bytes);
  changed[Math.floor(bytes.length / 2)]! ^= 0x20;
  writeFileSync(join(folder, "changed.dump"), changed);
  writeFileSync(join(folder, "other.dump"), "not a backup");
  for (const name of ["short", "changed", "other"]) await expect(checkDumpFile(join(folder, `${name}.dump`)), name).rejects.toThrow(DumpFileDamaged);
  await expect(requireEmpty(db)).rejects.toThrow(TargetNotEmpty);
  expect(statSync(file).mode & 0o077, "a backup holds personal data: only its owner may read it").toBe(0);
});

// A second engine over the wire stands in for a cluster, which no build machine has.
test("given an embedded database, when it is moved to another server, then everything is there and proven; a target in use is refused", async () => {
  const [source, target] = [await makeEngine(), await makeEngine()];
  const [from, to] = [source.client.db("goldbean"), target.client.db("moved")];
  await fill(from);
  await to.createCollection("posts");
  await requireEmpty(to);
  const proofs = await moveDatabase({ db: from, kind: "embedded" }, to, AT);
  expect(proofs.map(({ name, count }) => [name, count])).toEqual([["empty", 0], ["posts", 1_200], ["types", 1]]);
  for (const proof of proofs) expect(await proveCollection(to, proof.name)).toEqual(proof);
  await expect(requireEmpty(to)).rejects.toThrow(TargetNotEmpty);
});

test("given a write while the move runs, then the move says so instead of leaving it behind", async () => {
  const [source, target] = [await makeEngine(), await makeEngine()];
  const [from, to] = [source.client.db("goldbean"), target.client.db("moved")];
  await fill(from);
  const busy = new Proxy(to, {
    get(db, name) {
      const value: unknown = Reflect.get(db, name);
      if (typeof value !== "function") return value;
      if (name !== "command") return value.bind(db) as unknown;
      // A late write sneaks in before each command of the writing half.
      return async (command: Document) => {
        await from.collection("late").insertOne({ late: true });
        return db.command(command);
      };
    },
  });
  await from.collection("late").insertOne({ early: true });
  await expect(moveDatabase({ db: from, kind: "embedded" }, busy, AT)).rejects.toThrow(SourceChanged);
});

test("given the commands themselves in another process, then they use the running engine and report", async () => {
  const { client, directory } = await makeEngine();
  const db = client.db("goldbean");
  await fill(db);
  const file = join(folder, "cli.dump");
  const environment: NodeJS.ProcessEnv = { ...process.env, DATA_DIR: directory, NODE_ENV: "test", MONGODB_URI: "" };
  const tool = (name: string, ...args: string[]) => run(process.execPath, ["--import", "tsx", join(import.meta.dirname, `../../../scripts/db/${name}.ts`), ...args], { env: environment });
  expect((await tool("backup", "--out", file)).stdout).toMatch(/posts\s+1200 documents/);
  await expect(tool("restore", "--in", file)).rejects.toMatchObject({ stderr: expect.stringContaining("nothing was written") as string });
  expect((await tool("restore", "--in", file, "--drop")).stdout).toContain("Restored");
  expect(await db.collection("posts").countDocuments()).toBe(1_200);
  const target = await makeEngine();
  expect((await tool("move", "--to", target.uri)).stdout).toContain("Moved and proven");
  expect(await target.client.db("goldbean").collection("posts").countDocuments()).toBe(1_200);
});
