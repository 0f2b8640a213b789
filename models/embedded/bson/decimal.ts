/**
 * Decimal128 as exact numbers: value = (negative ? -1 : 1) * coefficient * 10^exponent. Results are rounded to 34 digits,
 * half to even, as IEEE 754-2008 asks and MongoDB does; trailing zeros are kept (1.50 + 1 = 2.50).
 */
import { Decimal128 } from "bson";

export interface Decimal {
  kind: "finite" | "infinite" | "nan";
  negative: boolean;
  coefficient: bigint;
  exponent: number;
}

const DIGITS_MAX = 34;
const COEFFICIENT_MAX = 10n ** 34n - 1n;
const EXPONENT_BIAS = 6176;
const EXPONENT_MIN = -6176;
const EXPONENT_MAX = 6111;
const NAN: Decimal = { kind: "nan", negative: false, coefficient: 0n, exponent: 0 };

function infinite(negative: boolean): Decimal {
  return { kind: "infinite", negative, coefficient: 0n, exponent: 0 };
}

function finite(negative: boolean, coefficient: bigint, exponent: number): Decimal {
  return { kind: "finite", negative, coefficient, exponent };
}

export function parseDecimal(value: Decimal128): Decimal {
  const view = new DataView(value.bytes.buffer, value.bytes.byteOffset, 16);
  const high = view.getBigUint64(8, true);
  const negative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 31n);
  if (combination === 31) return NAN;
  if (combination === 30) return infinite(negative);
  // The second form of the coefficient only holds values above the maximum, which count as zero.
  if (combination >= 24) return finite(negative, 0n, Number((high >> 47n) & 0x3fffn) - EXPONENT_BIAS);
  const exponent = Number((high >> 49n) & 0x3fffn) - EXPONENT_BIAS;
  const coefficient = ((high & 0x1ffffffffffffn) << 64n) | view.getBigUint64(0, true);
  return finite(negative, coefficient > COEFFICIENT_MAX ? 0n : coefficient, exponent);
}

export function formatDecimal(value: Decimal): Decimal128 {
  const bytes = Buffer.alloc(16);
  let high: bigint;
  let low = 0n;
  if (value.kind === "nan") high = 31n << 58n;
  else if (value.kind === "infinite") high = 30n << 58n;
  else {
    const bounded = clamp(value);
    if (bounded.kind === "infinite") high = 30n << 58n;
    else {
      high = (BigInt(bounded.exponent + EXPONENT_BIAS) << 49n) | (bounded.coefficient >> 64n);
      low = bounded.coefficient & 0xffffffffffffffffn;
    }
  }
  if (value.negative) high |= 1n << 63n;
  bytes.writeBigUInt64LE(low, 0);
  bytes.writeBigUInt64LE(high, 8);
  return new Decimal128(bytes);
}

/** Brings coefficient and exponent into the range of the format. */
function clamp(value: Decimal): Decimal {
  let rounded = roundDigits(value, DIGITS_MAX);
  if (rounded.exponent < EXPONENT_MIN) rounded = dropDigits(rounded, EXPONENT_MIN - rounded.exponent);
  if (rounded.exponent > EXPONENT_MAX) {
    if (rounded.coefficient === 0n) return finite(rounded.negative, 0n, EXPONENT_MAX);
    const shifted = rounded.coefficient * 10n ** BigInt(Math.min(rounded.exponent - EXPONENT_MAX, DIGITS_MAX + 1));
    if (shifted > COEFFICIENT_MAX) return infinite(rounded.negative);
    return finite(rounded.negative, shifted, EXPONENT_MAX);
  }
  return rounded;
}

export function digitCount(coefficient: bigint): number {
  return coefficient === 0n ? 1 : coefficient.toString().length;
}

export function roundDigits(value: Decimal, digits: number): Decimal {
  if (value.kind !== "finite" || (digits >= DIGITS_MAX && value.coefficient <= COEFFICIENT_MAX)) return value;
  const excess = digitCount(value.coefficient) - digits;
  if (excess <= 0) return value;
  const rounded = dropDigits(value, excess);
  return digitCount(rounded.coefficient) > digits ? dropDigits(rounded, 1) : rounded;
}

/** Drops the last digits, half to even. */
export function dropDigits(value: Decimal, count: number): Decimal {
  const divisor = 10n ** BigInt(Math.min(count, 100));
  let quotient = value.coefficient / divisor;
  const twice = (value.coefficient % divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) quotient += 1n;
  return finite(value.negative, quotient, value.exponent + count);
}

export function decimalFromBigInt(integer: bigint): Decimal {
  return finite(integer < 0n, integer < 0n ? -integer : integer, 0);
}

/** MongoDB takes doubles into decimal arithmetic with 15 digits, zeros included (1.5 is 1.50000000000000). */
export function decimalFromDouble(number: number, digits: 15 | 34): Decimal {
  if (Number.isNaN(number)) return NAN;
  if (!Number.isFinite(number)) return infinite(number < 0);
  if (number === 0) return finite(Object.is(number, -0), 0n, 0);
  if (digits === 34) return roundDigits(exactDouble(number), DIGITS_MAX);
  const [mantissa = "0", power = "0"] = Math.abs(number).toExponential(14).split("e");
  return finite(number < 0, BigInt(mantissa.replace(".", "")), Number(power) - 14);
}

/** Every finite double is a decimal of finite length. */
export function exactDouble(number: number): Decimal {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(number));
  const bits = view.getBigUint64(0);
  const biased = Number(bits >> 52n);
  const fraction = bits & 0xfffffffffffffn;
  const mantissa = biased === 0 ? fraction : fraction | (1n << 52n);
  const power = (biased === 0 ? 1 : biased) - 1075;
  if (power >= 0) return finite(number < 0, mantissa << BigInt(power), 0);
  // m / 2^p = m * 5^p / 10^p; common factors of two leave first, so that 0.5 is 5e-1.
  let odd = mantissa;
  let shift = -power;
  while (shift > 0 && odd % 2n === 0n && odd !== 0n) {
    odd >>= 1n;
    shift -= 1;
  }
  return finite(number < 0, odd * 5n ** BigInt(shift), -shift);
}

export function decimalToNumber(value: Decimal): number {
  if (value.kind === "nan") return NaN;
  const magnitude = value.kind === "infinite" ? Infinity : Number(`${value.coefficient}e${value.exponent}`);
  return value.negative ? -magnitude : magnitude;
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  const signA = signOf(a);
  const signB = signOf(b);
  if (signA !== signB) return signA < signB ? -1 : 1;
  if (signA === 0) return 0;
  return signA > 0 ? compareMagnitudes(a, b) : compareMagnitudes(b, a);
}

export function signOf(value: Decimal): number {
  if (value.kind === "finite" && value.coefficient === 0n) return 0;
  return value.negative ? -1 : 1;
}

function compareMagnitudes(a: Decimal, b: Decimal): number {
  if (a.kind === "infinite" || b.kind === "infinite") return Number(a.kind === "infinite") - Number(b.kind === "infinite");
  const reachA = digitCount(a.coefficient) + a.exponent;
  const reachB = digitCount(b.coefficient) + b.exponent;
  if (reachA !== reachB) return reachA < reachB ? -1 : 1;
  const [left, right] = align(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The coefficients at the smaller exponent of the two. */
function align(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const exponent = Math.min(a.exponent, b.exponent);
  return [
    a.coefficient * 10n ** BigInt(a.exponent - exponent),
    b.coefficient * 10n ** BigInt(b.exponent - exponent),
    exponent,
  ];
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind === "nan" || b.kind === "nan") return NAN;
  if (a.kind === "infinite" || b.kind === "infinite") {
    if (a.kind === b.kind && a.negative !== b.negative) return NAN;
    return a.kind === "infinite" ? a : b;
  }
  // Operands too far apart to touch: the smaller one only breaks ties, which one distant digit does as well.
  const gap = a.exponent - b.exponent;
  if (Math.abs(gap) > 100 && a.coefficient !== 0n && b.coefficient !== 0n) {
    const [larger, smaller] = compareMagnitudes(a, b) > 0 ? [a, b] : [b, a];
    const lifted = finite(larger.negative, larger.coefficient * 10n ** 40n, larger.exponent - 40);
    const nudge = larger.negative === smaller.negative ? 1n : -1n;
    return roundDigits(finite(lifted.negative, lifted.coefficient + nudge, lifted.exponent), DIGITS_MAX);
  }
  const [left, right, exponent] = align(a, b);
  const sum = (a.negative ? -left : left) + (b.negative ? -right : right);
  const negative = sum < 0n || (sum === 0n && a.negative && b.negative);
  return roundDigits(finite(negative, sum < 0n ? -sum : sum, exponent), DIGITS_MAX);
}

export function negateDecimal(value: Decimal): Decimal {
  return { ...value, negative: !value.negative };
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind === "nan" || b.kind === "nan") return NAN;
  const negative = a.negative !== b.negative;
  if (a.kind === "infinite" || b.kind === "infinite") return signOf(a) === 0 || signOf(b) === 0 ? NAN : infinite(negative);
  return roundDigits(finite(negative, a.coefficient * b.coefficient, a.exponent + b.exponent), DIGITS_MAX);
}

/** The caller refuses a zero divisor first. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  if (a.kind === "nan" || b.kind === "nan") return NAN;
  const negative = a.negative !== b.negative;
  if (a.kind === "infinite") return b.kind === "infinite" ? NAN : infinite(negative);
  if (b.kind === "infinite") return finite(negative, 0n, EXPONENT_MIN);
  const scale = DIGITS_MAX + 2 + Math.max(0, digitCount(b.coefficient) - digitCount(a.coefficient));
  const scaled = a.coefficient * 10n ** BigInt(scale);
  let quotient = scaled / b.coefficient;
  const exact = scaled % b.coefficient === 0n;
  let exponent = a.exponent - b.exponent - scale;
  const ideal = a.exponent - b.exponent;
  if (exact) {
    // An exact quotient has the exponent nearest to the ideal one.
    while (exponent < ideal && quotient % 10n === 0n) {
      quotient /= 10n;
      exponent += 1;
    }
  } else quotient = quotient * 10n + 1n;
  return roundDigits(finite(negative, quotient, exact ? exponent : exponent - 1), DIGITS_MAX);
}
