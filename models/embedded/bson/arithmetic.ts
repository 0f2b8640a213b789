/**
 * Arithmetic over MongoDB's number types: Int32 grows into Long, a Double takes over integers, a Decimal128 takes over all.
 */
import { addDecimals, decimalFromBigInt, decimalFromDouble, formatDecimal, multiplyDecimals, negateDecimal, parseDecimal } from "./decimal";
import type { Decimal } from "./decimal";
import { Decimal128, Double, Long, double, isInt32, isLong } from "./values";
import type { Value } from "./values";

export type Numeric = number | Double | Long | Decimal128;

export function numberOf(value: Numeric): number {
  if (typeof value === "number") return value;
  if (value instanceof Double) return value.value;
  return value instanceof Decimal128 ? Number(value.toString()) : value.toNumber();
}

export function isInteger(value: Value): value is number | Long {
  return isInt32(value) || isLong(value);
}

export function bigIntOf(value: number | Long): bigint {
  return typeof value === "number" ? BigInt(value) : value.toBigInt();
}

export function decimalOf(value: Numeric, digits: 15 | 34 = 15): Decimal {
  if (value instanceof Decimal128) return parseDecimal(value);
  return isInteger(value) ? decimalFromBigInt(bigIntOf(value)) : decimalFromDouble(numberOf(value), digits);
}

/** An integer as the type of its operands: Int32 only where both were and it fits; undefined where even a Long overflows. */
export function integerOf(result: bigint, asLong: boolean): number | Long | undefined {
  if (!asLong && result >= -2147483648n && result <= 2147483647n) return Number(result);
  return BigInt.asIntN(64, result) === result ? Long.fromBigInt(result) : undefined;
}

type Operation = "add" | "subtract" | "multiply";

const onIntegers: Record<Operation, (a: bigint, b: bigint) => bigint> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
};
const onDoubles: Record<Operation, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
};
const onDecimals: Record<Operation, (a: Decimal, b: Decimal) => Decimal> = {
  add: addDecimals,
  subtract: (a, b) => addDecimals(a, negateDecimal(b)),
  multiply: multiplyDecimals,
};

/** The result in MongoDB's type, or undefined where two integers overflow a Long. */
export function combine(operation: Operation, a: Numeric, b: Numeric): Numeric | undefined {
  if (typeof a === "number" && typeof b === "number" && isInt32(a) && isInt32(b)) {
    const result = onDoubles[operation](a, b);
    if (Number.isSafeInteger(result)) return isInt32(result) ? result : result === 0 ? 0 : Long.fromNumber(result);
  }
  if (a instanceof Decimal128 || b instanceof Decimal128) {
    return formatDecimal(onDecimals[operation](decimalOf(a), decimalOf(b)));
  }
  if (isInteger(a) && isInteger(b)) {
    return integerOf(onIntegers[operation](bigIntOf(a), bigIntOf(b)), isLong(a) || isLong(b));
  }
  return double(onDoubles[operation](numberOf(a), numberOf(b)));
}
