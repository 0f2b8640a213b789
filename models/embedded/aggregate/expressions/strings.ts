/** String expressions. CP counts code points, Bytes counts UTF-8 bytes. */
import { isInteger, numberOf } from "../../bson/arithmetic";
import { compareStrings, typeName } from "../../bson/compare";
import { BSONRegExp, isNumber, newDoc } from "../../bson/values";
import type { Doc, Value } from "../../bson/values";
import { CommandError, notSupported } from "../../errors";
import { translateRegex } from "../../query/regex";
import { applied, namedArguments, neverFolded, requireArgument } from "../expression";
import type { Compiler, Node, Operator } from "../expression";
import { untilNull } from "./arithmetic";
import { coerceToString } from "./conversion";
import { asMade } from "../places";

const ANY = [0, Number.MAX_SAFE_INTEGER] as const;
/** What `$trim` takes away by itself. */
const BLANKS = [..."\0 \t\n\v\f\r\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"];

function isNull(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

function concat(args: Iterable<Value>): Value {
  let text = "";
  for (const value of args) {
    if (isNull(value)) return null;
    if (typeof value !== "string") throw new CommandError(16702, `$concat only supports strings, not ${typeName(value)}`);
    text += value;
  }
  return text;
}

/** Only the letters A to Z change case. */
function asciiCase(value: Value, upper: boolean): string {
  const text = coerceToString(value, 16007);
  return text.replace(upper ? /[a-z]+/g : /[A-Z]+/g, (run) => (upper ? run.toUpperCase() : run.toLowerCase()));
}

function requireString(value: Value, code: number, name: string): string {
  if (typeof value !== "string") throw new CommandError(code, `${name} requires a string argument, found: ${typeName(value)}`);
  return value;
}

function integer(value: Value, code: number, name: string): number {
  if (!isNumber(value) || !(isInteger(value) || Number.isInteger(numberOf(value)))) {
    throw new CommandError(code, `${name}: expected an integer, found ${typeName(value)}`);
  }
  return numberOf(value);
}

function substringOfPoints([value, start, count]: Value[]): Value {
  const text = coerceToString(value, 16007);
  const from = integer(start, 34450, "$substrCP");
  const length = integer(count, 34452, "$substrCP");
  if (from < 0) throw new CommandError(34455, "$substrCP: starting index must be non-negative");
  if (length < 0) throw new CommandError(34454, "$substrCP: length must be non-negative");
  return [...text].slice(from, from + length).join("");
}

function substringOfBytes([value, start, count]: Value[]): Value {
  const bytes = Buffer.from(coerceToString(value, 16007));
  if (!isNumber(start)) throw new CommandError(16034, "$substrBytes: starting index must be a numeric type");
  if (!isNumber(count)) throw new CommandError(16035, "$substrBytes: length must be a numeric type");
  const from = Math.trunc(numberOf(start));
  const length = Math.trunc(numberOf(count));
  if (from < 0) throw new CommandError(50752, "$substrBytes: starting index must be non-negative");
  const isContinuation = (index: number): boolean => ((bytes[index] ?? 0) & 0xc0) === 0x80;
  if (isContinuation(from)) throw new CommandError(28656, "$substrBytes: Invalid range, starting index is a UTF-8 continuation byte.");
  const end = length < 0 ? bytes.length : Math.min(bytes.length, from + length);
  if (from < bytes.length && isContinuation(end)) {
    throw new CommandError(28657, "$substrBytes: Invalid range, ending index is in the middle of a UTF-8 character.");
  }
  return bytes.subarray(from, end).toString("utf8");
}

function split([value, delimiter]: Value[]): Value {
  if (isNull(value) || isNull(delimiter)) return null;
  if (typeof value !== "string") throw new CommandError(40085, `$split requires an expression that evaluates to a string as a first argument, found: ${typeName(value)}`);
  if (typeof delimiter !== "string") throw new CommandError(40086, `$split requires an expression that evaluates to a string as a second argument, found: ${typeName(delimiter)}`);
  if (delimiter === "") throw new CommandError(40087, "$split requires a non-empty separator");
  return value.split(delimiter);
}

function trimmer(left: boolean, right: boolean): Operator {
  return {
    compile: (argument, compiler, name) => {
      const named = namedArguments(name, argument, ["input", "chars"], { notObject: 50696, unknown: 50694 });
      const input = compiler.compile(requireArgument(named, "input", 50695));
      const hasChars = named["chars"] !== undefined;
      const chars = compiler.compile(named["chars"] ?? null);
      return applied(([value, set]) => {
        if (isNull(value) || (hasChars && isNull(set))) return null;
        if (typeof value !== "string") throw new CommandError(50699, `${name} requires its input to be a string, got ${typeName(value)} instead.`);
        if (hasChars && typeof set !== "string") throw new CommandError(50700, `${name} requires 'chars' to be a string, got ${typeName(set)} instead.`);
        return trim(value, typeof set === "string" ? [...set] : BLANKS, left, right);
      }, [input, chars]);
    },
  };
}

function trim(text: string, characters: readonly string[], left: boolean, right: boolean): string {
  const points = [...text];
  const set = new Set(characters);
  let start = 0;
  let end = points.length;
  while (left && start < end && set.has(points[start] ?? "")) start += 1;
  while (right && end > start && set.has(points[end - 1] ?? "")) end -= 1;
  return points.slice(start, end).join("");
}

function indexOf(name: string, unit: (text: string) => ArrayLike<unknown>, offset: (text: string, at: number) => number): Operator {
  return {
    arity: [2, 4],
    applyLazily: (args) => {
      const [value, needle, from, to] = untilNull(args);
      if (isNull(value)) return null;
      if (typeof value !== "string") throw new CommandError(name === "$indexOfCP" ? 40093 : 40091, `${name} requires a string as the first argument, found: ${typeName(value)}`);
      if (typeof needle !== "string") throw new CommandError(name === "$indexOfCP" ? 40094 : 40092, `${name} requires a string as the second argument, found: ${typeName(needle)}`);
      const length = unit(value).length;
      const start = from === undefined ? 0 : bound(from, name);
      const end = Math.min(length, to === undefined ? length : bound(to, name));
      if (start > length || end < start) return -1;
      const found = value.indexOf(needle, offset(value, start));
      if (found < 0) return -1;
      const position = unit(value.slice(0, found)).length;
      return position + unit(needle).length <= end ? position : -1;
    },
  };
}

function bound(value: Value, name: string): number {
  const index = integer(value, 40096, name);
  if (index < 0) throw new CommandError(40097, `${name} requires a nonnegative index`);
  return index;
}

function compileRegex(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["input", "regex", "options"], { notObject: 51103, unknown: 31024 });
  const input = compiler.compile(requireArgument(named, "input", 31022));
  const regex = compiler.compile(requireArgument(named, "regex", 31023));
  const options = compiler.compile(named["options"] ?? "");
  const node = applied(([text, pattern, flags]) => {
    if (!isNull(pattern) && typeof pattern !== "string" && !(pattern instanceof BSONRegExp)) {
      throw new CommandError(51105, `${name} needs 'regex' to be of type string or regex`);
    }
    if (!isNull(flags) && typeof flags !== "string") throw new CommandError(51106, `${name} needs 'options' to be of type string`);
    if (!isNull(text) && typeof text !== "string") throw new CommandError(51104, `${name} needs 'input' to be of type string`);
    if (isNull(text) || isNull(pattern)) return name === "$regexMatch" ? false : name === "$regexFind" ? null : [];
    if (pattern instanceof BSONRegExp && pattern.options !== "" && flags !== "") {
      throw new CommandError(51107, `${name}: found regex option(s) specified in both 'regex' and 'option' fields`);
    }
    const expression =
      pattern instanceof BSONRegExp
        ? expressionFor(pattern.pattern, pattern.options || (flags ?? ""))
        : expressionFor(pattern, flags ?? "");
    return findRegex(name, text, expression);
  }, [input, regex, options]);
  const fixed = regex.constant && options.constant ? regex.evaluate({ root: undefined, frame: undefined }) : undefined;
  const flags = options.constant ? options.evaluate({ root: undefined, frame: undefined }) : undefined;
  if (typeof fixed === "string") expressionFor(fixed, typeof flags === "string" ? flags : "");
  return neverFolded(node);
}

function expressionFor(pattern: string, options: string): RegExp {
  try {
    return translateRegex(pattern, options);
  } catch (error) {
    if (error instanceof CommandError && error.code === 51091) throw new CommandError(51111, error.message, { cause: error });
    throw error;
  }
}

function findRegex(name: string, text: string, expression: RegExp): Value {
  if (name === "$regexMatch") return expression.test(text);
  const all = [...text.matchAll(new RegExp(expression.source, `${expression.flags}g`))];
  const described = (name === "$regexFind" ? all.slice(0, 1) : all).map((match): Doc => {
    const doc = asMade(newDoc());
    doc["match"] = match[0];
    doc["idx"] = [...text.slice(0, match.index)].length;
    doc["captures"] = match.slice(1).map((capture: string | undefined) => capture ?? null);
    return doc;
  });
  return name === "$regexFind" ? (described[0] ?? null) : described;
}

function compileReplace(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["input", "find", "replacement"], { notObject: 51751, unknown: 51750 });
  const nodes = [
    compiler.compile(requireArgument(named, "input", 51749)),
    compiler.compile(requireArgument(named, "find", 51748)),
    compiler.compile(requireArgument(named, "replacement", 51747)),
  ];
  return neverFolded(applied(([input, find, replacement]) => {
    if (!isNull(input) && typeof input !== "string") throw new CommandError(10503904, `${name} requires that 'input' be a string`);
    if (find instanceof BSONRegExp) throw notSupported(`${name} of a regular expression`);
    if (!isNull(find) && typeof find !== "string") throw new CommandError(10503903, `${name} requires that 'find' be a string`);
    if (!isNull(replacement) && typeof replacement !== "string") throw new CommandError(10503902, `${name} requires that 'replacement' be a string`);
    if (isNull(input) || isNull(find) || isNull(replacement)) return null;
    if (name === "$replaceOne") return input.replace(find, () => replacement);
    // An empty needle stands before each code point and at the end.
    if (find === "") return `${replacement}${[...input].map((point) => point + replacement).join("")}`;
    return input.split(find).join(replacement);
  }, nodes));
}

const points = (text: string): ArrayLike<unknown> => [...text];
const bytes = (text: string): ArrayLike<unknown> => Buffer.from(text);

export const stringOperators: Record<string, Operator> = {
  $concat: { arity: ANY, applyLazily: concat },
  $toUpper: { arity: [1, 1], apply: ([value]) => asciiCase(value, true) },
  $toLower: { arity: [1, 1], apply: ([value]) => asciiCase(value, false) },
  $strLenCP: { arity: [1, 1], apply: ([value]) => [...requireString(value, 34471, "$strLenCP")].length },
  $strLenBytes: { arity: [1, 1], apply: ([value]) => Buffer.byteLength(requireString(value, 34473, "$strLenBytes")) },
  $substr: { arity: [3, 3], apply: substringOfBytes },
  $substrBytes: { arity: [3, 3], apply: substringOfBytes },
  $substrCP: { arity: [3, 3], apply: substringOfPoints },
  $split: { arity: [2, 2], apply: split },
  $trim: trimmer(true, true),
  $ltrim: trimmer(true, false),
  $rtrim: trimmer(false, true),
  $indexOfCP: indexOf("$indexOfCP", points, (text, at) => [...text].slice(0, at).join("").length),
  $indexOfBytes: indexOf("$indexOfBytes", bytes, (text, at) => Buffer.from(text).subarray(0, at).toString("utf8").length),
  $strcasecmp: {
    arity: [2, 2],
    apply: ([a, b]) => compareStrings(asciiCase(a, true), asciiCase(b, true)),
  },
  $regexMatch: { compile: compileRegex },
  $regexFind: { compile: compileRegex },
  $regexFindAll: { compile: compileRegex },
  $replaceOne: { compile: compileReplace },
  $replaceAll: { compile: compileReplace },
};

