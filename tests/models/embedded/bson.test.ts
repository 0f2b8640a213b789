import fc from "fast-check";
import { serialize } from "bson";
import { describe, expect, test } from "vitest";
import { compare, equal, identical } from "@models/embedded/bson/compare";
import { encodeKey, indexKeys } from "@models/embedded/bson/keys";
import { Binary, Decimal128, Double, Long, MaxKey, MinKey, ObjectId, Timestamp, cutFields, decode, decodeFields, encode } from "@models/embedded/bson/values";
import type { Doc, Value } from "@models/embedded/bson/values";
import { compileProjection, topLevelChoice } from "@models/embedded/query/project";

const numbers: fc.Arbitrary<Value> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.integer({ min: -3, max: 3 }).map((number) => new Double(number)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((integer) => Long.fromBigInt(integer)),
  fc.integer({ min: -3, max: 3 }).map((number) => Long.fromNumber(number)),
  fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -30, max: 30 })).map(([digits, power]) => Decimal128.fromString(`${digits}E${power}`)),
  fc.constantFrom("0.1", "1.0", "-0", "NaN", "Infinity", "-Infinity", "9007199254740993", "1E-6176").map((text) => Decimal128.fromString(text)),
  fc.constantFrom(0.1, 2 ** 53, -(2 ** 53), NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308),
);
const scalars: fc.Arbitrary<Value> = fc.oneof(
  numbers,
  fc.string({ unit: "binary" }).filter((text) => Buffer.from(text).toString() === text),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array({ maxLength: 4 }).map((bytes) => new Binary(bytes, 0)),
  fc.tuple(fc.nat(), fc.nat()).map(([t, i]) => new Timestamp({ t, i })),
  fc.constantFrom<Value>(new MinKey(), new MaxKey()),
);
const { value: values } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalars,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "ab", "é"), tie("value"), { maxKeys: 3 }).map((fields): Value => fields),
  ),
}));

describe("documents and bytes", () => {
  test("given any value, when it is encoded and decoded, then its type and content are the same", () => {
    fc.assert(fc.property(values, (value) => {
      expect(identical(decode(encode({ value })), { value })).toBe(true);
    }));
  });

  test("given a driver's document, when it is decoded and encoded, then the bytes are the same", () => {
    const bytes = serialize({ _id: 1, a: new Double(1), b: -0, c: Long.fromNumber(1), d: [{ x: "中😀" }], e: new Date(0), f: 1.5 });
    expect(Buffer.compare(encode(decode(bytes)), bytes)).toBe(0);
  });

  test("given some top-level fields, when only these are decoded, then the others are passed over", () => {
    const bytes = serialize({ _id: 1, a: { x: [1] }, b: "text", c: new ObjectId(), d: 2, e: /a/i });
    expect({ ...decodeFields(bytes, new Set(["_id", "d"])) }).toEqual({ _id: 1, d: 2 });
  });

  test("given a choice of top-level fields, when a document is cut by it, then the bytes are those of the projected document", () => {
    const choice = fc.constantFrom("a", "b", "ab", "é", "d");
    fc.assert(fc.property(fc.dictionary(choice, values, { maxKeys: 4 }), fc.uniqueArray(choice, { minLength: 1 }), fc.boolean(), (fields, names, keep) => {
      const doc: Doc = { _id: 1, ...fields };
      const spec: Doc = Object.fromEntries(names.map((name) => [name, keep ? 1 : 0]));
      const context = { now: new Date(0) };
      const found = topLevelChoice(spec, context);
      const projected = compileProjection(spec, undefined, context)(decode(encode(doc)));
      expect(found && Buffer.compare(cutFields(encode(doc), found.names, found.keep), encode(projected))).toBe(0);
    }));
  });

  test.each<[Doc, string[], boolean]>([
    [{ a: 1 }, ["a", "_id"], true],
    [{ a: true, _id: 0 }, ["a"], true],
    [{ _id: 1 }, ["_id"], true],
    [{ _id: 0 }, ["_id"], false],
    [{ a: 0, _id: 1 }, ["a"], false],
  ])("%j is a choice of top-level fields", (spec, names, keep) => {
    const found = topLevelChoice(spec, { now: new Date(0) });
    expect([[...(found?.names ?? [])].sort(), found?.keep]).toEqual([[...names].sort(), keep]);
  });

  test.each<[Doc]>([[{ "a.b": 1 }], [{ a: { b: 0 } }], [{ a: "$b" }], [{ a: { $slice: 2 } }], [{ "a.$": 1 }], [{ a: { $elemMatch: { b: 1 } } }]])("%j is more than a choice", (spec) => {
    expect(topLevelChoice(spec, { now: new Date(0) })).toBeUndefined();
  });

  test("given names that would reach a prototype, when decoded, then __proto__ is refused and constructor is data", () => {
    expect(() => decode(serialize(JSON.parse('{"a":{"__proto__":{"x":1}}}') as Doc))).toThrow(expect.objectContaining({ code: 238 }));
    const doc = decode(serialize({ constructor: 1, toString: 2 }));
    expect(Object.keys(doc)).toEqual(["constructor", "toString"]);
    const fake: Doc = { a: { _bsontype: "ObjectId", id: 1 } };
    expect(identical(decode(encode(fake)), fake)).toBe(true);
    expect(decode(serialize({}))["constructor"]).toBeUndefined();
  });

  test("given fields that a JS object would reorder, when decoded, then the document is refused", () => {
    const field = (name: string): Buffer => Buffer.concat([Buffer.from([0x10]), Buffer.from(`${name}\0`), Buffer.from([1, 0, 0, 0])]);
    const document = (...names: string[]): Buffer => {
      const body = Buffer.concat(names.map(field));
      const length = Buffer.alloc(4);
      length.writeInt32LE(body.length + 5);
      return Buffer.concat([length, body, Buffer.from([0])]);
    };
    expect(() => decode(document("x", "0"))).toThrow(expect.objectContaining({ code: 238 }));
    expect(() => decode(document("10", "9"))).toThrow(expect.objectContaining({ code: 238 }));
    expect(Object.keys(decode(document("0", "9", "x")))).toEqual(["0", "9", "x"]);
  });
});

describe("order and keys", () => {
  test("given any three values, when compared, then the order is total", () => {
    fc.assert(fc.property(values, values, values, (a, b, c) => {
      expect(compare(a, b)).toBe(-compare(b, a) + 0);
      if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
    }));
  });

  test("given any two values, when their keys are compared as bytes, then the order is that of the values", () => {
    fc.assert(fc.property(values, values, (a, b) => {
      expect(Buffer.compare(encodeKey([a], [1]), encodeKey([b], [1]))).toBe(compare(a, b));
      expect(Buffer.compare(encodeKey([a], [-1]), encodeKey([b], [-1]))).toBe(compare(b, a));
    }), { numRuns: 2000 });
  });

  test("given any two numbers, when their keys are compared, then equal numbers of any type have one key", () => {
    fc.assert(fc.property(numbers, numbers, (a, b) => {
      expect(Buffer.compare(encodeKey([a], [1]), encodeKey([b], [1]))).toBe(compare(a, b));
    }), { numRuns: 3000 });
    expect(equal(1, Decimal128.fromString("1.00"))).toBe(true);
    expect(equal(0.1, Decimal128.fromString("0.1"))).toBe(false);
  });

  test("given compound keys, when compared as bytes, then no key runs into the next", () => {
    fc.assert(fc.property(scalars, scalars, scalars, scalars, (a, b, c, d) => {
      const order = compare(a, c) || compare(d, b);
      expect(Buffer.compare(encodeKey([a, b], [1, -1]), encodeKey([c, d], [1, -1]))).toBe(order);
    }), { numRuns: 2000 });
  });

  test("given arrays in a document, when it is indexed, then there is one key per element and parallel arrays are refused", () => {
    expect(indexKeys({ a: [1, 2], b: 3 }, ["a", "b"])).toEqual({ keys: [[1, 3], [2, 3]], absent: [false, false], multikey: true });
    expect(indexKeys({ a: [] }, ["a"]).keys).toEqual([[undefined]]);
    expect(indexKeys({ a: [{ x: 1 }, {}] }, ["a.x"])).toEqual({ keys: [[1], [null]], absent: [false, true], multikey: true });
    expect(indexKeys({}, ["a", "b"])).toEqual({ keys: [[null, null]], absent: [true], multikey: false });
    expect(() => indexKeys({ a: [], b: [] }, ["a", "b"])).toThrow(expect.objectContaining({ code: 171 }));
  });
});
