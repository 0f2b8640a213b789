/** Array and object expressions. */
import { numberOf } from "../../bson/arithmetic";
import { equal, typeName } from "../../bson/compare";
import { getField, hasField, isDoc, isNumber, newDoc, setField } from "../../bson/values";
import type { Doc, Value } from "../../bson/values";
import { CommandError, notSupported } from "../../errors";
import { truthy } from "../../query/parse-filter";
import { parseArraySort } from "../../update/array-operators";
import { applied, bind, namedArguments, neverFolded, orNull, requireArgument } from "../expression";
import type { Compiler, Node, Operator, Scope } from "../expression";
import { requireVariableName } from "./logic";
import { asMade } from "../places";

const ANY = [0, Number.MAX_SAFE_INTEGER] as const;
const RANGE_MAX = 1_000_000;

function isNull(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

function integerOf(value: Value, code: number, what: string): number {
  const number = isNumber(value) ? numberOf(value) : NaN;
  if (!Number.isInteger(number) || Math.abs(number) > 2147483648) {
    throw new CommandError(code, `${what} must be a 32-bit integer, found ${typeName(value)}`);
  }
  return number;
}

/** What is no array in first place ends it. */
function firstThenAll(args: Iterable<Value>): Value[] {
  const values: Value[] = [];
  for (const value of args) {
    values.push(value);
    if (values.length === 1 && !Array.isArray(value)) break;
  }
  return values;
}

function elementAt([array, index]: Value[]): Value {
  if (isNull(array) || isNull(index)) return null;
  if (!Array.isArray(array)) throw new CommandError(28689, `$arrayElemAt's first argument must be an array, but is ${typeName(array)}`);
  if (!isNumber(index)) throw new CommandError(28690, `$arrayElemAt's second argument must be a numeric value, but is ${typeName(index)}`);
  return array.at(integerOf(index, 28691, "$arrayElemAt's second argument"));
}

function endOf(name: string, index: 0 | -1): Operator {
  return {
    arity: [1, 1],
    apply: ([array]) => {
      if (isNull(array)) return null;
      if (!Array.isArray(array)) throw new CommandError(28689, `${name}'s argument must be an array, but is ${typeName(array)}`);
      return array.at(index);
    },
  };
}

function includes([value, array]: Value[]): Value {
  if (!Array.isArray(array)) throw new CommandError(40081, `$in requires an array as a second argument, found: ${typeName(array)}`);
  return array.some((element) => equal(element, value));
}

function indexOfArray(args: Iterable<Value>): Value {
  const [array, value, from, to] = firstThenAll(args);
  if (isNull(array)) return null;
  if (!Array.isArray(array)) throw new CommandError(40090, `$indexOfArray requires an array as a first argument, found: ${typeName(array)}`);
  const start = from === undefined ? 0 : integerOf(from, 40096, "$indexOfArray start");
  const end = to === undefined ? array.length : integerOf(to, 40096, "$indexOfArray end");
  if (start < 0 || end < 0) throw new CommandError(40097, "$indexOfArray requires nonnegative indexes");
  for (let index = start; index < Math.min(end, array.length); index++) if (equal(array[index], value)) return index;
  return -1;
}

function concatArrays(args: Iterable<Value>): Value {
  const joined: Value[] = [];
  for (const value of args) {
    if (isNull(value)) return null;
    if (!Array.isArray(value)) throw new CommandError(28664, `$concatArrays only supports arrays, not ${typeName(value)}`);
    joined.push(...value);
  }
  return joined;
}

function slice([array, first, second]: Value[]): Value {
  if (isNull(array) || isNull(first)) return null;
  if (second === null) return null;
  if (!Array.isArray(array)) throw new CommandError(28724, `First argument to $slice must be an array, but is of type: ${typeName(array)}`);
  if (!isNumber(first)) throw new CommandError(28725, `Second argument to $slice must be a numeric value, but is of type: ${typeName(first)}`);
  const start = integerOf(first, 28726, "Second argument to $slice");
  if (second === undefined) return start < 0 ? array.slice(start) : array.slice(0, start);
  if (!isNumber(second)) throw new CommandError(28727, `Third argument to $slice must be numeric, but is of type: ${typeName(second)}`);
  const count = integerOf(second, 28728, "Third argument to $slice");
  if (count <= 0) throw new CommandError(28729, `Third argument to $slice must be positive: ${count}`);
  const from = start < 0 ? Math.max(0, array.length + start) : start;
  return array.slice(from, from + count);
}

function reverse([array]: Value[]): Value {
  if (isNull(array)) return null;
  if (!Array.isArray(array)) throw new CommandError(34435, `The argument to $reverseArray must be an array, but was of type: ${typeName(array)}`);
  return [...array].reverse();
}

function range([from, to, by]: Value[]): Value {
  const start = integerOf(from, isNumber(from) ? 34444 : 34443, "$range's starting value");
  const end = integerOf(to, isNumber(to) ? 34446 : 34445, "$range's ending value");
  const step = by === undefined ? 1 : integerOf(by, isNumber(by) ? 34448 : 34447, "$range's step value");
  if (step === 0) throw new CommandError(34449, "$range requires a non-zero step value");
  if ((end - start) / step > RANGE_MAX) throw notSupported(`$range over more than ${RANGE_MAX} elements`);
  const values: Value[] = [];
  for (let value = start; step > 0 ? value < end : value > end; value += step) values.push(value);
  return values;
}

/** The shared head of `$filter` and `$map`: an input array and the name of its element. */
function compileInput(named: Doc, compiler: Compiler, code: number): { input: Node; as: string; inner: Compiler } {
  const input = compiler.compile(requireArgument(named, "input", code));
  const as = named["as"] ?? "this";
  if (typeof as !== "string") throw new CommandError(9, "'as' must be a string");
  requireVariableName(as);
  return { input, as, inner: compiler.within([as]) };
}

function compileFilter(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["input", "as", "cond", "limit"], { notObject: 28646, unknown: 28647 });
  const { input, as, inner } = compileInput(named, compiler, 28648);
  const cond = inner.compile(requireArgument(named, "cond", 28650));
  if (named["limit"] !== undefined) throw notSupported("$filter with a limit");
  return {
    constant: false,
    evaluate: (scope) => {
      const array = input.evaluate(scope);
      if (isNull(array)) return null;
      if (!Array.isArray(array)) throw new CommandError(28651, `input to $filter must be an array not ${typeName(array)}`);
      return array.filter((element) => truthy(cond.evaluate(bind(scope, as, element))));
    },
  };
}

function compileMap(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["input", "as", "in"], { notObject: 16878, unknown: 16879 });
  const { input, as, inner } = compileInput(named, compiler, 16880);
  const body = inner.compile(requireArgument(named, "in", 16882));
  return {
    constant: false,
    evaluate: (scope) => {
      const array = input.evaluate(scope);
      if (isNull(array)) return null;
      if (!Array.isArray(array)) throw new CommandError(16883, `input to $map must be an array not ${typeName(array)}`);
      return array.map((element) => orNull(body.evaluate(bind(scope, as, element))));
    },
  };
}

function compileReduce(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["input", "initialValue", "in"], { notObject: 40075, unknown: 40076 });
  const input = compiler.compile(requireArgument(named, "input", 40077));
  const initial = compiler.compile(requireArgument(named, "initialValue", 40078));
  const body = compiler.within(["this", "value"]).compile(requireArgument(named, "in", 40079));
  return {
    constant: false,
    evaluate: (scope) => {
      const array = input.evaluate(scope);
      if (isNull(array)) return null;
      if (!Array.isArray(array)) throw new CommandError(40080, `$reduce requires that 'input' be an array, found: ${typeName(array)}`);
      let value = initial.evaluate(scope);
      for (const element of array) value = body.evaluate(bind(bind(scope, "this", element), "value", value));
      return value;
    },
  };
}

function compileZip(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["inputs", "useLongestLength", "defaults"], { notObject: 34460, unknown: 34464 });
  const inputs = requireArgument(named, "inputs", 34465);
  if (!Array.isArray(inputs)) throw new CommandError(34461, "inputs must be an array of expressions");
  if (inputs.length === 0) throw new CommandError(34465, "$zip requires at least one input array");
  if (named["defaults"] !== undefined) throw notSupported("$zip with defaults");
  const longest = named["useLongestLength"] === true;
  const nodes = inputs.map((input) => compiler.compile(input));
  const zip = (scope: Scope): Value => {
    const columns: Value[][] = [];
    for (const node of nodes) {
      const array = node.evaluate(scope);
      if (isNull(array)) return null;
      if (!Array.isArray(array)) throw new CommandError(34468, `$zip found a non-array expression in input: ${typeName(array)}`);
      columns.push(array);
    }
    const lengths = columns.map((column) => column.length);
    const length = longest ? Math.max(...lengths) : Math.min(...lengths);
    return Array.from({ length }, (_, row) => columns.map((column) => orNull(column[row])));
  };
  return { constant: false, evaluate: zip };
}

function compileSortArray(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["input", "sortBy"], { notObject: 2942500, unknown: 2942501 });
  const input = compiler.compile(requireArgument(named, "input", 2942502));
  const order = parseArraySort(requireArgument(named, "sortBy", 2942503));
  return neverFolded(applied(([array]) => {
    if (isNull(array)) return null;
    if (!Array.isArray(array)) throw new CommandError(2942504, `The input argument to $sortArray must be an array, but was of type: ${typeName(array)}`);
    return [...array].sort(order);
  }, [input]));
}

function mergeObjects(args: Value[]): Value {
  const merged = asMade(newDoc());
  const given = args.length === 1 && Array.isArray(args[0]) ? args[0] : args;
  for (const value of given) {
    if (isNull(value)) continue;
    if (!isDoc(value)) throw new CommandError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`);
    for (const field in value) setField(merged, field, value[field]);
  }
  return merged;
}

function arrayToObject([array]: Value[]): Value {
  if (isNull(array)) return null;
  if (!Array.isArray(array)) throw new CommandError(40386, `$arrayToObject requires an array input, found: ${typeName(array)}`);
  const doc = asMade(newDoc());
  const asPairs = Array.isArray(array[0]);
  for (const entry of array) {
    let key: Value;
    let value: Value;
    if (asPairs) {
      if (!Array.isArray(entry)) throw new CommandError(40396, "$arrayToObject requires a consistent input format.");
      if (entry.length !== 2) throw new CommandError(40397, "$arrayToObject requires an array of size 2 arrays");
      [key, value] = entry;
    } else {
      if (!isDoc(entry)) throw new CommandError(array[0] === entry ? 40398 : 40391, "Unrecognised input type format for $arrayToObject");
      if (Object.keys(entry).length !== 2 || !hasField(entry, "k") || !hasField(entry, "v")) {
        throw new CommandError(Object.keys(entry).length === 2 ? 40393 : 40392, "$arrayToObject requires an object with keys 'k' and 'v'");
      }
      key = getField(entry, "k");
      value = getField(entry, "v");
    }
    if (typeof key !== "string") throw new CommandError(asPairs ? 40395 : 40394, "$arrayToObject requires keys of type string");
    setField(doc, key, value);
  }
  return doc;
}

function objectToArray([value]: Value[]): Value {
  if (isNull(value)) return null;
  if (!isDoc(value)) throw new CommandError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
  return Object.keys(value).map((field) => {
    const entry = asMade(newDoc());
    entry["k"] = field;
    entry["v"] = value[field];
    return entry;
  });
}

function compileGetField(argument: Value, compiler: Compiler, name: string): Node {
  const named: Doc = isDoc(argument) && hasField(argument, "field") ? argument : { field: argument, input: "$$CURRENT" };
  namedArguments(name, named, ["field", "input"], { notObject: 3041701, unknown: 3041701 });
  const field = named["field"];
  const literal = isDoc(field) && hasField(field, "$literal") ? field["$literal"] : field;
  if (typeof literal !== "string") throw notSupported("$getField with a computed field name");
  if (literal.startsWith("$") && !isDoc(field)) throw notSupported("$getField with a computed field name");
  return applied(([input]) => (isDoc(input) ? getField(input, literal) : isNull(input) ? input : undefined), [
    compiler.compile(named["input"] ?? "$$CURRENT"),
  ]);
}

export const arrayOperators: Record<string, Operator> = {
  $size: {
    arity: [1, 1],
    apply: ([array]) => {
      if (!Array.isArray(array)) throw new CommandError(17124, `The argument to $size must be an array, but was of type: ${typeName(array)}`);
      return array.length;
    },
  },
  $isArray: { arity: [1, 1], apply: ([value]) => Array.isArray(value) },
  $arrayElemAt: { arity: [2, 2], apply: elementAt },
  $first: endOf("$first", 0),
  $last: endOf("$last", -1),
  $in: { arity: [2, 2], apply: includes },
  $indexOfArray: { arity: [2, 4], applyLazily: indexOfArray },
  $concatArrays: { arity: ANY, applyLazily: concatArrays },
  $slice: { arity: [2, 3], apply: slice },
  $reverseArray: { arity: [1, 1], apply: reverse },
  $range: { arity: [2, 3], apply: range },
  $filter: { compile: compileFilter },
  $map: { compile: compileMap },
  $reduce: { compile: compileReduce },
  $zip: { compile: compileZip },
  $sortArray: { compile: compileSortArray },
  $mergeObjects: { arity: ANY, apply: mergeObjects },
  $arrayToObject: { arity: [1, 1], apply: arrayToObject },
  $objectToArray: { arity: [1, 1], apply: objectToArray },
  $getField: { compile: compileGetField },
};
