import { describe, expect, test } from "vitest";
import { identical } from "@models/embedded/bson/compare";
import { Decimal128, Double, Long } from "@models/embedded/bson/values";
import type { Doc, Value } from "@models/embedded/bson/values";
import { compileUpdate, upsertSeed } from "@models/embedded/update/index";

const now = new Date("2026-01-01T00:00:00Z");

function apply(update: Doc | Doc[], doc: Doc, options: { position?: number; arrayFilters?: Doc[] } = {}): { doc: Doc; modified: boolean } {
  const { position, arrayFilters } = options;
  return compileUpdate(update, { now, multi: false, arrayFilters }).apply(doc, { inserting: false, position });
}

describe("updates", () => {
  test("given a stored document, when it is updated, then the stored one is untouched", () => {
    const stored: Doc = { _id: 1, a: { b: [1, { c: 1 }] } };
    const { doc } = apply({ $set: { "a.b.1.c": 2 }, $push: { "a.d": 1 } }, stored);
    expect(stored).toEqual({ _id: 1, a: { b: [1, { c: 1 }] } });
    expect(doc).toEqual({ _id: 1, a: { b: [1, { c: 2 }], d: [1] } });
  });

  test.each<[string, Value, Value, Value]>([
    ["an Int32 grows into a Long", 2147483647, 1, Long.fromNumber(2147483648)],
    ["a Double takes over", 1, new Double(1), new Double(2)],
    ["a Long stays one", 1, Long.fromNumber(1), Long.fromNumber(2)],
    ["a Decimal128 keeps its digits", Decimal128.fromString("1.50"), 1, Decimal128.fromString("2.50")],
  ])("given %s, when incremented, then the type is MongoDB's", (_name, before, by, after) => {
    expect(identical(apply({ $inc: { n: by } }, { _id: 1, n: before }).doc["n"], after)).toBe(true);
  });

  test("given a Long at its end, when incremented, then it is an error and no wrapped number", () => {
    expect(() => apply({ $inc: { n: 1 } }, { _id: 1, n: Long.MAX_VALUE })).toThrow(expect.objectContaining({ code: 2 }));
  });

  test("given equal content, when set, then nothing counts as modified; another number type does", () => {
    expect(apply({ $set: { a: { x: 1 } } }, { _id: 1, a: { x: 1 } }).modified).toBe(false);
    expect(apply({ $set: { a: new Double(1) } }, { _id: 1, a: 1 }).modified).toBe(true);
  });

  test("given array filters and positions, when applied, then only the meant elements change", () => {
    expect(apply({ $set: { "a.$[e].x": 0 } }, { _id: 1, a: [{ x: 1 }, { x: 5 }] }, { arrayFilters: [{ "e.x": { $gt: 2 } }] }).doc["a"]).toEqual([{ x: 1 }, { x: 0 }]);
    expect(apply({ $inc: { "a.$": 1 } }, { _id: 1, a: [1, 2] }, { position: 1 }).doc["a"]).toEqual([1, 3]);
  });

  test.each(["constructor.prototype.polluted", "__proto__.polluted", "a.__proto__.polluted", "a.constructor.prototype.polluted"])(
    "given the path %s, when set, then no prototype changes",
    (path) => {
      try {
        const { doc } = apply({ $set: { [path]: 1 } }, { _id: 1, a: {} });
        expect(Object.keys(doc)).toContain(path.split(".")[0]);
      } catch (error) {
        expect(error).toMatchObject({ code: 238 });
      }
      expect(({} as Record<string, Value>)["polluted"]).toBeUndefined();
    },
  );

  test("given an index-like name that a JS object would move to the front, when set, then it is refused", () => {
    expect(() => apply({ $set: { "o.0": 1 } }, { _id: 1, o: { x: 1 } })).toThrow(expect.objectContaining({ code: 238 }));
  });

  test("given an upsert, when the seed is built, then it holds the filter's equalities and `_id` comes first", () => {
    const updater = compileUpdate({ $set: { b: 2 }, $setOnInsert: { _id: 7 } }, { now, multi: false });
    const seed = upsertSeed({ a: 1, c: { $gt: 5 }, "d.e": { $in: [3] } }, updater);
    const { doc } = updater.apply(seed, { inserting: true });
    expect(doc).toEqual({ _id: 7, a: 1, d: { e: 3 }, b: 2 });
    expect(Object.keys(doc)[0]).toBe("_id");
  });

  test("given a pipeline, when applied, then `_id` stays and constant errors wait for a document", () => {
    expect(apply([{ $replaceWith: { n: "$a" } }], { _id: 1, a: 5 }).doc).toEqual({ _id: 1, n: 5 });
    const failing = compileUpdate([{ $set: { a: { $divide: [1, 0] } } }], { now, multi: false });
    expect(() => failing.apply({ _id: 1 }, { inserting: false })).toThrow(expect.objectContaining({ code: 2 }));
  });
});
