/** The operators that change one value, and the table of all of them. */
import { combine, isInteger, bigIntOf, integerOf } from "../bson/arithmetic";
import { compare, identical, typeName } from "../bson/compare";
import { CommandError } from "../errors";
import { Decimal128, Timestamp, isDoc, isInt32, isLong, isNumber, double } from "../bson/values";
import type { Value } from "../bson/values";
import type { FilterContext } from "../query/match";
import { toNumber } from "../query/parse-filter";
import { compileAddToSet, compilePop, compilePull, compilePullAll, compilePush } from "./array-operators";

/** Answer of a change that leaves the document as it is. */
export const NO_CHANGE = Symbol("no change");

/** From the value at a path (undefined: missing) to the new one. */
export type Change = (old: Value, field: string) => Value | typeof NO_CHANGE;

export interface Operator {
  /** What happens where the path does not exist or leads through a scalar. */
  missing: "create" | "skip" | "skipAnything";
  onInsertOnly?: boolean;
  compile(argument: Value, field: string, context: FilterContext): Change;
}

function replaceWith(value: Value): Change {
  return (old) => (old !== undefined && identical(old, value) ? NO_CHANGE : value);
}

function compileArithmetic(operation: "add" | "multiply", argument: Value, field: string): Change {
  const name = operation === "add" ? "$inc" : "$mul";
  if (!isNumber(argument)) {
    const verb = operation === "add" ? "increment" : "multiply";
    throw new CommandError(14, `Cannot ${verb} with non-numeric argument: {${field}: ${typeName(argument)}}`);
  }
  return (old) => {
    if (old === undefined) return operation === "add" ? argument : zeroLike(argument);
    if (!isNumber(old)) throw new CommandError(14, `Cannot apply ${name} to a value of non-numeric type. The field '${field}' is of type ${typeName(old)}`);
    const result = combine(operation, old, argument);
    if (result === undefined) throw new CommandError(2, `Failed to apply ${name} operations to current value`);
    // An equal number of the same type is not written, whatever its sign of zero or its digits; NaN equals nothing here.
    const isNaNResult = Number.isNaN(toNumber(result));
    return typeName(old) === typeName(result) && compare(old, result) === 0 && !isNaNResult ? NO_CHANGE : result;
  };
}

/** `$mul` on a missing field: zero times the argument, so the type (and the decimal's exponent) is the argument's. */
function zeroLike(argument: Value): Value {
  if (isInt32(argument)) return 0;
  if (isLong(argument) || argument instanceof Decimal128) return combine("multiply", argument, 0);
  return double(0);
}

function compileExtreme(keeps: (order: number) => boolean, argument: Value): Change {
  return (old) => (old !== undefined && keeps(compare(old, argument)) ? NO_CHANGE : argument);
}

function compileBit(argument: Value, field: string): Change {
  const malformed = (why: string): CommandError => new CommandError(2, `The $bit modifier ${why}`);
  if (!isDoc(argument)) throw malformed(`is not compatible with a ${typeName(argument)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`);
  const operations = Object.keys(argument).map((name) => {
    const operand = argument[name];
    if (name !== "and" && name !== "or" && name !== "xor") throw malformed(`only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator`);
    if (!isInteger(operand)) throw malformed(`field must be an Integer(32/64 bit); a '${typeName(operand)}' is not supported here`);
    return { name, operand };
  });
  if (operations.length === 0) throw malformed("must specify at least one operation");
  return (old) => {
    if (old !== undefined && !isInteger(old)) {
      throw new CommandError(2, `Cannot apply $bit to a value of non-integral type. The field ${field} is of type ${typeName(old)}`);
    }
    let value: number | ReturnType<typeof integerOf> = old ?? 0;
    for (const { name, operand } of operations) {
      const a = bigIntOf(value ?? 0);
      const b = bigIntOf(operand);
      const bits = name === "and" ? a & b : name === "or" ? a | b : a ^ b;
      value = integerOf(bits, isLong(value) || isLong(operand));
    }
    return old !== undefined && identical(old, value) ? NO_CHANGE : value;
  };
}

function compileCurrentDate(argument: Value, field: string, context: FilterContext): Change {
  let type: Value = "date";
  if (isDoc(argument)) {
    type = argument["$type"];
    const unknown = Object.keys(argument).find((name) => name !== "$type");
    if (unknown !== undefined) throw new CommandError(2, `Unrecognized $currentDate option: ${unknown}`);
    if (type !== "date" && type !== "timestamp") {
      throw new CommandError(2, "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}");
    }
  } else if (typeof argument !== "boolean") {
    throw new CommandError(2, `${typeName(argument)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`);
  }
  const now = context.now;
  const value = type === "date" ? now : new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 });
  return replaceWith(value);
}

export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["$set", { missing: "create", compile: replaceWith }],
  ["$setOnInsert", { missing: "create", onInsertOnly: true, compile: replaceWith }],
  ["$unset", { missing: "skipAnything", compile: () => () => NO_CHANGE }],
  ["$inc", { missing: "create", compile: (argument, field) => compileArithmetic("add", argument, field) }],
  ["$mul", { missing: "create", compile: (argument, field) => compileArithmetic("multiply", argument, field) }],
  ["$min", { missing: "create", compile: (argument) => compileExtreme((order) => order <= 0, argument) }],
  ["$max", { missing: "create", compile: (argument) => compileExtreme((order) => order >= 0, argument) }],
  ["$bit", { missing: "create", compile: compileBit }],
  ["$currentDate", { missing: "create", compile: compileCurrentDate }],
  ["$push", { missing: "create", compile: compilePush }],
  ["$addToSet", { missing: "create", compile: compileAddToSet }],
  ["$pull", { missing: "skip", compile: (argument, _field, context) => compilePull(argument, context) }],
  ["$pullAll", { missing: "skip", compile: compilePullAll }],
  ["$pop", { missing: "skip", compile: compilePop }],
]);
