import { describe, expect, test } from "vitest";
import { BSONRegExp, Double, Long, ObjectId } from "@models/embedded/bson/values";
import type { Doc, Value } from "@models/embedded/bson/values";
import { compileFilter, parseFilter } from "@models/embedded/query/match";
import { compileProjection } from "@models/embedded/query/project";
import { literalPrefix, translateRegex } from "@models/embedded/query/regex";
import { compileSort } from "@models/embedded/query/sort";

const now = new Date("2026-01-01T00:00:00Z");
const refused = expect.objectContaining({ code: 238 }) as Error;

function matches(filter: Doc, doc: Doc): boolean {
  return compileFilter(filter, { now }).matches(doc);
}

describe("filters", () => {
  test.each<[string, Doc, Doc, boolean]>([
    ["a number of another type is equal", { a: Long.fromNumber(1) }, { a: new Double(1) }, true],
    ["null meets a missing field", { "a.b": null }, { a: [1, { b: 1 }] }, true],
    ["null does not meet a nested array's inside", { "a.b": null }, { a: [[], { b: 1 }] }, false],
    ["an array position and a field name", { "a.0.x": 1 }, { a: [[{ x: 1 }]] }, true],
    ["a range stays within its type", { a: { $gt: 1 } }, { a: "2" }, false],
    ["a large set of ids", { a: { $in: [new ObjectId("5f0000000000000000000001"), "x", 3] } }, { a: [new ObjectId("5f0000000000000000000001")] }, true],
    ["an expression compares two fields", { $expr: { $gt: ["$a", "$b"] } }, { a: 2, b: 1 }, true],
  ])("given %s, when matched, then MongoDB's answer", (_name, filter, doc, expected) => {
    expect(matches(filter, doc)).toBe(expected);
  });

  test.each(["__proto__", "constructor", "toString", "constructor.prototype", "__proto__.x"])("given the path %s, when matched, then no prototype is seen", (path) => {
    expect(matches({ [path]: { $exists: true } }, { a: 1 })).toBe(false);
  });

  test("given $where, $text or a geo operator, when parsed, then it is refused", () => {
    for (const filter of [{ $where: "1" }, { $text: { $search: "a" } }, { a: { $near: [1, 2] } }]) {
      expect(() => parseFilter(filter)).toThrow(refused);
    }
  });

  test("given a filter, when parsed, then the planner can read its bounds", () => {
    expect(parseFilter({ a: 1, b: { $gte: 2, $lt: 5 } })).toEqual({
      kind: "and",
      children: [
        { kind: "eq", path: "a", value: 1 },
        { kind: "gte", path: "b", value: 2 },
        { kind: "lt", path: "b", value: 5 },
      ],
    });
  });

  test("given conditions on two arrays that differ in position, when $ is asked for, then the engine refuses to guess", () => {
    const matcher = compileFilter({ a: 5, b: 9 }, { now });
    expect(() => matcher.position({ a: [1, 5], b: [9] })).toThrow(refused);
    expect(matcher.position({ a: [5, 1], b: [9] })).toBe(0);
  });
});

describe("regular expressions", () => {
  test.each<[string, string, string, boolean]>([
    [".", "", "\n", false],
    ["a$", "", "a\n", true],
    ["^b", "m", "a\nb", true],
    ["\\w", "", "é", false],
    ["^.$", "", "😀", true],
    ["a b # note", "x", "ab", true],
    ["[\\w-]+@", "", "a-b@", true],
    ["\\-\\_", "", "-_", true],
    ["a{,2}", "", "a{,2}", true],
  ])("given /%s/%s, when it meets %j, then PCRE's answer or a refusal", (pattern, options, text, expected) => {
    let expression: RegExp;
    try {
      expression = translateRegex(pattern, options);
    } catch (error) {
      expect(error).toMatchObject({ code: 238 });
      return;
    }
    expect(expression.test(text)).toBe(expected);
  });

  test("given constructs without a JavaScript form, when translated, then they are refused", () => {
    for (const pattern of ["(?>a)", "a++", "(?i)a", "\\Ka", "(*ACCEPT)", "[[:foo:]]"]) expect(() => translateRegex(pattern, "")).toThrow(refused);
  });

  test("given an anchored pattern, when its prefix is asked for, then only what every match begins with", () => {
    expect(literalPrefix("^abc", "")).toBe("abc");
    expect(literalPrefix("^abc*", "")).toBe("ab");
    expect(literalPrefix("^a|b", "")).toBeUndefined();
    expect(literalPrefix("^abc", "i")).toBeUndefined();
  });
});

describe("sorts and projections", () => {
  test("given arrays, when sorted by two fields of their elements, then both come from one element", () => {
    const docs: Doc[] = [{ _id: 3, e: [{ y: 0.25, x: 4 }, {}] }, { _id: 7 }];
    expect(compileSort({ "e.y": 1, "e.x": -1, _id: -1 }).sort(docs).map((doc) => doc["_id"])).toEqual([7, 3]);
  });

  test("given a regular expression or text as a projection, when compiled, then it is a new value", () => {
    const project = compileProjection({ made: "text", _id: 0 }, undefined, { now });
    expect({ ...project({ _id: 1, a: new BSONRegExp("x") }) }).toEqual({ made: "text" });
  });

  test.each<[string, Doc]>([
    ["__proto__.x", { "__proto__.x": "$a" }],
    ["o.__proto__.x", { "o.__proto__.x": { $literal: 1 } }],
  ])("given a computed field %s, when projected, then it is refused and nothing is polluted", (_name, spec) => {
    expect(() => compileProjection(spec, undefined, { now })({ a: 1, o: {} })).toThrow(refused);
    expect(({} as Record<string, Value>)["x"]).toBeUndefined();
  });
});
