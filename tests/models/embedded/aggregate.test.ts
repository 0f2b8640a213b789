import { describe, expect, test } from "vitest";
import { runPipeline } from "@models/embedded/aggregate/index";
import type { PipelineEnvironment } from "@models/embedded/aggregate/index";
import { identical } from "@models/embedded/bson/compare";
import { Decimal128, Double, Long } from "@models/embedded/bson/values";
import type { Doc, Value } from "@models/embedded/bson/values";
import { compileFilter } from "@models/embedded/query/match";

const now = new Date("2026-01-01T00:00:00Z");

function run(docs: Doc[], stages: Doc[], others: Record<string, Doc[]> = {}): Doc[] {
  const asked: Doc[] = [];
  const environment: PipelineEnvironment = {
    now,
    collection: "c",
    fetch: (collection, filter) => {
      asked.push(filter);
      const matcher = compileFilter(filter, { now });
      return (others[collection] ?? []).filter((doc) => matcher.matches(doc));
    },
  };
  return [...runPipeline(docs, stages, environment)];
}

function evaluate(expression: Value, doc: Doc = { _id: 1 }): Value {
  return run([doc], [{ $project: { _id: 0, r: expression } }])[0]?.["r"];
}

describe("pipelines", () => {
  test("given mixed number types, when summed, then the widest type and exact value result", () => {
    const sum = (...values: Value[]): Value => run(values.map((v) => ({ v })), [{ $group: { _id: null, s: { $sum: "$v" } } }])[0]?.["s"];
    expect(identical(sum(1, Long.fromNumber(1)), Long.fromNumber(2))).toBe(true);
    expect(identical(sum(2147483647, 1), Long.fromNumber(2147483648))).toBe(true);
    expect(identical(sum(1, new Double(1)), new Double(2))).toBe(true);
    expect(identical(sum(1, Decimal128.fromString("0.10")), Decimal128.fromString("1.10"))).toBe(true);
    expect(sum(0.1, 0.2, 0.3)).toBe(0.6);
  });

  test("given a join by a field, when run, then the other collection is asked by an equality that an index answers", () => {
    const authors = [{ _id: 1, name: "a" }, { _id: 2, name: "b" }];
    const joined = run([{ _id: 9, by: [1, 2] }], [{ $lookup: { from: "authors", localField: "by", foreignField: "_id", as: "who" } }], { authors });
    expect(joined).toEqual([{ _id: 9, by: [1, 2], who: authors }]);
  });

  test("given stages and operators that the engine does not have, when compiled, then known ones are refused and others are errors", () => {
    const codeOf = (stages: Doc[]): unknown => {
      try {
        return run([], stages).length;
      } catch (error) {
        return (error as { code?: unknown }).code;
      }
    };
    expect(codeOf([{ $graphLookup: {} }])).toBe(238);
    expect(codeOf([{ $nope: {} }])).toBe(40324);
    expect(codeOf([{ $addFields: { a: { $function: {} } } }])).toBe(238);
    expect(codeOf([{ $addFields: { a: { $nope: 1 } } }])).toBe(168);
    expect(codeOf([{ $group: { _id: null, n: { $accumulator: {} } } }])).toBe(238);
  });

  test("given a field computed under __proto__, when run, then it is refused and nothing is polluted", () => {
    for (const stage of [{ $addFields: { "__proto__.x": 1 } }, { $project: { "o.__proto__.x": "$a" } }, { $replaceRoot: { newRoot: { $arrayToObject: [[["__proto__", { x: 1 }]]] } } }]) {
      expect(() => run([{ _id: 1, o: {} }], [stage])).toThrow(expect.objectContaining({ code: 238 }));
    }
    expect(({} as Record<string, Value>)["x"]).toBeUndefined();
  });
});

describe("expressions", () => {
  test.each<[string, Value, Value]>([
    ["a comparison is an Int32, never -0", { $cmp: [1, Long.fromNumber(1)] }, 0],
    ["rounding takes the exact value, halves to even", { $round: [1.005, 2] }, new Double(1)],
    ["a null ends a sum before a later error", { $add: [null, { $arrayElemAt: ["$_id", 0] }] }, null],
    ["text is counted by code points", { $strLenCP: "中😀" }, 2],
    ["a day in Shanghai begins at 16:00 UTC", { $dateTrunc: { date: new Date("2024-05-15T13:30:00Z"), unit: "day", timezone: "Asia/Shanghai" } }, new Date("2024-05-14T16:00:00Z")],
    ["a month later is the last day that there is", { $dateAdd: { startDate: new Date("2024-01-31T00:00:00Z"), unit: "month", amount: 1 } }, new Date("2024-02-29T00:00:00Z")],
  ])("given %s, when evaluated, then so", (_name, expression, expected) => {
    expect(identical(evaluate(expression), expected)).toBe(true);
  });
});
