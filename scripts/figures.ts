import { all, create, type FactoryFunctionMap, type MathJsInstance } from "mathjs";

/**
 * The arithmetic of personal finance behind the numbers in the articles; rates per period, payments at the end of each.
 * Used by scripts/check-figures.ts only.
 */
export function fv(rate: number, periods: number, payment: number, present = 0): number {
  const growth = (1 + rate) ** periods;
  return present * growth + (rate === 0 ? payment * periods : (payment * (growth - 1)) / rate);
}

export function pv(rate: number, periods: number, payment: number): number {
  return rate === 0 ? payment * periods : (payment * (1 - (1 + rate) ** -periods)) / rate;
}

export function pmt(rate: number, periods: number, principal: number): number {
  return rate === 0 ? principal / periods : (principal * rate) / (1 - (1 + rate) ** -periods);
}

/** Rate per period at which `periods` equal payments are worth `principal` today; by bisection to 1e-12. */
export function annuityIrr(principal: number, payment: number, periods: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 200 && high - low > 1e-12; step += 1) {
    const middle = (low + high) / 2;
    if (pv(middle, periods, payment) > principal) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Nominal yearly rate of a loan repaid in equal parts with a fee on the full principal every month: 12 × monthly IRR. */
export function flatFeeApr(feePerPeriod: number, periods: number): number {
  return 12 * annuityIrr(1, 1 / periods + feePerPeriod, periods);
}

export function effective(apr: number, periodsPerYear: number): number {
  return (1 + apr / periodsPerYear) ** periodsPerYear - 1;
}

/** Periods until money has grown by `multiple`. */
export function years(rate: number, multiple: number): number {
  return Math.log(multiple) / Math.log(1 + rate);
}

/** What is left of `start` after `periods` periods: `taken` goes out first, then the rest is multiplied by the growth of that period. */
export function afterTaking(start: number, taken: number, growths: readonly number[], periods: number): number {
  return growths.slice(0, periods).reduce((balance, growth) => (balance - taken) * growth, start);
}

let math: MathJsInstance | null = null;

/** Value of a formula as written in the front matter of an article; `names` are the variables that it may use. */
export function evaluateFigure(formula: string, names: Record<string, number> = {}): number {
  if (!math) {
    // A list in a formula reaches our functions as a plain array.
    math = create(all as FactoryFunctionMap, { matrix: "Array" });
    // `years` is a unit to mathjs; the articles mean the function.
    math.import({ fv, pv, pmt, annuityIrr, flatFeeApr, effective, years, afterTaking }, { override: true });
  }
  const value: unknown = math.evaluate(formula, { ...names });
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error(`${formula} gives ${String(value)}`);
  return value;
}

/** The first number in a phrase, thousands separators ignored: "约 10.90%" is 10.9. */
export function numberIn(phrase: string): number {
  const [found] = /-?\d[\d,]*(?:\.\d+)?/.exec(phrase.replace(/[−–]/g, "-")) ?? [];
  if (found === undefined) throw new Error(`no number in "${phrase}"`);
  return Number(found.replaceAll(",", ""));
}

/** Half a unit of the last digit, with room for the last bit of the division. */
export function isRight(stated: number, computed: number, digits: number): boolean {
  return Math.abs(computed - stated) <= 0.5 * 10 ** -digits + 1e-9;
}

/** Digits after the point, as the number is written. */
export function digitsOf(value: number): number {
  return String(value).split(".")[1]?.length ?? 0;
}
