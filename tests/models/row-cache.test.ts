import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { RowCache } from "@models/row-cache";

/** A table in memory that counts how often it is read, behind a cache with a clock of its own. */
function setUp(rows: Record<string, string>) {
  const asked: string[][] = [];
  const clock = { ms: 0 };
  const cache = new RowCache<string>({
    lifeMs: 1_000,
    rowsMax: 3,
    clock: () => clock.ms,
    load: async (ids) => {
      asked.push(ids);
      return new Map(ids.flatMap((id) => (rows[id] === undefined ? [] : [[id, rows[id]] as const])));
    },
  });
  return { cache, rows, asked, clock };
}

describe("rows kept for a moment", () => {
  test("given pages that ask at the same time, then each row is read once", async () => {
    const { cache, asked } = setUp({ a: "A", b: "B" });
    const pages = await Promise.all([cache.list(["a", "b"]), cache.list(["b", "a", "a"]), cache.list(["a"])]);
    expect(pages.map((page) => page.get("a"))).toEqual(["A", "A", "A"]);
    expect(asked).toEqual([["a", "b"]]);
  });

  test("a row that does not exist is left out, and is asked for again when its time is over", async () => {
    const { cache, rows, asked, clock } = setUp({});
    expect([...(await cache.list(["a"]))]).toEqual([]);
    rows.a = "A";
    clock.ms = 1_001;
    expect((await cache.list(["a"])).get("a")).toBe("A");
    expect(asked).toHaveLength(2);
  });

  test("given a write in this process, then the next who asks sees it", async () => {
    const { cache, rows } = setUp({ a: "old" });
    await cache.list(["a"]);
    rows.a = "new";
    cache.forget("a");
    expect((await cache.list(["a"])).get("a")).toBe("new");
  });

  test("given a page that read the old row while the transaction ran, then it is gone when the transaction is over", async () => {
    const { cache, rows } = setUp({ a: "old" });
    const tx = new EventEmitter();
    cache.forget("a", tx);
    expect((await cache.list(["a"])).get("a")).toBe("old");
    rows.a = "new";
    tx.emit("ended");
    expect((await cache.list(["a"])).get("a")).toBe("new");
  });

  test("given a write in another process, then the row is old for as long as its life", async () => {
    const { cache, rows, clock } = setUp({ a: "old" });
    await cache.list(["a"]);
    rows.a = "new";
    clock.ms = 1_000;
    expect((await cache.list(["a"])).get("a")).toBe("old");
    clock.ms = 1_001;
    expect((await cache.list(["a"])).get("a")).toBe("new");
  });

  test("given a reading that failed, then the next one tries again", async () => {
    let broken = true;
    const cache = new RowCache<string>({ lifeMs: 1_000, rowsMax: 3, load: async () => (broken ? Promise.reject(new Error("no connection")) : new Map([["a", "A"]])) });
    await expect(cache.list(["a"])).rejects.toThrow("no connection");
    broken = false;
    expect((await cache.list(["a"])).get("a")).toBe("A");
  });

  test("a list longer than what is kept is still complete", async () => {
    const { cache } = setUp({ a: "A", b: "B", c: "C", d: "D", e: "E" });
    expect((await cache.list(["a", "b", "c", "d", "e"])).size).toBe(5);
  });
});
