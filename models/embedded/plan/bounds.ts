import { encodeKey } from "../bson/keys";
import { BSONRegExp, Double, MaxKey, MinKey, isDoc, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { afterPrefix } from "../storage/keys";
import { EVERYTHING, complement, intersect, pointAt, union } from "./intervals";
import type { Interval } from "./intervals";

/**
 * What a filter says about single fields, as sets of index keys. Each statement is necessary: a document that matches
 * the filter has, under `field`, a key inside `set`. The matcher decides in the end; here nothing may be too narrow.
 */
export interface Statement {
  field: string;
  set: readonly Interval[];
  /** Also sufficient, where the field holds no arrays. */
  exact: boolean;
  /** Combined from several conditions that different elements of an array could meet: no use where the field holds arrays. */
  scalarOnly: boolean;
  /** Matching documents have the field. */
  present: boolean;
}

export interface Analysis {
  statements: Statement[];
  /** The branches of each $or at the top. */
  alternatives: Doc[][];
  /** Statements say everything that the filter says. */
  complete: boolean;
}

const NULL_KEY = keyOf(null);
const NAN_KEY = keyOf(Number.NaN);

export function analyse(filter: Doc): Analysis {
  const result: Analysis = { statements: [], alternatives: [], complete: true };
  for (const [name, condition] of Object.entries(filter)) {
    if (name === "$comment") continue;
    if (name === "$and" && Array.isArray(condition)) for (const part of condition.filter(isDoc)) include(result, analyse(part));
    else if (name === "$or" && Array.isArray(condition)) includeAlternatives(result, condition.filter(isDoc));
    else if (name.startsWith("$")) result.complete = false;
    else includeField(result, name, condition);
  }
  return result;
}

function include(result: Analysis, part: Analysis): void {
  result.statements.push(...part.statements);
  result.alternatives.push(...part.alternatives);
  result.complete &&= part.complete;
}

/** A field that every branch speaks of lies in the union of what they say: a keyset page gets its start from this. */
function includeAlternatives(result: Analysis, branches: Doc[]): void {
  const analyses = branches.map(analyse);
  const [first] = analyses;
  if (!first) return;
  if (analyses.length === 1) return include(result, first);
  result.alternatives.push(branches);
  result.complete = false;
  for (const field of new Set(first.statements.map((statement) => statement.field))) {
    const sets: Interval[][] = [];
    let scalarOnly = false;
    for (const { statements } of analyses) {
      const own = statements.filter((statement) => statement.field === field);
      if (own.length === 0) break;
      scalarOnly ||= own.length > 1 || own.some((statement) => statement.scalarOnly);
      sets.push(own.map(({ set }) => [...set]).reduce(intersect));
    }
    if (sets.length === analyses.length) result.statements.push(statement(field, union(...sets), { exact: false, scalarOnly }));
  }
}

function includeField(result: Analysis, field: string, condition: Value): void {
  const [firstName] = isDoc(condition) ? Object.keys(condition) : [];
  if (!isDoc(condition) || !firstName?.startsWith("$")) return includeOperator(result, field, condition instanceof BSONRegExp ? "$regex" : "$eq", condition);
  const hasOptions = Object.hasOwn(condition, "$options");
  for (const [operator, operand] of Object.entries(condition)) {
    if (operator === "$regex" && hasOptions) result.complete = false;
    else if (operator !== "$options") includeOperator(result, field, operator, operand);
  }
}

function includeOperator(result: Analysis, field: string, operator: string, operand: Value): void {
  const add = (set: readonly Interval[] | undefined, exact: boolean): void => {
    if (set) result.statements.push(statement(field, set, { exact, scalarOnly: false }));
    if (!set || !exact) result.complete = false;
  };
  switch (operator) {
    case "$eq":
      return add(pointSet([operand]), true);
    case "$in":
      return add(Array.isArray(operand) ? pointSet(operand) : undefined, true);
    case "$ne":
    case "$nin": {
      const points = pointSet(operator === "$ne" ? [operand] : Array.isArray(operand) ? operand : [[]]);
      if (points) result.statements.push(statement(field, complement(points), { exact: true, scalarOnly: false }));
      else result.complete = false;
      return;
    }
    case "$gt":
    case "$gte":
    case "$lt":
    case "$lte":
      return add(rangeSet(operator, operand), true);
    case "$exists":
      result.complete = false;
      if (isTruthy(operand)) result.statements.push({ field, set: EVERYTHING, exact: false, scalarOnly: false, present: true });
      else result.statements.push(statement(field, [pointAt(NULL_KEY)], { exact: false, scalarOnly: false }));
      return;
    case "$type":
      return add(typeSet(operand), true);
    case "$regex":
      return add(regexSet(operand), false);
    case "$all":
      result.complete = false;
      for (const each of Array.isArray(operand) ? operand : []) if (!isDoc(each) && !(each instanceof BSONRegExp)) add(pointSet([each]), false);
      return;
    case "$elemMatch":
      result.complete = false;
      if (isDoc(operand)) includeElements(result, field, operand);
      return;
    default:
      result.complete = false;
  }
}

/** One element meets all the conditions, so on a scalar element their sets may be cut with each other. */
function includeElements(result: Analysis, field: string, operand: Doc): void {
  const [firstName] = Object.keys(operand);
  const onValues = firstName?.startsWith("$") === true && !["$and", "$or", "$nor"].includes(firstName);
  if (!onValues) {
    for (const inner of analyse(operand).statements) {
      if (inner.present) result.statements.push({ ...inner, field: `${field}.${inner.field}`, exact: false });
    }
    return;
  }
  const inner: Analysis = { statements: [], alternatives: [], complete: true };
  // An element that is met by its own elements is an array, and has the key of one.
  const says = (operator: string): boolean => !["$ne", "$nin", "$elemMatch"].includes(operator);
  for (const [operator, each] of Object.entries(operand)) if (says(operator)) includeOperator(inner, field, operator, each);
  const own = inner.statements.filter((each) => each.field === field && each.present);
  if (own.length > 0) result.statements.push(statement(field, own.map(({ set }) => [...set]).reduce(intersect), { exact: false, scalarOnly: false }));
}

function statement(field: string, set: readonly Interval[], flags: { exact: boolean; scalarOnly: boolean }): Statement {
  return { field, set, ...flags, present: intersect(set, [pointAt(NULL_KEY)]).length === 0 };
}

/** Undefined where equality means more than one key: an array also matches as a whole, an expression matches by pattern. */
function pointSet(values: readonly Value[]): Interval[] | undefined {
  if (values.some((value) => Array.isArray(value) || value instanceof BSONRegExp || value === undefined)) return undefined;
  return union(values.map((value) => pointAt(keyOf(value))));
}

function rangeSet(operator: string, operand: Value): Interval[] | undefined {
  const inclusive = operator === "$gte" || operator === "$lte";
  if (operand === null || isNaNValue(operand)) return inclusive ? [pointAt(keyOf(operand))] : [];
  if (operand === undefined || Array.isArray(operand) || isDoc(operand)) return undefined;
  if (operand instanceof BSONRegExp || operand instanceof MinKey || operand instanceof MaxKey) return undefined;
  const key = keyOf(operand);
  const type = key.subarray(0, 1);
  const upward = operator === "$gt" || operator === "$gte";
  const from = upward ? (inclusive ? key : afterPrefix(key)) : isNumber(operand) ? afterPrefix(NAN_KEY) : Buffer.from(type);
  const to = upward ? afterPrefix(type) : inclusive ? afterPrefix(key) : key;
  return Buffer.compare(from, to) < 0 ? [{ from, to, point: false }] : [];
}

/** For types that are one stretch of the key order. */
const TYPE_SAMPLES: ReadonlyMap<Value, Value> = new Map<Value, Value>([
  ["number", 0], ["string", ""], [2, ""], ["bool", true], [8, true], ["date", new Date(0)], [9, new Date(0)],
]);

function typeSet(operand: Value): Interval[] | undefined {
  const sample = TYPE_SAMPLES.get(operand);
  if (sample === undefined) return undefined;
  const type = keyOf(sample).subarray(0, 1);
  return [{ from: Buffer.from(type), to: afterPrefix(type), point: false }];
}

/** `^abc` finds strings that begin so. Only plain letters, digits and a few signs count as a fixed beginning. */
function regexSet(operand: Value): Interval[] | undefined {
  const pattern = typeof operand === "string" ? operand : operand instanceof BSONRegExp && operand.options === "" ? operand.pattern : "";
  const prefix = /^\^([\p{L}\p{N}_ -]+)(.?)/u.exec(pattern);
  if (!prefix?.[1] || pattern.includes("|")) return undefined;
  // A quantifier makes the character before it optional.
  const fixed = /[?*{]/.test(prefix[2] ?? "") ? Array.from(prefix[1]).slice(0, -1).join("") : prefix[1];
  if (fixed === "") return undefined;
  const whole = keyOf(fixed);
  const beginning = whole.subarray(0, 1 + Buffer.byteLength(fixed));
  // The expression also matches a stored expression that is equal to it, so those stay in.
  const stored = operand instanceof BSONRegExp ? operand : new BSONRegExp(pattern);
  return union([{ from: Buffer.from(beginning), to: afterPrefix(beginning), point: false }], [pointAt(keyOf(stored))]);
}

function keyOf(value: Value): Buffer {
  return Buffer.from(encodeKey([value], [1]));
}

function isNaNValue(value: Value): boolean {
  if (typeof value === "number") return Number.isNaN(value);
  if (value instanceof Double) return Number.isNaN(value.value);
  return isNumber(value) && value.toString() === "NaN";
}

function isTruthy(value: Value): boolean {
  return isNumber(value) ? Number(value.toString()) !== 0 : value !== false && value !== null;
}
