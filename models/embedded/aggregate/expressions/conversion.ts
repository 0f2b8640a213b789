/** Type names and conversions. */
import { bigIntOf, decimalOf, isInteger, numberOf } from "../../bson/arithmetic";
import type { Numeric } from "../../bson/arithmetic";
import { typeName } from "../../bson/compare";
import { formatDecimal } from "../../bson/decimal";
import { Decimal128, Long, ObjectId, double, isNumber, isDoc } from "../../bson/values";
import type { Value } from "../../bson/values";
import { CommandError, notSupported } from "../../errors";
import { toNumber, truncateToBigInt, truthy } from "../../query/parse-filter";
import { namedArguments, requireArgument } from "../expression";
import type { Compiler, Node, Operator } from "../expression";
import { parseDate } from "./timezone";

function failure(message: string): CommandError {
  return new CommandError(241, `${message} in $convert with no onError value`);
}

function unsupported(value: Value, to: string): CommandError {
  return failure(`Unsupported conversion from ${typeName(value)} to ${to}`);
}

/** As `$toString` of a double: the shortest digits that read back, exponents with two digits. */
function formatDouble(number: number): string {
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number < 0 ? "-Infinity" : "Infinity";
  if (Object.is(number, -0)) return "-0";
  const magnitude = Math.abs(number);
  if (magnitude === 0) return "0";
  if (magnitude >= 1e-5 && magnitude < 1e21) return String(number);
  return number.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}

export function toText(value: Value): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Decimal128) return value.toString();
  if (isInteger(value)) return bigIntOf(value).toString();
  if (isNumber(value)) return formatDouble(numberOf(value));
  if (Array.isArray(value) || isDoc(value)) throw notSupported("A conversion of arrays or documents to text");
  throw unsupported(value, "string");
}

/** Operators on text take numbers and dates too; null and missing are the empty text. */
export function coerceToString(value: Value, code: number): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string" || isNumber(value) || value instanceof Date) return toText(value);
  throw new CommandError(code, `can't convert from BSON type ${typeName(value)} to String`);
}

function parseInteger(text: string, bits: 32 | 64): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw failure(`Failed to parse number '${text}'`);
  const integer = BigInt(text.replace(/^\+/, ""));
  if (BigInt.asIntN(bits, integer) !== integer) throw failure(`Failed to parse number '${text}'`);
  return integer;
}

function toInteger(value: Value, bits: 32 | 64): Value {
  const to = bits === 32 ? "int" : "long";
  const result = (integer: bigint): Value => (bits === 32 ? Number(integer) : Long.fromBigInt(integer));
  if (typeof value === "boolean") return result(value ? 1n : 0n);
  if (typeof value === "string") return result(parseInteger(value, bits));
  if (value instanceof Date && bits === 64) return Long.fromNumber(value.getTime());
  if (!isNumber(value)) throw unsupported(value, to);
  if (!Number.isFinite(toNumber(value))) throw failure(`Attempt to convert ${toText(value)} value to integer type`);
  const integer = truncateToBigInt(value);
  if (integer === undefined || BigInt.asIntN(bits, integer) !== integer) throw failure("Conversion would overflow target type");
  return result(integer);
}

function toDouble(value: Value): Value {
  if (typeof value === "boolean") return double(value ? 1 : 0);
  if (value instanceof Date) return double(value.getTime());
  if (typeof value === "string") return double(parseNumber(value));
  if (!isNumber(value)) throw unsupported(value, "double");
  const number = toNumber(value);
  if (value instanceof Decimal128 && !Number.isFinite(number) && /\d/.test(value.toString())) throw failure("Conversion would overflow target type");
  return double(number);
}

function parseNumber(text: string): number {
  if (/^[+-]?(?:inf|infinity)$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  if (/^[+-]?nan$/i.test(text)) return NaN;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) throw failure(`Failed to parse number '${text}'`);
  const number = Number(text);
  if (!Number.isFinite(number)) throw failure(`Failed to parse number '${text}'`);
  return number;
}

function toDecimal(value: Value): Value {
  if (typeof value === "boolean") return Decimal128.fromString(value ? "1" : "0");
  if (value instanceof Date) return Decimal128.fromString(String(value.getTime()));
  if (typeof value === "string") {
    try {
      return Decimal128.fromString(value);
    } catch (cause) {
      throw new CommandError(241, `Failed to parse number '${value}' in $convert with no onError value`, { cause });
    }
  }
  if (!isNumber(value)) throw unsupported(value, "decimal");
  return value instanceof Decimal128 ? value : formatDecimal(decimalOf(value));
}

function toDate(value: Value): Value {
  if (value instanceof Date) return value;
  if (typeof value === "string") return parseDate(value);
  if (value instanceof ObjectId) return value.getTimestamp();
  if (!isNumber(value) || typeName(value) === "int") throw unsupported(value, "date");
  const ms = truncateToBigInt(value as Numeric);
  if (ms === undefined) throw failure("Conversion would overflow target type");
  const date = new Date(Number(ms));
  if (Number.isNaN(date.getTime())) throw notSupported("A date outside the range of JavaScript dates");
  return date;
}

function toObjectId(value: Value): Value {
  if (value instanceof ObjectId) return value;
  if (typeof value !== "string") throw unsupported(value, "objectId");
  if (!/^[0-9a-fA-F]{24}$/.test(value)) throw failure(`Failed to parse objectId '${value}'`);
  return ObjectId.createFromHexString(value.toLowerCase());
}

const CONVERSIONS: ReadonlyMap<string, (value: Value) => Value> = new Map([
  ["string", toText],
  ["int", (value: Value): Value => toInteger(value, 32)],
  ["long", (value: Value): Value => toInteger(value, 64)],
  ["double", toDouble],
  ["decimal", toDecimal],
  ["bool", (value: Value): Value => truthy(value)],
  ["date", toDate],
  ["objectId", toObjectId],
]);
const CODES: ReadonlyMap<number, string> = new Map([
  [1, "double"],
  [2, "string"],
  [7, "objectId"],
  [8, "bool"],
  [9, "date"],
  [16, "int"],
  [18, "long"],
  [19, "decimal"],
]);

function converter(to: string): Operator {
  const convert = CONVERSIONS.get(to);
  return { arity: [1, 1], apply: ([value]) => (value === null || value === undefined || !convert ? null : convert(value)) };
}

function compileConvert(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["input", "to", "onError", "onNull"], { notObject: 9, unknown: 9 });
  const input = compiler.compile(requireArgument(named, "input", 9));
  const to = requireArgument(named, "to", 9);
  const type = isNumber(to) ? CODES.get(toNumber(to)) : to;
  const convert = typeof type === "string" ? CONVERSIONS.get(type) : undefined;
  if (!convert || (typeof type === "string" && type.startsWith("$"))) throw notSupported(`$convert to this type`);
  const onError = named["onError"] === undefined ? undefined : compiler.compile(named["onError"]);
  const onNull = compiler.compile(named["onNull"] ?? null);
  return {
    constant: input.constant && onError?.constant !== false && onNull.constant,
    evaluate: (scope) => {
      const value = input.evaluate(scope);
      if (value === null || value === undefined) return onNull.evaluate(scope);
      try {
        return convert(value);
      } catch (error) {
        if (onError && error instanceof CommandError && error.code === 241) return onError.evaluate(scope);
        throw error;
      }
    },
  };
}

export const conversionOperators: Record<string, Operator> = {
  $type: { arity: [1, 1], apply: ([value]) => typeName(value) },
  $toString: converter("string"),
  $toInt: converter("int"),
  $toLong: converter("long"),
  $toDouble: converter("double"),
  $toDecimal: converter("decimal"),
  $toBool: converter("bool"),
  $toDate: converter("date"),
  $toObjectId: converter("objectId"),
  $convert: { compile: compileConvert },
};
