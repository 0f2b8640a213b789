/**
 * Sums as MongoDB makes them: integers and doubles in one compensated double (so that 0.1 + 0.2 + 0.3 does not depend on
 * luck), decimals apart; the widest type met decides the type of the result.
 */
import { bigIntOf, isInteger, numberOf, integerOf, decimalOf } from "../bson/arithmetic";
import { addDecimals, decimalFromBigInt, decimalFromDouble, divideDecimals, formatDecimal, parseDecimal } from "../bson/decimal";
import type { Decimal } from "../bson/decimal";
import { Decimal128, double, isLong, isNumber } from "../bson/values";
import type { Value } from "../bson/values";

export class Sum {
  count = 0;
  #integers = 0n;
  #small = 0;
  #sum = 0;
  #addend = 0;
  #special = 0;
  #decimal: Decimal | undefined;
  #hasLong = false;
  #hasDouble = false;

  /** What is no number is passed over. */
  add(value: Value): void {
    if (!isNumber(value)) return;
    this.count += 1;
    if (value instanceof Decimal128) {
      const decimal = parseDecimal(value);
      this.#decimal = this.#decimal === undefined ? decimal : addDecimals(this.#decimal, decimal);
    } else if (isInteger(value)) {
      if (isLong(value)) this.#hasLong = true;
      if (typeof value === "number" && Math.abs(this.#small) < 2 ** 52) this.#small += value;
      else this.#integers += bigIntOf(value);
    } else {
      this.#hasDouble = true;
      this.#addDouble(numberOf(value));
    }
  }

  #addDouble(number: number): void {
    if (!Number.isFinite(number)) {
      this.#special += number;
      return;
    }
    // Knuth's two-sum: the rounding error of the addition is kept and added at the end.
    const sum = this.#sum + number;
    const part = sum - this.#sum;
    this.#addend += this.#sum - (sum - part) + (number - part);
    this.#sum = sum;
  }

  #total(): number {
    if (this.#special !== 0) return this.#special;
    const whole = this.#integers + BigInt(this.#small);
    if (whole === 0n) return this.#sum + this.#addend;
    const high = Number(whole);
    const rest = Number(whole - BigInt(high));
    const sum = this.#sum + high;
    const part = sum - this.#sum;
    const error = this.#sum - (sum - part) + (high - part);
    return sum + (error + this.#addend + rest);
  }

  #decimalTotal(): Decimal {
    const whole = decimalFromBigInt(this.#integers + BigInt(this.#small));
    let total = addDecimals(this.#decimal ?? decimalFromBigInt(0n), whole);
    if (this.#hasDouble) {
      const doubles = this.#special !== 0 ? this.#special : this.#sum;
      total = addDecimals(total, decimalFromDouble(doubles, 34));
      if (this.#addend !== 0) total = addDecimals(total, decimalFromDouble(this.#addend, 34));
    }
    return total;
  }

  total(): Value {
    if (this.#decimal !== undefined) return formatDecimal(this.#decimalTotal());
    if (this.#hasDouble) return double(this.#total());
    const whole = this.#integers + BigInt(this.#small);
    return integerOf(whole, this.#hasLong) ?? double(Number(whole));
  }

  average(): Value {
    if (this.count === 0) return null;
    if (this.#decimal !== undefined) {
      return formatDecimal(divideDecimals(this.#decimalTotal(), decimalOf(this.count)));
    }
    return double(this.#total() / this.count);
  }
}
