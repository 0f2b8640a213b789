/**
 * Filters as a tree of conditions. The matcher compiles the tree; the planner reads index bounds and implications from it.
 * Refusals carry MongoDB's codes.
 */
import { CommandError, notSupported } from "../errors";
import { RANK, typeName, typeRank } from "../bson/compare";
import { decimalToNumber, parseDecimal } from "../bson/decimal";
import { BSONRegExp, Binary, Decimal128, Double, isDoc, isLong, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { literalPrefix, translateRegex } from "./regex";

export type Comparison = "eq" | "gt" | "gte" | "lt" | "lte";

export type Condition =
  | { kind: Comparison; path: string; value: Value }
  | { kind: "in"; path: string; values: Value[]; regexes: RegexCondition[] }
  | RegexCondition
  | { kind: "exists"; path: string }
  | { kind: "type"; path: string; names: ReadonlySet<string> }
  | { kind: "size"; path: string; size: number }
  | { kind: "mod"; path: string; divisor: bigint; remainder: bigint }
  | { kind: "bits"; path: string; mask: bigint; test: "allSet" | "allClear" | "anySet" | "anyClear" }
  /** An element that is a document (or array) and meets a whole filter. */
  | { kind: "elemMatch"; path: string; child: Condition }
  /** An element that meets all conditions by itself; the conditions' own paths are empty. */
  | { kind: "elemMatchValue"; path: string; children: Condition[] }
  | { kind: "and" | "or" | "nor"; children: Condition[] }
  | { kind: "not"; child: Condition }
  | { kind: "expr"; expression: Value }
  | { kind: "never" };

export interface RegexCondition {
  kind: "regex";
  path: string;
  pattern: string;
  options: string;
  expression: RegExp;
  /** What every match begins with, where that is known: an index can be bounded by it. */
  prefix: string | undefined;
}

/** The parsed form of a whole filter. */
export function parseFilter(filter: Doc): Condition {
  return parseDocument(filter, true);
}

function bad(message: string): CommandError {
  return new CommandError(2, message);
}

function parseDocument(filter: Doc, top: boolean): Condition {
  const children: Condition[] = [];
  for (const field in filter) {
    const value = filter[field];
    if (field.charCodeAt(0) === 36) {
      const child = parseTopOperator(field, value, top);
      if (child) children.push(child);
    } else children.push(...parseField(field, value));
  }
  return conjunction(children);
}

function conjunction(children: Condition[]): Condition {
  const [only] = children;
  return children.length === 1 && only ? only : { kind: "and", children };
}

function parseTopOperator(name: string, value: Value, top: boolean): Condition | undefined {
  switch (name) {
    case "$and":
    case "$or":
    case "$nor":
      return { kind: name.slice(1) as "and" | "or" | "nor", children: parseClauses(name, value) };
    case "$expr":
      if (!top) throw bad("$expr can only be applied to the top-level document");
      return { kind: "expr", expression: value };
    case "$comment":
      return undefined;
    case "$alwaysFalse":
      return { kind: "never" };
    case "$alwaysTrue":
      return undefined;
    case "$where":
    case "$text":
    case "$jsonSchema":
    case "$sampleRate":
      throw notSupported(name);
    default:
      throw bad(
        `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function parseClauses(name: string, value: Value): Condition[] {
  if (!Array.isArray(value)) throw bad(`${name} argument must be an array`);
  if (value.length === 0) throw bad(`${name} argument must be a non-empty array`);
  return value.map((clause) => {
    if (!isDoc(clause)) throw bad(`${name} argument's entries must be objects`);
    return parseDocument(clause, true);
  });
}

function parseField(path: string, value: Value): Condition[] {
  if (value instanceof BSONRegExp) return [regexCondition(path, value.pattern, value.options)];
  if (isDoc(value) && isOperatorDocument(value)) return parseOperators(path, value);
  return [{ kind: "eq", path, value }];
}

/** A DBRef ({$ref, $id}) is a literal although its names begin with a dollar. */
export function isOperatorDocument(value: Doc): boolean {
  for (const field in value) return field.charCodeAt(0) === 36 && field !== "$ref" && field !== "$id" && field !== "$db";
  return false;
}

function parseOperators(path: string, operators: Doc): Condition[] {
  const conditions: Condition[] = [];
  for (const name in operators) {
    const condition = parseOperator(path, name, operators[name], operators);
    if (condition) conditions.push(...(condition.kind === "and" ? condition.children : [condition]));
  }
  return conditions;
}

function parseOperator(path: string, name: string, value: Value, siblings: Doc): Condition | undefined {
  switch (name) {
    case "$eq":
      return { kind: "eq", path, value };
    case "$ne":
      if (value instanceof BSONRegExp) throw bad("Can't have regex as arg to $ne.");
      return { kind: "not", child: { kind: "eq", path, value } };
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      if (value instanceof BSONRegExp) throw bad(`Can't have RegEx as arg to predicate over field '${path}'.`);
      return { kind: name.slice(1) as Comparison, path, value };
    case "$in":
      return parseIn(path, name, value);
    case "$nin":
      return { kind: "not", child: parseIn(path, name, value) };
    case "$exists":
      return truthy(value) ? { kind: "exists", path } : { kind: "not", child: { kind: "exists", path } };
    case "$type":
      return { kind: "type", path, names: parseTypes(value) };
    case "$size":
      return { kind: "size", path, size: parseSize(value) };
    case "$mod":
      return parseMod(path, value);
    case "$regex":
      return parseRegex(path, value, siblings["$options"]);
    case "$options":
      if (!("$regex" in siblings)) throw bad("$options needs a $regex");
      return undefined;
    case "$not":
      return parseNot(path, value);
    case "$all":
      return parseAll(path, value);
    case "$elemMatch":
      return parseElemMatch(path, value);
    case "$bitsAllSet":
    case "$bitsAllClear":
    case "$bitsAnySet":
    case "$bitsAnyClear":
      return {
        kind: "bits",
        path,
        mask: parseMask(name, value),
        test: (name.charAt(5).toLowerCase() + name.slice(6)) as "allSet",
      };
    case "$near":
    case "$nearSphere":
    case "$geoWithin":
    case "$geoIntersects":
    case "$within":
    case "$maxDistance":
    case "$minDistance":
      throw notSupported(name);
    default:
      throw bad(`unknown operator: ${name}`);
  }
}

/** What counts as true for `$exists` and other flags: any number but zero, any value but false, null and missing. */
export function truthy(value: Value): boolean {
  if (value === null || value === undefined || value === false) return false;
  return !isNumber(value) || toNumber(value) !== 0;
}

/** A double near the value; used where MongoDB coerces. */
export function toNumber(value: Value): number {
  if (typeof value === "number") return value;
  if (value instanceof Double) return value.value;
  if (value instanceof Decimal128) return decimalToNumber(parseDecimal(value));
  return isLong(value) ? value.toNumber() : NaN;
}

function parseIn(path: string, name: string, value: Value): Condition {
  if (!Array.isArray(value)) throw bad(`${name} needs an array`);
  const values: Value[] = [];
  const regexes: RegexCondition[] = [];
  for (const entry of value) {
    if (entry instanceof BSONRegExp) regexes.push(regexCondition(path, entry.pattern, entry.options));
    else if (isDoc(entry) && isOperatorDocument(entry)) throw bad(`cannot nest $ under ${name}`);
    else values.push(entry);
  }
  return { kind: "in", path, values, regexes };
}

const TYPE_NAMES = new Map<number, string>([
  [1, "double"],
  [2, "string"],
  [3, "object"],
  [4, "array"],
  [5, "binData"],
  [6, "undefined"],
  [7, "objectId"],
  [8, "bool"],
  [9, "date"],
  [10, "null"],
  [11, "regex"],
  [12, "dbPointer"],
  [13, "javascript"],
  [14, "symbol"],
  [15, "javascriptWithScope"],
  [16, "int"],
  [17, "timestamp"],
  [18, "long"],
  [19, "decimal"],
  [-1, "minKey"],
  [127, "maxKey"],
]);
const KNOWN_TYPE_NAMES = new Set(TYPE_NAMES.values());

function parseTypes(value: Value): ReadonlySet<string> {
  const names = new Set<string>();
  const entries = Array.isArray(value) ? value : [value];
  if (entries.length === 0) throw new CommandError(9, " must match at least one type");
  for (const entry of entries) {
    if (typeof entry === "string") {
      if (entry === "number") for (const numeric of ["int", "long", "double", "decimal"]) names.add(numeric);
      else if (KNOWN_TYPE_NAMES.has(entry)) names.add(entry);
      else throw bad(`Unknown type name alias: ${entry}`);
    } else if (isNumber(entry)) {
      const name = TYPE_NAMES.get(toNumber(entry));
      if (name === undefined) throw bad(`Invalid numerical type code: ${toNumber(entry)}`);
      names.add(name);
    } else throw new CommandError(14, "type must be represented as a number or a string");
  }
  return names;
}

function parseSize(value: Value): number {
  if (!isNumber(value)) throw bad(`Failed to parse $size. Expected a number in: $size: ${describe(value)}`);
  const size = toNumber(value);
  if (!Number.isInteger(size)) throw bad(`Failed to parse $size. Expected an integer: $size: ${describe(value)}`);
  if (size > 2147483647) throw bad(`Failed to parse $size. Cannot represent $size: ${size} in an int`);
  if (size < 0) throw bad(`Failed to parse $size. Expected a non-negative number in: $size: ${describe(value)}`);
  return size;
}

function describe(value: Value): string {
  return isNumber(value) ? String(toNumber(value)) : typeof value === "string" ? `"${value}"` : typeName(value);
}

function parseMod(path: string, value: Value): Condition {
  if (!Array.isArray(value)) throw bad("malformed mod, needs to be an array");
  if (value.length < 2) throw bad("malformed mod, not enough elements");
  if (value.length > 2) throw bad("malformed mod, too many elements");
  const [divisor, remainder] = value.map((part, index) => {
    if (!isNumber(part)) throw bad(`malformed mod, ${index === 0 ? "divisor" : "remainder"} not a number`);
    const integer = truncateToBigInt(part);
    if (integer === undefined) {
      throw bad(`malformed mod, ${index === 0 ? "divisor" : "remainder"} value is invalid :: caused by :: Unable to coerce NaN/Inf to integral type`);
    }
    return integer;
  });
  if (divisor === undefined || divisor === 0n) throw bad("divisor cannot be 0");
  return { kind: "mod", path, divisor, remainder: remainder ?? 0n };
}

/** The integer part within the range of a Long, or undefined. */
export function truncateToBigInt(value: Value): bigint | undefined {
  if (isLong(value)) return value.toBigInt();
  if (value instanceof Decimal128) {
    const decimal = parseDecimal(value);
    if (decimal.kind !== "finite") return undefined;
    if (decimal.exponent > 20) return decimal.coefficient === 0n ? 0n : undefined;
    const integer =
      decimal.exponent >= 0
        ? decimal.coefficient * 10n ** BigInt(decimal.exponent)
        : decimal.coefficient / 10n ** BigInt(Math.min(-decimal.exponent, 40));
    return inLongRange(decimal.negative ? -integer : integer);
  }
  const number = Math.trunc(toNumber(value));
  return Number.isFinite(number) ? inLongRange(BigInt(number)) : undefined;
}

function inLongRange(integer: bigint): bigint | undefined {
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

function parseRegex(path: string, value: Value, options: Value): Condition {
  if (options !== undefined && typeof options !== "string") throw bad("$options has to be a string");
  if (value instanceof BSONRegExp) {
    if (options !== undefined && value.options !== "") {
      throw new CommandError(51075, "options set in both $regex and $options");
    }
    return regexCondition(path, value.pattern, options ?? value.options);
  }
  if (typeof value !== "string") throw bad("$regex has to be a string");
  return regexCondition(path, value, options ?? "");
}

function regexCondition(path: string, pattern: string, options: string): RegexCondition {
  return {
    kind: "regex",
    path,
    pattern,
    options,
    expression: translateRegex(pattern, options),
    prefix: literalPrefix(pattern, options),
  };
}

function parseNot(path: string, value: Value): Condition {
  if (value instanceof BSONRegExp) return { kind: "not", child: regexCondition(path, value.pattern, value.options) };
  if (!isDoc(value)) throw bad("$not argument must be a regex or an object");
  const names = Object.keys(value);
  if (names.length === 0) throw bad("$not argument must be a non-empty object");
  return { kind: "not", child: conjunction(parseOperators(path, value)) };
}

function parseAll(path: string, value: Value): Condition {
  if (!Array.isArray(value)) throw bad("$all needs an array");
  if (value.length === 0) return { kind: "never" };
  const isElemMatch = (entry: Value): boolean => isDoc(entry) && Object.keys(entry)[0] === "$elemMatch";
  const withElemMatch = isElemMatch(value[0]);
  const children = value.map((entry): Condition => {
    if (isElemMatch(entry) !== withElemMatch) {
      throw bad(withElemMatch ? "$all/$elemMatch has to be consistent" : "no $ expressions in $all");
    }
    if (withElemMatch && isDoc(entry)) return parseElemMatch(path, entry["$elemMatch"]);
    if (isDoc(entry) && isOperatorDocument(entry)) throw bad("no $ expressions in $all");
    if (entry instanceof BSONRegExp) return regexCondition(path, entry.pattern, entry.options);
    return { kind: "eq", path, value: entry };
  });
  return conjunction(children);
}

function parseElemMatch(path: string, value: Value): Condition {
  if (!isDoc(value)) throw bad("$elemMatch needs an Object");
  const first = Object.keys(value)[0];
  const ofValues =
    first !== undefined && isOperatorDocument(value) && !["$and", "$or", "$nor", "$where", "$expr"].includes(first);
  if (ofValues) return { kind: "elemMatchValue", path, children: parseOperators("", value) };
  return { kind: "elemMatch", path, child: parseDocument(value, false) };
}

function parseMask(name: string, value: Value): bigint {
  if (Array.isArray(value)) {
    let mask = 0n;
    for (const entry of value) {
      const position = truncateToBigInt(entry);
      if (position === undefined || !isNumber(entry) || position < 0n) {
        throw bad(`Failed to parse bit position. Expected a non-negative number in: ${name}`);
      }
      mask |= 1n << (position > 63n ? 63n : position);
    }
    return mask;
  }
  if (value instanceof Binary) throw notSupported(`${name} with binary data`);
  if (!isNumber(value)) throw bad(`${name} takes an Array, a number, or a BinData but received: ${name}`);
  const mask = truncateToBigInt(value);
  if (mask === undefined || Number(mask) !== toNumber(value)) throw new CommandError(9, `Expected an integer: ${name}`);
  if (mask < 0n) throw new CommandError(9, `Expected a non-negative number in: ${name}`);
  return mask;
}

/** Types whose values a comparison meets: its own, and everything for the two ends of the order. */
export function comparesAcrossTypes(value: Value): boolean {
  const rank = typeRank(value);
  return rank === RANK.minKey || rank === RANK.maxKey;
}
