import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import type { RootDatabase } from "lmdb";
import { afterEach, describe, expect, test } from "vitest";
import { connectOrStart } from "@models/embedded/index";
import { UnknownFormat, migrate } from "@models/embedded/storage/format";
import { afterPrefix, identKey, recordKey, recordNumberOf } from "@models/embedded/storage/keys";
import { Layered, WriteSet } from "@models/embedded/storage/layers";
import { Store } from "@models/embedded/storage/store";
import { MongoClient } from "mongodb";
import { useEngine } from "./support/engine";

const directories: string[] = [];

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "goldbean-store-"));
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

const IDENT = 100;
const key = (number: number): Buffer => recordKey(IDENT, number);
const all = { from: identKey(IDENT), to: afterPrefix(identKey(IDENT)) };

function put(store: Store, numbers: number[], value = "x"): Promise<void> {
  const writer = store.writer(() => undefined);
  for (const number of numbers) writer.put(key(number), Buffer.from(value));
  return store.commit(writer.top);
}

const numbersIn = (view: { range(range: typeof all & { reverse?: boolean }): Iterable<{ key: Buffer }> }, reverse = false): number[] =>
  Array.from(view.range({ ...all, reverse }), (entry) => recordNumberOf(entry.key));

describe("store", () => {
  test("given a commit that is not flushed, then the newest view shows it and the durable one does not; after the flush both do, also after reopening", async () => {
    const directory = newDirectory();
    const store = await Store.open(directory);
    const flushed = put(store, [1, 2]);
    expect(numbersIn(store.newest())).toEqual([1, 2]);
    expect(numbersIn(store.durable())).toEqual([]);
    await flushed;
    expect(numbersIn(store.durable())).toEqual([1, 2]);
    await store.close();
    const again = await Store.open(directory);
    expect(numbersIn(again.durable())).toEqual([1, 2]);
    await again.close();
  });

  test("given a pinned view, then later commits do not reach it, and their keys count as written after it", async () => {
    const store = await Store.open(newDirectory());
    await put(store, [1]);
    const pinned = store.pin();
    const text = key(2).toString("latin1");
    const flushed = put(store, [2]);
    expect(store.writtenAfter(text, pinned.seq)).toBe(true);
    await flushed;
    expect(store.writtenAfter(text, pinned.seq)).toBe(true);
    expect(numbersIn(pinned)).toEqual([1]);
    expect(numbersIn(store.durable())).toEqual([1, 2]);
    pinned.release();
    expect(store.writtenAfter(text, 0)).toBe(false);
    await store.close();
  });

  test("given many commits at once, then each snapshot shows all of a commit or nothing of it", async () => {
    const store = await Store.open(newDirectory());
    const commits: Promise<void>[] = [];
    for (let i = 0; i < 200; i++) {
      commits.push(put(store, [1, 2, 3], String(i)));
      if (i % 7 === 0) {
        await commits[commits.length - 1];
        const pinned = store.pin();
        const values = [1, 2, 3].map((number) => pinned.get(key(number))?.toString());
        expect(new Set(values).size).toBe(1);
        pinned.release();
      }
    }
    await Promise.all(commits);
    await store.close();
  });

  test("given ranges longer than a chunk, then both directions and counts see every key once, with pending writes and removals in place", async () => {
    const store = await Store.open(newDirectory());
    await put(store, Array.from({ length: 1500 }, (_, i) => i * 2));
    const writes = new WriteSet();
    for (let i = 0; i < 1500; i++) {
      if (i % 3 === 0) writes.set(key(i * 2), null);
      if (i % 5 === 0) writes.set(key(i * 2 + 1), Buffer.from("new"));
    }
    const view = new Layered(store.durable(), writes);
    const expected = Array.from({ length: 3000 }, (_, number) => number).filter((number) =>
      number % 2 === 0 ? (number / 2) % 3 !== 0 : ((number - 1) / 2) % 5 === 0,
    );
    expect(numbersIn(view)).toEqual(expected);
    expect(numbersIn(view, true)).toEqual([...expected].reverse());
    expect(view.count(all)).toBe(expected.length);
    await store.close();
  });
});

describe("format", () => {
  const openRaw = (path: string): RootDatabase<Buffer, Buffer> => open<Buffer, Buffer>({ path, keyEncoding: "binary", encoding: "binary" });

  test("given an older directory, then its steps run in order, once", async () => {
    const directory = newDirectory();
    const db = openRaw(directory);
    const ran: number[] = [];
    migrate(db, directory, 1);
    const steps = new Map([1, 2].map((from) => [from, () => void ran.push(from)]));
    migrate(db, directory, 3, steps);
    migrate(db, directory, 3, steps);
    expect(ran).toEqual([1, 2]);
    await db.close();
  });

  test("given a step that fails, then the version stays and the step runs again the next time", async () => {
    const directory = newDirectory();
    const db = openRaw(directory);
    migrate(db, directory, 1);
    const half = Buffer.from("half");
    const broken = (store: typeof db): void => {
      store.putSync(half, half);
      throw new Error("half-way");
    };
    expect(() => migrate(db, directory, 2, new Map([[1, broken]]))).toThrow("half-way");
    expect(db.get(half)).toBeUndefined();
    let ran = 0;
    migrate(db, directory, 2, new Map([[1, () => void ran++]]));
    expect(ran).toBe(1);
    await db.close();
  });

  test("given a newer directory, one without a way up, or a foreign one, then it is refused with what to do", async () => {
    const newer = newDirectory();
    const db = openRaw(newer);
    migrate(db, newer, 7);
    expect(() => migrate(db, newer, 1)).toThrow(/db:backup/);
    expect(() => migrate(db, newer, 8, new Map())).toThrow(/no step/);
    await db.close();
    const foreign = newDirectory();
    const other = openRaw(foreign);
    await other.put(Buffer.from("k"), Buffer.from("v"));
    expect(() => migrate(other, foreign)).toThrow(UnknownFormat);
    await other.close();
  });
});

describe("backup", () => {
  const engine = useEngine();

  test("given writes that go on, when a backup is taken, then its copy holds whole transactions up to one moment", async () => {
    const { client } = engine();
    const db = client.db("goldbean");
    await db.collection("pairs").insertOne({ n: 0 });
    let going = true;
    let written = 0;
    const writer = (async () => {
      for (let i = 1; going; i++) {
        await client.withSession((session) =>
          session.withTransaction(async () => {
            await db.collection("left").insertOne({ i }, { session });
            await db.collection("right").insertOne({ i }, { session });
          }),
        );
        written = i;
      }
    })();
    // A backup before the first write would hold nothing of either.
    await expect.poll(() => written).toBeGreaterThan(3);
    const copy = newDirectory();
    await db.admin().command({ goldbeanBackup: 1, path: join(copy, "db") });
    going = false;
    await writer;
    const restored = await connectOrStart(copy);
    const reader = await new MongoClient(restored.uri).connect();
    const [left, right] = await Promise.all(["left", "right"].map((name) => reader.db("goldbean").collection(name).countDocuments()));
    expect(left).toBe(right);
    expect(left).toBeGreaterThan(3);
    expect(await reader.db("goldbean").collection("pairs").countDocuments()).toBe(1);
    await reader.close();
    await restored.close();
  });
});
