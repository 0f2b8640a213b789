/**
 * Filters compiled to closures: once per command, then one call per document. See parse-filter.ts for the conditions and
 * paths.ts for how a path meets arrays.
 */
import { isDeepStrictEqual } from "node:util";
import { compileExpression } from "../aggregate/expression";
import { RANK, compare, equal, typeName, typeRank } from "../bson/compare";
import { BSONRegExp, Binary, ObjectId, getField, isDoc, isNumber, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { notSupported } from "../errors";
import { constantOf } from "./constant";
import { comparesAcrossTypes, parseFilter, toNumber, truncateToBigInt, truthy } from "./parse-filter";
import type { Comparison, Condition } from "./parse-filter";
import { parsePath, visitPath } from "./paths";

export { parseFilter } from "./parse-filter";
export type { Condition } from "./parse-filter";

export interface FilterContext {
  now: Date;
  /** Values of `$$name` in `$expr`. */
  variables?: Doc;
}

export interface Matcher {
  matches(doc: Doc): boolean;
  /** For a document that matches: the array position that `$` stands for, if the filter gives one. */
  position(doc: Doc): number | undefined;
  /** The parsed filter, for the planner. */
  condition: Condition;
}

type Test = (value: Value) => boolean;
type Match = (doc: Doc) => boolean;

export function compileFilter(filter: Doc, context: FilterContext): Matcher {
  const condition = parseFilter(filter);
  return { matches: compileCondition(condition, context), position: (doc) => positionOf(condition, doc, context), condition };
}

export function compileCondition(condition: Condition, context: FilterContext): Match {
  switch (condition.kind) {
    case "and":
      return all(condition.children.map((child) => compileCondition(child, context)));
    case "or":
      return any(condition.children.map((child) => compileCondition(child, context)));
    case "nor": {
      const some = any(condition.children.map((child) => compileCondition(child, context)));
      return (doc) => !some(doc);
    }
    case "not": {
      const child = compileCondition(condition.child, context);
      return (doc) => !child(doc);
    }
    case "expr": {
      const evaluate = compileExpression(condition.expression, context);
      return (doc) => truthy(evaluate(doc));
    }
    case "never":
      return () => false;
    default:
      return atPath(condition.path, compileTest(condition, context), expandsLeaf(condition));
  }
}

function all(children: Match[]): Match {
  const [first, second] = children;
  if (first === undefined) return () => true;
  if (second === undefined) return first;
  if (children.length === 2) return (doc) => first(doc) && second(doc);
  return (doc) => children.every((child) => child(doc));
}

function any(children: Match[]): Match {
  return (doc) => children.some((child) => child(doc));
}

function expandsLeaf(condition: Condition): boolean {
  return condition.kind !== "size" && condition.kind !== "elemMatch" && condition.kind !== "elemMatchValue";
}

function atPath(path: string, test: Test, expandLeaf: boolean): Match {
  const parsed = parsePath(path);
  if (parsed.parts.length > 1) return (doc) => visitPath(doc, parsed, expandLeaf, test);
  return (doc) => {
    const value = getField(doc, path);
    if (expandLeaf && Array.isArray(value)) {
      for (const element of value) if (test(element)) return true;
    }
    return test(value);
  };
}

/** What one value must satisfy, array elements already taken apart. */
function compileTest(condition: Condition, context: FilterContext): Test {
  switch (condition.kind) {
    case "eq":
      return equalityTest(condition.value);
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return rangeTest(condition.kind, condition.value);
    case "in":
      return membershipTest(condition.values, condition.regexes.map((regex) => compileTest(regex, context)));
    case "regex": {
      const { expression, pattern, options } = condition;
      return (value) =>
        typeof value === "string"
          ? expression.test(value)
          : value instanceof BSONRegExp && value.pattern === pattern && value.options === options;
    }
    case "exists":
      return (value) => value !== undefined;
    case "type": {
      const { names } = condition;
      return (value) => names.has(typeName(value));
    }
    case "size": {
      const { size } = condition;
      return (value) => Array.isArray(value) && value.length === size;
    }
    case "mod": {
      const { divisor, remainder } = condition;
      return (value) => {
        const integer = isNumber(value) ? truncateToBigInt(value) : undefined;
        return integer !== undefined && integer % divisor === remainder;
      };
    }
    case "bits":
      return bitsTest(condition.mask, condition.test);
    case "elemMatch":
    case "elemMatchValue": {
      const element = elementTest(condition, context);
      return (value) => Array.isArray(value) && value.some(element);
    }
    case "not": {
      const child = compileTest(condition.child, context);
      return (value) => !child(value);
    }
    case "and": {
      const tests = condition.children.map((child) => compileTest(child, context));
      return (value) => tests.every((test) => test(value));
    }
    case "never":
      return () => false;
    default:
      throw notSupported(`$${condition.kind} inside $elemMatch on values`);
  }
}

function equalityTest(expected: Value): Test {
  if (expected === null) return (value) => value === null || value === undefined;
  if (typeof expected === "string" || typeof expected === "boolean") return (value) => value === expected;
  if (expected instanceof ObjectId) return (value) => value instanceof ObjectId && value.equals(expected);
  return (value) => value !== undefined && equal(value, expected);
}

/** A range holds values of its own type only, except that MinKey and MaxKey stand outside all types. */
function rangeTest(kind: Exclude<Comparison, "eq">, bound: Value): Test {
  const rank = typeRank(bound);
  const orEqual = kind === "gte" || kind === "lte";
  const wanted = kind === "gt" || kind === "gte" ? 1 : -1;
  if (rank === RANK.null) return (value) => orEqual && (value === null || value === undefined);
  if (comparesAcrossTypes(bound)) {
    return (value) => {
      const order = compare(value, bound);
      return order === wanted || (orEqual && order === 0);
    };
  }
  const ofNumbers = rank === RANK.number;
  if (ofNumbers && Number.isNaN(toNumber(bound))) {
    return (value) => orEqual && isNumber(value) && Number.isNaN(toNumber(value));
  }
  return (value) => {
    if (typeRank(value) !== rank) return false;
    if (ofNumbers && Number.isNaN(toNumber(value))) return false;
    const order = compare(value, bound);
    return order === wanted || (orEqual && order === 0);
  };
}

/** Strings and ObjectIds by hash, the rest by binary search in MongoDB's order. */
function membershipTest(values: readonly Value[], regexes: readonly Test[]): Test {
  const strings = new Set<string>();
  const ids = new Set<string>();
  const others: Value[] = [];
  let hasNull = false;
  for (const value of values) {
    if (typeof value === "string") strings.add(value);
    else if (value instanceof ObjectId) ids.add(value.toHexString());
    else if (value === null) hasNull = true;
    else others.push(value);
  }
  others.sort(compare);
  return (value) => {
    if (typeof value === "string") return strings.has(value) || regexes.some((test) => test(value));
    if (value === null || value === undefined) return hasNull;
    if (value instanceof ObjectId) return ids.size > 0 && ids.has(value.toHexString());
    return (others.length > 0 && includesSorted(others, value)) || regexes.some((test) => test(value));
  };
}

function includesSorted(sorted: readonly Value[], value: Value): boolean {
  let low = 0;
  let high = sorted.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compare(sorted[middle], value);
    if (order === 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

function bitsTest(mask: bigint, test: "allSet" | "allClear" | "anySet" | "anyClear"): Test {
  return (value) => {
    if (value instanceof Binary) throw notSupported("A bit test on binary data");
    if (!isNumber(value)) return false;
    const integer = truncateToBigInt(value);
    if (integer === undefined || (!Number.isInteger(toNumber(value)) && typeName(value) !== "long")) return false;
    const set = BigInt.asUintN(64, integer) & mask;
    if (test === "allSet") return set === mask;
    if (test === "allClear") return set === 0n;
    return test === "anySet" ? set !== 0n : set !== mask;
  };
}

/** What an element must be for `$elemMatch`: a document meeting a filter (an array counts as one), or a value. */
function elementTest(
  condition: Extract<Condition, { kind: "elemMatch" | "elemMatchValue" }>,
  context: FilterContext,
): Test {
  if (condition.kind === "elemMatchValue") {
    const tests = condition.children.map((child) => compileTest(child, context));
    return (element) => tests.every((test) => test(element));
  }
  const matches = compileCondition(condition.child, context);
  return (element) => {
    if (Array.isArray(element)) return matches(arrayAsDoc(element));
    return isDoc(element) && matches(element);
  };
}

function arrayAsDoc(array: Value[]): Doc {
  const doc = newDoc();
  array.forEach((element, index) => (doc[String(index)] = element));
  return doc;
}

/**
 * The position for `$`: each positive condition of a conjunction may give one. Which of several wins in MongoDB depends on
 * its inner order of conditions, so where they differ the engine refuses instead of guessing.
 */
function positionOf(condition: Condition, doc: Doc, context: FilterContext): number | undefined {
  switch (condition.kind) {
    case "and": {
      let found: number | undefined;
      for (const child of condition.children) {
        const position = positionOf(child, doc, context);
        if (position === undefined || position === found) continue;
        if (found !== undefined) throw notSupported("A positional $ where several conditions match different array positions");
        found = position;
      }
      if (condition.children.length > 1) refuseTurnedTwice(condition.children, doc, context, found);
      return found;
    }
    case "or": {
      const single = asSingle(condition.children);
      return single && positionOf(single, doc, context);
    }
    case "nor":
    case "not":
    case "expr":
    case "never":
      return undefined;
    default: {
      if ("value" in condition && condition.kind !== "eq" && comparesAcrossTypes(condition.value) && /\.\d+(\.|$)/.test(condition.path)) {
        throw notSupported("A positional $ of an array position compared with MinKey or MaxKey");
      }
      let found: number | undefined;
      const test = compileTest(condition, context);
      const inner =
        condition.kind === "elemMatch" || condition.kind === "elemMatchValue" ? elementTest(condition, context) : undefined;
      visitPath(doc, parsePath(condition.path), expandsLeaf(condition), (value, outer) => {
        if (!test(value)) return false;
        found = outer ?? (inner && Array.isArray(value) ? value.findIndex(inner) : undefined);
        return true;
      });
      return found;
    }
  }
}

/** Beside other conditions MongoDB may work a $nor of several out, so that what is negated twice in it gives a position. */
function refuseTurnedTwice(conditions: readonly Condition[], doc: Doc, context: FilterContext, found: number | undefined): void {
  const negated = conditions.flatMap((condition) => (condition.kind === "nor" && partsOf(condition).length > 1 ? partsOf(condition) : []));
  for (const part of negated) {
    const position = part.kind === "not" ? positionOf(part.child, doc, context) : undefined;
    if (position !== undefined && position !== found) throw notSupported("A positional $ of a condition that a $nor negates twice");
  }
}

/** The conditions under a $nor; those of a $nor inside are negated there. */
function partsOf(condition: Condition): Condition[] {
  if (condition.kind !== "and" && condition.kind !== "or" && condition.kind !== "nor") return [condition];
  return condition.children.flatMap((child) => (child.kind === "nor" ? partsOf(child).map((each): Condition => ({ kind: "not", child: each })) : partsOf(child)));
}

/**
 * The one condition that an $or comes down to: MongoDB leaves out branches that never hold, repeated and narrower ones, and makes
 * one $in of equalities on one path. An $or that stays one gives no position.
 */
function asSingle(branches: readonly Condition[]): Condition | undefined {
  const kept: Condition[] = [];
  const flat = branches.flatMap(branchesOf);
  for (const branch of flat) {
    const narrower = branch.kind === "and" && branch.children.some((part) => flat.some((other) => isDeepStrictEqual(other, part)));
    if (!narrower && !kept.some((other) => isDeepStrictEqual(other, branch))) kept.push(branch);
  }
  const [first, ...others] = kept;
  if (first === undefined || others.length === 0) return first;
  if (first.kind !== "eq" && first.kind !== "in" && first.kind !== "regex") return undefined;
  const merged: Extract<Condition, { kind: "in" }> = { kind: "in", path: first.path, values: [], regexes: [] };
  for (const branch of kept) {
    if ((branch.kind !== "eq" && branch.kind !== "in" && branch.kind !== "regex") || branch.path !== first.path) return undefined;
    if (branch.kind === "eq") merged.values.push(branch.value);
    if (branch.kind === "in") {
      merged.values.push(...branch.values);
      merged.regexes.push(...branch.regexes);
    }
    if (branch.kind === "regex") merged.regexes.push(branch);
  }
  return merged;
}

function branchesOf(condition: Condition): Condition[] {
  if (condition.kind === "or") return condition.children.flatMap(branchesOf);
  return constantOf(condition) === false ? [] : [condition];
}
