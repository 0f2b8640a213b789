/** The operators that change arrays: $push, $addToSet, $pull, $pullAll, $pop. */
import { CommandError } from "../errors";
import { compare, equal, typeName } from "../bson/compare";
import { BSONRegExp, getField, isDoc, isNumber } from "../bson/values";
import type { Value } from "../bson/values";
import { compileFilter } from "../query/match";
import type { Condition, FilterContext } from "../query/match";
import { toNumber } from "../query/parse-filter";
import type { Change } from "./operators";
import { NO_CHANGE } from "./operators";
import { isPosition } from "./draft";

function bad(message: string): CommandError {
  return new CommandError(2, message);
}

interface PushModifiers {
  each: Value[];
  position: number | undefined;
  slice: number | undefined;
  sort: ((a: Value, b: Value) => number) | undefined;
}

/** Inserts at $position, then sorts, then slices. */
export function compilePush(argument: Value): Change {
  const modifiers = parsePush(argument);
  const { each, position, slice, sort } = modifiers;
  return (old, field) => {
    if (old !== undefined && !Array.isArray(old)) {
      throw bad(`The field '${field}' must be an array but is of type ${typeName(old)}`);
    }
    const array = [...(old ?? [])];
    // With nothing to insert, sorting counts as a change even where it moves nothing; an empty array is left alone.
    const kept = slice === undefined || Math.abs(slice) >= array.length;
    if (old !== undefined && each.length === 0 && (array.length === 0 || (sort === undefined && kept))) return NO_CHANGE;
    const at = position === undefined ? array.length : position < 0 ? Math.max(0, array.length + position) : Math.min(position, array.length);
    const pushed = [...array.slice(0, at), ...each, ...array.slice(at)];
    if (sort) pushed.sort(sort);
    if (slice === undefined) return pushed;
    return slice < 0 ? pushed.slice(slice) : pushed.slice(0, slice);
  };
}

function parsePush(argument: Value): PushModifiers {
  const modifiers: PushModifiers = { each: [argument], position: undefined, slice: undefined, sort: undefined };
  if (!isDoc(argument) || getField(argument, "$each") === undefined) return modifiers;
  for (const name in argument) {
    const value = argument[name];
    switch (name) {
      case "$each":
        if (!Array.isArray(value)) throw bad(`The argument to $each in $push must be an array but it was of type: ${typeName(value)}`);
        modifiers.each = value;
        break;
      case "$position":
        modifiers.position = integerModifier(name, value);
        break;
      case "$slice":
        modifiers.slice = integerModifier(name, value);
        break;
      case "$sort":
        modifiers.sort = parseArraySort(value);
        break;
      default:
        throw bad(`Unrecognized clause in $push: ${name}`);
    }
  }
  return modifiers;
}

function integerModifier(name: string, value: Value): number {
  const number = isNumber(value) ? toNumber(value) : NaN;
  if (!Number.isInteger(number)) throw bad(`The value for ${name} must be an integer value but was given type: ${typeName(value)}`);
  return Math.min(Math.max(number, -2147483648), 2147483647);
}

/** 1 or -1 compares whole elements, a document compares fields of them. Also used by `$sortArray`. */
export function parseArraySort(value: Value): (a: Value, b: Value) => number {
  if (isNumber(value)) {
    const direction = toNumber(value);
    if (direction !== 1 && direction !== -1) throw bad("The $sort element value must be either 1 or -1");
    return (a, b) => compare(a, b) * direction;
  }
  if (!isDoc(value)) throw bad("The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields");
  const fields = Object.keys(value).map((path) => {
    const given = value[path];
    const direction = isNumber(given) ? toNumber(given) : 0;
    if (direction !== 1 && direction !== -1) throw bad("The sort element value must be either 1 or -1");
    if (path.split(".").includes("")) throw bad("The $sort field is a dotted field but has an empty part");
    return { parts: path.split("."), direction };
  });
  if (fields.length === 0) throw bad("The $sort pattern is empty when it should be a set of fields.");
  return (a, b) => {
    for (const { parts, direction } of fields) {
      const order = compare(elementField(a, parts), elementField(b, parts));
      if (order !== 0) return order * direction;
    }
    return 0;
  };
}

function elementField(element: Value, parts: readonly string[]): Value {
  let current: Value = isDoc(element) ? element : null;
  for (const part of parts) {
    if (isDoc(current)) current = getField(current, part);
    else if (Array.isArray(current) && isPosition(part)) current = current[Number(part)];
    else return null;
  }
  return current === undefined ? null : current;
}

export function compileAddToSet(argument: Value): Change {
  const additions = parseAddToSet(argument);
  return (old, field) => {
    if (old !== undefined && !Array.isArray(old)) {
      throw bad(`Cannot apply $addToSet to non-array field. Field named '${field}' has non-array type ${typeName(old)}`);
    }
    const array = [...(old ?? [])];
    for (const value of additions) if (!array.some((element) => equal(element, value))) array.push(value);
    return old !== undefined && array.length === old.length ? NO_CHANGE : array;
  };
}

function parseAddToSet(argument: Value): Value[] {
  if (!isDoc(argument) || Object.keys(argument)[0] !== "$each") return [argument];
  const each = argument["$each"];
  if (!Array.isArray(each)) throw new CommandError(14, `The argument to $each in $addToSet must be an array but it was of type ${typeName(each)}`);
  if (Object.keys(argument).length > 1) throw bad("Found unexpected fields after $each in $addToSet");
  return each;
}

/** Operators that name a field's condition; anything else in first place makes the argument a filter on documents. */
const FIELD_OPERATORS = new Set(
  ("$eq $ne $gt $gte $lt $lte $in $nin $exists $type $size $mod $regex $options $all $elemMatch " +
    "$bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear $near $geoWithin $geoIntersects")
    .split(" "),
);

export function compilePull(argument: Value, context: FilterContext): Change {
  const removes = pullTest(argument, context);
  return cull((element) => removes(element));
}

function pullTest(argument: Value, context: FilterContext): (element: Value) => boolean {
  if (isDoc(argument) && !FIELD_OPERATORS.has(Object.keys(argument)[0] ?? "")) {
    const matcher = compileFilter(argument, context);
    if (usesExpression(matcher.condition)) throw new CommandError(224, "$expr is not allowed in this context");
    return (element) => isDoc(element) && matcher.matches(element);
  }
  if (isDoc(argument) || argument instanceof BSONRegExp) {
    const matcher = compileFilter({ e: argument }, context);
    return (element) => matcher.matches({ e: element });
  }
  return (element) => equal(element, argument);
}

export function usesExpression(condition: Condition): boolean {
  if (condition.kind === "expr") return true;
  if ("children" in condition) return condition.children.some(usesExpression);
  return "child" in condition && usesExpression(condition.child);
}

export function compilePullAll(argument: Value): Change {
  if (!Array.isArray(argument)) throw bad(`$pullAll requires an array argument but was given a ${typeName(argument)}`);
  return cull((element) => argument.some((value) => equal(element, value)));
}

function cull(removes: (element: Value) => boolean): Change {
  return (old) => {
    if (old === undefined) return NO_CHANGE;
    if (!Array.isArray(old)) throw bad("Cannot apply $pull to a non-array value");
    const kept = old.filter((element) => !removes(element));
    return kept.length === old.length ? NO_CHANGE : kept;
  };
}

export function compilePop(argument: Value): Change {
  const end = isNumber(argument) ? toNumber(argument) : NaN;
  if (end !== 1 && end !== -1) {
    throw new CommandError(9, isNumber(argument) ? `$pop expects 1 or -1, found: ${end}` : "Expected a number in $pop");
  }
  return (old, field) => {
    if (old === undefined) return NO_CHANGE;
    if (!Array.isArray(old)) throw new CommandError(14, `Path '${field}' contains an element of non-array type '${typeName(old)}'`);
    if (old.length === 0) return NO_CHANGE;
    return end === 1 ? old.slice(0, -1) : old.slice(1);
  };
}

