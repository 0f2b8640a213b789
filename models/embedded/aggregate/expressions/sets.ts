/** Expressions that take arrays as sets: equal values once, in MongoDB's order. */
import { compare, equal, typeName } from "../../bson/compare";
import type { Value } from "../../bson/values";
import { CommandError } from "../../errors";
import { truthy } from "../../query/parse-filter";
import type { Operator } from "../expression";

const ANY = [0, Number.MAX_SAFE_INTEGER] as const;

function isNull(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** Sorted, each value once. */
function distinct(values: Value[]): Value[] {
  const sorted = [...values].sort(compare);
  return sorted.filter((value, index) => index === 0 || !equal(value, sorted[index - 1]));
}

function requireArray(value: Value, code: number, name: string): Value[] {
  if (!Array.isArray(value)) throw new CommandError(code, `All operands of ${name} must be arrays. One argument is of type: ${typeName(value)}`);
  return value;
}

/** The operands as arrays, or undefined at the first null, before a later operand is looked at. */
function operands(args: Iterable<Value>, code: number, name: string): Value[][] | undefined {
  const arrays: Value[][] = [];
  for (const value of args) {
    if (isNull(value)) return undefined;
    arrays.push(requireArray(value, code, name));
  }
  return arrays;
}

function union(args: Iterable<Value>): Value {
  const arrays = operands(args, 17043, "$setUnion");
  return arrays ? distinct(arrays.flat()) : null;
}

function intersection(args: Iterable<Value>): Value {
  const arrays = operands(args, 17047, "$setIntersection");
  if (!arrays) return null;
  const [first = [], ...rest] = arrays;
  return distinct(first).filter((value) => rest.every((other) => other.some((element) => equal(element, value))));
}

function difference([a, b]: Value[]): Value {
  if (isNull(a) || isNull(b)) return null;
  const left = requireArray(a, 17048, "$setDifference");
  const right = requireArray(b, 17049, "$setDifference");
  const kept: Value[] = [];
  for (const value of left) {
    if (!right.some((element) => equal(element, value)) && !kept.some((element) => equal(element, value))) kept.push(value);
  }
  return kept;
}

function setEquals(args: Value[]): Value {
  if (args.length < 2) throw new CommandError(17045, `$setEquals needs at least two arguments had: ${args.length}`);
  const sets = args.map((value) => distinct(requireArray(value, 17044, "$setEquals")));
  const [first] = sets;
  return sets.every((set) => equal(set, first));
}

function isSubset([a, b]: Value[]): Value {
  const left = requireArray(a, 17046, "$setIsSubset");
  const right = requireArray(b, 17042, "$setIsSubset");
  return left.every((value) => right.some((element) => equal(element, value)));
}

export const setOperators: Record<string, Operator> = {
  $setUnion: { arity: ANY, applyLazily: union, constantsLast: true },
  $setIntersection: { arity: ANY, applyLazily: intersection, constantsLast: true },
  $setDifference: { arity: [2, 2], apply: difference },
  $setEquals: { arity: ANY, apply: setEquals },
  $setIsSubset: { arity: [2, 2], apply: isSubset },
  $anyElementTrue: { arity: [1, 1], apply: ([value]) => requireArray(value, 17041, "$anyElementTrue").some(truthy) },
  $allElementsTrue: { arity: [1, 1], apply: ([value]) => requireArray(value, 17040, "$allElementsTrue").every(truthy) },
};
