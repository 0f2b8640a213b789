/**
 * MongoDB's order over all values: first by type, then by value; numbers of all types by their exact value, strings by
 * their UTF-8 bytes, documents field by field (type, name, value).
 */
import { compareDecimals, decimalToNumber, exactDouble, parseDecimal } from "./decimal";
import {
  BSONRegExp,
  Binary,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  getField,
  isDoc,
} from "./values";
import type { Doc, Value } from "./values";

export const RANK = {
  minKey: -1,
  missing: 0,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binary: 30,
  objectId: 35,
  boolean: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  maxKey: 127,
} as const;

/** Class prototype → rank and name of `$type`; faster than a chain of instanceof for values met millions of times. */
const BY_PROTOTYPE = new Map<unknown, { rank: number; name: string }>([
  [ObjectId.prototype, { rank: RANK.objectId, name: "objectId" }],
  [Date.prototype, { rank: RANK.date, name: "date" }],
  [Double.prototype, { rank: RANK.number, name: "double" }],
  [Long.prototype, { rank: RANK.number, name: "long" }],
  [Decimal128.prototype, { rank: RANK.number, name: "decimal" }],
  [Binary.prototype, { rank: RANK.binary, name: "binData" }],
  [Timestamp.prototype, { rank: RANK.timestamp, name: "timestamp" }],
  [BSONRegExp.prototype, { rank: RANK.regex, name: "regex" }],
  [MinKey.prototype, { rank: RANK.minKey, name: "minKey" }],
  [MaxKey.prototype, { rank: RANK.maxKey, name: "maxKey" }],
]);

function classOf(value: object): { rank: number; name: string } {
  const found = BY_PROTOTYPE.get(Object.getPrototypeOf(value));
  if (found) return found;
  if (value instanceof Binary) return { rank: RANK.binary, name: "binData" };
  throw new TypeError("A value without a BSON type reached the query engine");
}

export function typeRank(value: Value): number {
  switch (typeof value) {
    case "number":
      return RANK.number;
    case "string":
      return RANK.string;
    case "boolean":
      return RANK.boolean;
    case "undefined":
      return RANK.missing;
    default:
      if (value === null) return RANK.null;
      if (Array.isArray(value)) return RANK.array;
      if (isDoc(value)) return RANK.object;
      return classOf(value).rank;
  }
}

/** The name that `$type` uses; "missing" for undefined. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "number":
      return (value | 0) === value && !Object.is(value, -0) ? "int" : "double";
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "undefined":
      return "missing";
    default:
      if (value === null) return "null";
      if (Array.isArray(value)) return "array";
      if (isDoc(value)) return "object";
      return classOf(value).name;
  }
}

export function compare(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") return compareDoubles(a, b);
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b);
  const rank = typeRank(a);
  const difference = rank - typeRank(b);
  if (difference !== 0) return difference < 0 ? -1 : 1;
  switch (rank) {
    case RANK.number:
      return compareNumbers(a as number, b as number);
    case RANK.object:
      return compareDocs(a as Doc, b as Doc);
    case RANK.array:
      return compareArrays(a as Value[], b as Value[]);
    case RANK.objectId:
      return Buffer.compare((a as ObjectId).id, (b as ObjectId).id);
    case RANK.boolean:
      return Number(a) - Number(b);
    case RANK.date:
      return sign((a as Date).getTime() - (b as Date).getTime());
    case RANK.binary:
      return compareBinaries(a as Binary, b as Binary);
    case RANK.timestamp:
      return compareTimestamps(a as Timestamp, b as Timestamp);
    case RANK.regex: {
      const left = a as BSONRegExp;
      const right = b as BSONRegExp;
      return compareStrings(left.pattern, right.pattern) || compareStrings(left.options, right.options);
    }
    default:
      return 0;
  }
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === "string" || typeof b === "string") return false;
  return compare(a, b) === 0;
}

/** Equal in type and field order too: what `$set` calls "no change". */
export function identical(a: Value, b: Value): boolean {
  if (a === b) return !(a === 0 && b === 0) || Object.is(a, b);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return Object.is(a, b);
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((element, index) => identical(element, b[index]));
  }
  if (isDoc(a)) {
    if (!isDoc(b)) return false;
    const fieldsA = Object.keys(a);
    const fieldsB = Object.keys(b);
    return (
      fieldsA.length === fieldsB.length &&
      fieldsA.every((field, index) => field === fieldsB[index] && identical(a[field], b[field]))
    );
  }
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Decimal128) return Buffer.compare(a.bytes, (b as Decimal128).bytes) === 0;
  if (a instanceof Double) return Object.is(a.value, (b as Double).value);
  return compare(a, b) === 0;
}

function sign(difference: number): number {
  return difference < 0 ? -1 : difference > 0 ? 1 : 0;
}

/** NaN is equal to itself and below every other number. */
function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : 1;
}

export function compareNumbers(a: Value, b: Value): number {
  const left = a instanceof Double ? a.value : a;
  const right = b instanceof Double ? b.value : b;
  if (typeof left === "number" && typeof right === "number") return compareDoubles(left, right);
  if (left instanceof Decimal128) {
    return right instanceof Decimal128 ? compareTwoDecimals(left, right) : compareDecimalTo(left, right as number | Long);
  }
  if (right instanceof Decimal128) return 0 - compareDecimalTo(right, left as number | Long);
  // JavaScript compares a bigint with a number by their exact values.
  if (left instanceof Long) {
    if (right instanceof Long) return left.compare(right);
    return typeof right === "number" ? compareLong(left, right) : 0;
  }
  return right instanceof Long && typeof left === "number" ? 0 - compareLong(right, left) : 0;
}

function compareLong(long: Long, number: number): number {
  if (Number.isNaN(number)) return 1;
  const integer = long.toBigInt();
  return integer < number ? -1 : integer > number ? 1 : 0;
}

function compareTwoDecimals(a: Decimal128, b: Decimal128): number {
  const left = parseDecimal(a);
  const right = parseDecimal(b);
  if (left.kind === "nan" || right.kind === "nan") return Number(right.kind === "nan") - Number(left.kind === "nan");
  return compareDecimals(left, right);
}

function compareDecimalTo(a: Decimal128, b: number | Long): number {
  const left = parseDecimal(a);
  if (typeof b !== "number") {
    if (left.kind === "nan") return -1;
    const integer = b.toBigInt();
    return compareDecimals(left, {
      kind: "finite",
      negative: integer < 0n,
      coefficient: integer < 0n ? -integer : integer,
      exponent: 0,
    });
  }
  if (left.kind === "nan" || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(left.kind === "nan");
  const nearest = decimalToNumber(left);
  // The nearest double of the decimal decides, unless it is that very double: then only the exact values can.
  if (nearest !== b) return nearest < b ? -1 : 1;
  if (left.kind === "infinite") return 0;
  if (!Number.isFinite(b)) return left.negative ? 1 : -1;
  return compareDecimals(left, exactDouble(b));
}

/**
 * By UTF-8 bytes. UTF-16 units sort alike, except that surrogates (code points above U+FFFF) belong after U+E000…U+FFFF.
 */
export function compareStrings(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return inUtf8Order(left) < inUtf8Order(right) ? -1 : 1;
  }
  return a.length < b.length ? -1 : 1;
}

function inUtf8Order(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

function compareDocs(a: Doc, b: Doc): number {
  const fieldsA = Object.keys(a);
  const fieldsB = Object.keys(b);
  const length = Math.min(fieldsA.length, fieldsB.length);
  for (let index = 0; index < length; index++) {
    const fieldA = fieldsA[index] ?? "";
    const fieldB = fieldsB[index] ?? "";
    const left = getField(a, fieldA);
    const right = getField(b, fieldB);
    const order = typeRank(left) - typeRank(right) || compareStrings(fieldA, fieldB) || compare(left, right);
    if (order !== 0) return sign(order);
  }
  return sign(fieldsA.length - fieldsB.length);
}

function compareArrays(a: Value[], b: Value[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compare(a[index], b[index]);
    if (order !== 0) return order;
  }
  return sign(a.length - b.length);
}

function compareBinaries(a: Binary, b: Binary): number {
  return (
    sign(a.position - b.position) ||
    sign(a.sub_type - b.sub_type) ||
    Buffer.compare(a.buffer.subarray(0, a.position), b.buffer.subarray(0, b.position))
  );
}

function compareTimestamps(a: Timestamp, b: Timestamp): number {
  return sign((a.high >>> 0) - (b.high >>> 0)) || sign((a.low >>> 0) - (b.low >>> 0));
}
