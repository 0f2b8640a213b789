/** Arithmetic expressions. Null or missing operands give null; types follow bson/arithmetic. */
import { bigIntOf, combine, decimalOf, integerOf, isInteger, numberOf } from "../../bson/arithmetic";
import type { Numeric } from "../../bson/arithmetic";
import { compare, typeName } from "../../bson/compare";
import { decimalToNumber, divideDecimals, dropDigits, exactDouble, formatDecimal, parseDecimal } from "../../bson/decimal";
import type { Decimal } from "../../bson/decimal";
import { Decimal128, Long, double, isLong, isNumber } from "../../bson/values";
import type { Value } from "../../bson/values";
import { CommandError, notSupported } from "../../errors";
import type { Operator } from "../expression";
import { Sum } from "../summation";

const ANY = [0, Number.MAX_SAFE_INTEGER] as const;

function isNull(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

function dateAt(ms: number): Date {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) throw notSupported("A date outside the range of JavaScript dates");
  return date;
}

function add(args: Iterable<Value>): Value {
  let date: Date | undefined;
  const sum = new Sum();
  let decimals: Numeric | undefined;
  for (const value of args) {
    if (isNull(value)) return null;
    if (value instanceof Date) {
      if (date) throw new CommandError(16612, "only one date allowed in an $add expression");
      date = value;
    } else if (!isNumber(value)) throw new CommandError(14, `$add only supports numeric or date types, not ${typeName(value)}`);
    // Once a decimal is met, the sum so far and all that follows count as decimals, doubles with 15 digits.
    else if (value instanceof Decimal128 || decimals !== undefined) decimals = combine("add", decimals ?? (sum.total() as Numeric), value);
    else sum.add(value);
  }
  const total = decimals ?? (sum.total() as Numeric);
  return date ? dateAt(date.getTime() + roundedNumber(total)) : total;
}

/** Milliseconds added to a date are rounded to the nearest, halves away from zero. */
function roundedNumber(value: Numeric): number {
  const number = numberOf(value);
  return Math.sign(number) * Math.round(Math.abs(number));
}

function subtract([a, b]: Value[]): Value {
  if (isNull(a) || isNull(b)) return null;
  if (isNumber(a) && isNumber(b)) return combine("subtract", a, b) ?? double(numberOf(a) - numberOf(b));
  if (a instanceof Date) {
    if (b instanceof Date) return Long.fromNumber(a.getTime() - b.getTime());
    if (isNumber(b)) return dateAt(a.getTime() - roundedNumber(b));
  }
  throw new CommandError(14, `can't $subtract ${typeName(b)} from ${typeName(a)}`);
}

function multiply(args: Iterable<Value>): Value {
  let product: Numeric = 1;
  for (const value of args) {
    if (isNull(value)) return null;
    if (!isNumber(value)) throw new CommandError(14, `$multiply only supports numeric types, not ${typeName(value)}`);
    product = combine("multiply", product, value) ?? double(numberOf(product) * numberOf(value));
  }
  return product;
}

function divide([a, b]: Value[]): Value {
  if (isNull(a) || isNull(b)) return null;
  if (!isNumber(a) || !isNumber(b)) {
    throw new CommandError(14, `$divide only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  if (numberOf(b) === 0) throw new CommandError(2, "can't $divide by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) return formatDecimal(divideDecimals(decimalOf(a), decimalOf(b)));
  return double(numberOf(a) / numberOf(b));
}

function mod([a, b]: Value[]): Value {
  if (isNull(a) || isNull(b)) return null;
  if (!isNumber(a) || !isNumber(b)) {
    throw new CommandError(16611, `$mod only supports numeric types, not ${typeName(a)} and ${typeName(b)}`);
  }
  if (numberOf(b) === 0) throw new CommandError(16610, "can't $mod by zero");
  if (a instanceof Decimal128 || b instanceof Decimal128) throw notSupported("$mod of decimals");
  if (isInteger(a) && isInteger(b)) {
    return integerOf(bigIntOf(a) % bigIntOf(b), isLong(a) || isLong(b));
  }
  // A double that is an integer divides integers as one.
  return double(numberOf(a) % numberOf(b));
}

/** The arguments up to and including the first null. */
export function untilNull(args: Iterable<Value>): Value[] {
  const values: Value[] = [];
  for (const value of args) {
    values.push(value);
    if (isNull(value)) break;
  }
  return values;
}

function unary(name: string, code: number, apply: (value: Numeric) => Value): Operator {
  return {
    arity: [1, 1],
    apply: ([value]) => {
      if (isNull(value)) return null;
      if (!isNumber(value)) throw new CommandError(code, `${name} only supports numeric types, not ${typeName(value)}`);
      return apply(value);
    },
  };
}

function onDouble(name: string, check: (number: number) => CommandError | undefined, apply: (number: number) => number): Operator {
  return unary(name, 28765, (value) => {
    if (value instanceof Decimal128) throw notSupported(`${name} of decimals`);
    const error = check(numberOf(value));
    if (error) throw error;
    return double(apply(numberOf(value)));
  });
}

function absolute(value: Numeric): Value {
  if (value instanceof Decimal128) return formatDecimal({ ...parseDecimal(value), negative: false });
  if (!isInteger(value)) return double(Math.abs(numberOf(value)));
  const integer = bigIntOf(value);
  const result = integerOf(integer < 0n ? -integer : integer, isLong(value));
  if (result === undefined) throw new CommandError(28680, "can't take $abs of long long min");
  return result;
}

type Rounding = "even" | "zero" | "down" | "up";

/** To `places` digits behind the point (negative: before it), on the exact decimal value. */
function roundTo(value: Numeric, places: number, rounding: Rounding): Value {
  if (isInteger(value) && places >= 0) return value;
  const exact = value instanceof Decimal128 ? parseDecimal(value) : isInteger(value) ? decimalOf(value) : exactOf(numberOf(value));
  if (exact.kind !== "finite") return value;
  const rounded = roundDecimal(exact, places, rounding);
  if (value instanceof Decimal128) return formatDecimal(withPlaces(rounded, places, rounding));
  if (!isInteger(value)) return double(decimalToNumber(rounded));
  const integer = rounded.coefficient * 10n ** BigInt(Math.max(0, rounded.exponent));
  const result = integerOf(rounded.negative ? -integer : integer, isLong(value));
  if (result === undefined) throw new CommandError(51080, "invalid conversion from Decimal128 result in $round");
  return result;
}

/** A decimal has as many places as it was asked for, zeros included, or as many as its 34 digits hold; $ceil and $floor then fail. */
function withPlaces(value: Decimal, places: number, rounding: Rounding): Decimal {
  const missing = value.exponent + places;
  if (missing <= 0) return value;
  const room = value.coefficient === 0n ? missing : 34 - value.coefficient.toString().length;
  if (missing > room && (rounding === "up" || rounding === "down")) return { kind: "nan", negative: false, coefficient: 0n, exponent: 0 };
  const added = Math.min(missing, room);
  return { ...value, coefficient: value.coefficient * 10n ** BigInt(added), exponent: value.exponent - added };
}

function exactOf(number: number): Decimal {
  if (!Number.isFinite(number)) return { kind: "nan", negative: false, coefficient: 0n, exponent: 0 };
  return { ...exactDouble(number), negative: number < 0 || Object.is(number, -0) };
}

function roundDecimal(value: Decimal, places: number, rounding: Rounding): Decimal {
  const drop = -places - value.exponent;
  if (drop <= 0) return value;
  if (rounding === "even") return dropDigits(value, Math.min(drop, 2000));
  const divisor = 10n ** BigInt(Math.min(drop, 2000));
  let coefficient = value.coefficient / divisor;
  const inexact = value.coefficient % divisor !== 0n;
  if (inexact && ((rounding === "down" && value.negative) || (rounding === "up" && !value.negative))) coefficient += 1n;
  return { ...value, coefficient, exponent: -places };
}

function rounder(name: string, rounding: Rounding): Operator {
  return {
    arity: [1, 2],
    applyLazily: (args) => {
      const [value, places] = untilNull(args);
      if (isNull(value)) return null;
      if (!isNumber(value)) throw new CommandError(51081, `${name} only supports numeric types, not ${typeName(value)}`);
      if (places === null) return null;
      let digits = 0;
      if (places !== undefined) {
        if (!isNumber(places)) throw new CommandError(16004, `precision argument to ${name} must be a numeric`);
        digits = numberOf(places);
        if (!Number.isInteger(digits)) throw new CommandError(51082, `precision argument to ${name} must be an integral value`);
        if (digits < -20 || digits > 100) throw new CommandError(51083, `cannot apply ${name} with precision value ${digits} value must be in [-20, 100]`);
      }
      return roundTo(value, digits, rounding);
    },
  };
}

function power([base, exponent]: Value[]): Value {
  if (isNull(base) || isNull(exponent)) return null;
  if (!isNumber(base)) throw new CommandError(28762, `$pow's base must be numeric, not ${typeName(base)}`);
  if (!isNumber(exponent)) throw new CommandError(28763, `$pow's exponent must be numeric, not ${typeName(exponent)}`);
  if (numberOf(base) === 0 && numberOf(exponent) < 0) throw new CommandError(28764, "$pow cannot take a base of 0 and a negative exponent");
  if (base instanceof Decimal128 || exponent instanceof Decimal128) throw notSupported("$pow of decimals");
  if (isInteger(base) && isInteger(exponent) && numberOf(exponent) >= 0) {
    const whole = bigIntOf(base);
    const small = whole >= -1n && whole <= 1n;
    if (small || numberOf(exponent) <= 63) {
      const result = small ? smallPower(whole, bigIntOf(exponent)) : whole ** bigIntOf(exponent);
      const integer = integerOf(result, isLong(base) || isLong(exponent));
      if (integer !== undefined) return integer;
    }
  }
  return double(numberOf(base) ** numberOf(exponent));
}

/** Powers of -1, 0 and 1, whose exponents are not bounded. */
function smallPower(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n || base === 1n) return 1n;
  return base === 0n ? 0n : exponent % 2n === 0n ? 1n : -1n;
}

function logarithm([value, base]: Value[]): Value {
  if (isNull(value) || isNull(base)) return null;
  if (!isNumber(value)) throw new CommandError(28756, `$log's argument must be numeric, not ${typeName(value)}`);
  if (!isNumber(base)) throw new CommandError(28757, `$log's base must be numeric, not ${typeName(base)}`);
  if (!(numberOf(value) > 0)) throw new CommandError(28758, "$log's argument must be a positive number");
  if (!(numberOf(base) > 0) || numberOf(base) === 1) throw new CommandError(28759, "$log's base must be a positive number not equal to 1");
  if (value instanceof Decimal128 || base instanceof Decimal128) throw notSupported("$log of decimals");
  return double(Math.log(numberOf(value)) / Math.log(numberOf(base)));
}

const positive = (code: number, name: string) => (number: number) =>
  number > 0 || Number.isNaN(number) ? undefined : new CommandError(code, `${name}'s argument must be a positive number`);

/** `$sum`, `$avg`, `$min`, `$max` as expressions: over their arguments, or over the array that is the only one. */
function overOperands(fold: (values: Value[]) => Value): Operator {
  return { arity: ANY, apply: (args) => fold(args.length === 1 && Array.isArray(args[0]) ? args[0] : args) };
}

export function sumOf(values: Iterable<Value>): Sum {
  const sum = new Sum();
  for (const value of values) sum.add(value);
  return sum;
}

/** The smallest (1) or largest (-1) value that is not null; null where there is none. */
export function extremeOf(values: Iterable<Value>, direction: 1 | -1): Value {
  let best: Value = null;
  for (const value of values) {
    if (!isNull(value) && (best === null || compare(value, best) * direction < 0)) best = value;
  }
  return best;
}

export const arithmeticOperators: Record<string, Operator> = {
  $add: { arity: ANY, applyLazily: add },
  $subtract: { arity: [2, 2], apply: subtract },
  $multiply: { arity: ANY, applyLazily: multiply },
  $divide: { arity: [2, 2], apply: divide },
  $mod: { arity: [2, 2], apply: mod },
  $abs: unary("$abs", 28765, absolute),
  $ceil: unary("$ceil", 28765, (value) => roundTo(value, 0, "up")),
  $floor: unary("$floor", 28765, (value) => roundTo(value, 0, "down")),
  $round: rounder("$round", "even"),
  $trunc: rounder("$trunc", "zero"),
  $sqrt: onDouble("$sqrt", (number) => (number < 0 ? new CommandError(28714, "$sqrt's argument must be greater than or equal to 0") : undefined), Math.sqrt),
  $exp: onDouble("$exp", () => undefined, Math.exp),
  $ln: onDouble("$ln", positive(28766, "$ln"), Math.log),
  $log10: onDouble("$log10", positive(28761, "$log10"), Math.log10),
  $log: { arity: [2, 2], apply: logarithm },
  $pow: { arity: [2, 2], apply: power },
  $sum: overOperands((values) => sumOf(values).total()),
  $avg: overOperands((values) => sumOf(values).average()),
  $min: overOperands((values) => extremeOf(values, 1)),
  $max: overOperands((values) => extremeOf(values, -1)),
  $isNumber: { arity: [1, 1], apply: ([value]) => isNumber(value) },
};
