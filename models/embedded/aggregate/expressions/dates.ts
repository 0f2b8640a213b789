/** Date expressions, in any time zone of the tz database. */
import { numberOf } from "../../bson/arithmetic";
import { typeName } from "../../bson/compare";
import { Long, ObjectId, Timestamp, isDoc, isNumber, newDoc } from "../../bson/values";
import type { Doc, Value } from "../../bson/values";
import { CommandError, notSupported } from "../../errors";
import { applied, compileArguments, namedArguments, requireArgument } from "../expression";
import type { Compiler, Node, Operator } from "../expression";
import { UTC, fromLocal, parseDate, parseZone, toLocal, utc } from "./timezone";
import type { Zone } from "./timezone";
import { asMade } from "../places";

const DAY_MS = 86_400_000;
const UNIT_MS: Readonly<Record<string, number>> = { hour: 3_600_000, minute: 60_000, second: 1000, millisecond: 1 };
const UNITS = ["year", "quarter", "month", "week", "day", ...Object.keys(UNIT_MS)];
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

function isNull(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

function msOf(value: Value, code = 16006): number {
  if (value instanceof Date) return value.getTime();
  if (value instanceof ObjectId) return value.getTimestamp().getTime();
  if (value instanceof Timestamp) return (value.high >>> 0) * 1000;
  throw new CommandError(code, `can't convert from BSON type ${typeName(value)} to Date`);
}

/** undefined where the zone is null: the result is then null. */
function zoneOf(value: Value, given: boolean): Zone | undefined {
  if (!given) return UTC;
  if (isNull(value)) return undefined;
  if (typeof value !== "string") throw new CommandError(40517, "timezone must evaluate to a string");
  return parseZone(value);
}

function mondayIndex(local: number): number {
  return (new Date(local).getUTCDay() + 6) % 7;
}

/** The ISO year and week: the week belongs to the year of its Thursday. */
function isoWeek(local: number): { year: number; week: number } {
  const day = Math.floor(local / DAY_MS);
  const thursday = (day - mondayIndex(local) + 3) * DAY_MS;
  const year = new Date(thursday).getUTCFullYear();
  return { year, week: 1 + Math.floor((thursday - utc(year, 0, 1)) / (7 * DAY_MS)) };
}

function dayOfYear(local: number): number {
  return 1 + Math.floor((local - utc(new Date(local).getUTCFullYear(), 0, 1)) / DAY_MS);
}

/** Weeks begin on Sunday; the days before the first Sunday are week 0. */
function sundayWeek(local: number): number {
  return Math.floor((dayOfYear(local) + 6 - new Date(local).getUTCDay()) / 7);
}

const PARTS: Readonly<Record<string, (local: number) => Value>> = {
  $year: (local) => new Date(local).getUTCFullYear(),
  $month: (local) => new Date(local).getUTCMonth() + 1,
  $dayOfMonth: (local) => new Date(local).getUTCDate(),
  $hour: (local) => new Date(local).getUTCHours(),
  $minute: (local) => new Date(local).getUTCMinutes(),
  $second: (local) => new Date(local).getUTCSeconds(),
  $millisecond: (local) => new Date(local).getUTCMilliseconds(),
  $dayOfYear: dayOfYear,
  $dayOfWeek: (local) => new Date(local).getUTCDay() + 1,
  $week: sundayWeek,
  $isoWeek: (local) => isoWeek(local).week,
  $isoWeekYear: (local) => Long.fromNumber(isoWeek(local).year),
  $isoDayOfWeek: (local) => mondayIndex(local) + 1,
};

function partOperator(name: string, part: (local: number) => Value): Operator {
  return {
    compile: (argument, compiler) => {
      const hasNames = isDoc(argument) && Object.keys(argument)[0]?.startsWith("$") === false;
      if (!hasNames) {
        const nodes = compileArguments(name, argument, [1, 1], compiler);
        return applied(([date]) => (isNull(date) ? null : part(msOf(date))), nodes);
      }
      const named = namedArguments(name, argument, ["date", "timezone"], { notObject: 40535, unknown: 40535 });
      return dated(named, "date", 40539, compiler, (ms, zone) => part(toLocal(ms, zone)));
    },
  };
}

/** The common shape: a date (null gives null) and an optional timezone. */
function dated(named: Doc, field: string, code: number, compiler: Compiler, apply: (ms: number, zone: Zone, rest: Value[]) => Value, rest: Node[] = [], notDate = 16006): Node {
  const hasZone = named["timezone"] !== undefined;
  const nodes = [compiler.compile(requireArgument(named, field, code)), compiler.compile(named["timezone"] ?? null), ...rest];
  return {
    constant: nodes.every((node) => node.constant),
    evaluate: (scope) => {
      const [first, ...later] = nodes;
      const date = first?.evaluate(scope);
      if (isNull(date)) return null;
      const [timezone, ...others] = later.map((node) => node.evaluate(scope));
      const zone = zoneOf(timezone, hasZone);
      if (!zone || others.some(isNull)) return null;
      return apply(msOf(date, notDate), zone, others);
    },
  };
}

function pad(number: number, width: number): string {
  return String(number).padStart(width, "0");
}

const MONTHS = "January February March April May June July August September October November December".split(" ");

function formatLocal(format: string, ms: number, zone: Zone): string {
  const local = toLocal(ms, zone);
  const date = new Date(local);
  const offset = zone(ms);
  return format.replace(/%([^])?/g, (_whole, letter: string | undefined) => {
    switch (letter) {
      case "Y":
        return pad(date.getUTCFullYear(), 4);
      case "m":
        return pad(date.getUTCMonth() + 1, 2);
      case "d":
        return pad(date.getUTCDate(), 2);
      case "H":
        return pad(date.getUTCHours(), 2);
      case "M":
        return pad(date.getUTCMinutes(), 2);
      case "S":
        return pad(date.getUTCSeconds(), 2);
      case "L":
        return pad(date.getUTCMilliseconds(), 3);
      case "j":
        return pad(dayOfYear(local), 3);
      case "w":
        return String(date.getUTCDay() + 1);
      case "u":
        return String(mondayIndex(local) + 1);
      case "U":
        return pad(sundayWeek(local), 2);
      case "V":
        return pad(isoWeek(local).week, 2);
      case "G":
        return pad(isoWeek(local).year, 4);
      case "z":
        return `${offset < 0 ? "-" : "+"}${pad(Math.floor(Math.abs(offset) / 60), 2)}${pad(Math.abs(offset) % 60, 2)}`;
      case "Z":
        return String(offset);
      case "b":
        return (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3);
      case "B":
        return MONTHS[date.getUTCMonth()] ?? "";
      case "%":
        return "%";
      case undefined:
        throw new CommandError(18535, "Unmatched '%' at end of format string");
      default:
        throw new CommandError(18536, `Invalid format character '%${letter}' in format string`);
    }
  });
}

function compileToString(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["date", "format", "timezone", "onNull"], { notObject: 18629, unknown: 18534 });
  const date = compiler.compile(requireArgument(named, "date", 18628));
  const hasZone = named["timezone"] !== undefined;
  const timezone = compiler.compile(named["timezone"] ?? null);
  const hasFormat = named["format"] !== undefined;
  const format = compiler.compile(named["format"] ?? null);
  const onNull = compiler.compile(named["onNull"] ?? null);
  return applied(([when, where, how, otherwise]) => {
    if (!isNull(how) && typeof how !== "string") throw new CommandError(18533, "$dateToString requires that 'format' be a string");
    const zone = zoneOf(where, hasZone);
    if (isNull(when)) return otherwise;
    if (!zone || (hasFormat && isNull(how))) return null;
    const standard = hasZone ? "%Y-%m-%dT%H:%M:%S.%L" : "%Y-%m-%dT%H:%M:%S.%LZ";
    return formatLocal(how ?? standard, msOf(when), zone);
  }, [date, timezone, format, onNull]);
}

function unitOf(value: Value): string {
  if (typeof value !== "string") throw new CommandError(5439013, `unit must evaluate to a string, found ${typeName(value)}`);
  if (!UNITS.includes(value)) throw new CommandError(9, `unknown time unit value: ${value}`);
  return value;
}

function weekdayOf(value: Value): number {
  const name = typeof value === "string" ? value.toLowerCase() : "";
  const day = WEEKDAYS.findIndex((weekday) => weekday === name || (name.length === 3 && weekday.startsWith(name)));
  if (day < 0) throw new CommandError(9, `unknown day of week value: ${name}`);
  return day;
}

/** Moves a local time by calendar units; a day that the month does not have becomes its last. */
function addLocal(local: number, unit: string, amount: number): number {
  if (unit === "week" || unit === "day") return local + amount * DAY_MS * (unit === "week" ? 7 : 1);
  const date = new Date(local);
  const months = amount * (unit === "year" ? 12 : unit === "quarter" ? 3 : 1);
  const target = date.getUTCFullYear() * 12 + date.getUTCMonth() + months;
  const year = Math.floor(target / 12);
  const month = target - year * 12;
  const lastDay = new Date(utc(year, month + 1, 0)).getUTCDate();
  return utc(year, month, Math.min(date.getUTCDate(), lastDay)) + (((local % DAY_MS) + DAY_MS) % DAY_MS);
}

function mover(sign: 1 | -1): Operator {
  return {
    compile: (argument, compiler, name) => {
      const named = namedArguments(name, argument, ["startDate", "unit", "amount", "timezone"], { notObject: 5166400, unknown: 5166401 });
      const rest = [compiler.compile(requireArgument(named, "unit", 5166402)), compiler.compile(requireArgument(named, "amount", 5166402))];
      return dated(named, "startDate", 5166402, compiler, (ms, zone, [unitName, given]) => {
        const unit = unitOf(unitName);
        if (!isNumber(given) || !Number.isInteger(numberOf(given))) throw new CommandError(5166405, `${name} expects integer amount of time units`);
        const amount = numberOf(given) * sign;
        const unitMs = UNIT_MS[unit];
        const moved = unitMs !== undefined ? ms + amount * unitMs : fromLocal(addLocal(toLocal(ms, zone), unit, amount), zone);
        if (Number.isNaN(new Date(moved).getTime())) throw new CommandError(5166406, "$dateAdd overflowed");
        return new Date(moved);
      }, rest, 5166403);
    },
  };
}

/** The number of the unit that a local time lies in; differences of these are whole boundaries crossed. */
function unitNumber(local: number, unit: string, startOfWeek: number): number {
  const date = new Date(local);
  switch (unit) {
    case "year":
      return date.getUTCFullYear();
    case "quarter":
      return date.getUTCFullYear() * 4 + Math.floor(date.getUTCMonth() / 3);
    case "month":
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    case "week":
      // 1970-01-01 was a Thursday, day 4.
      return Math.floor((Math.floor(local / DAY_MS) + 4 - startOfWeek) / 7);
    case "day":
      return Math.floor(local / DAY_MS);
    default:
      return Math.floor(local / (UNIT_MS[unit] ?? 1));
  }
}

function compileDiff(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["startDate", "endDate", "unit", "timezone", "startOfWeek"], { notObject: 5166301, unknown: 5166302 });
  const rest = [
    compiler.compile(requireArgument(named, "endDate", 5166304)),
    compiler.compile(requireArgument(named, "unit", 5166305)),
    compiler.compile(named["startOfWeek"] ?? "sunday"),
  ];
  return dated(named, "startDate", 5166303, compiler, (ms, zone, [end, unitName, week]) => {
    const unit = unitOf(unitName);
    const startOfWeek = unit === "week" ? weekdayOf(week) : 0;
    // Hours and less are counted on one clock, so that a change to summer time is no hour.
    const fixed = zone(ms);
    const clock = UNIT_MS[unit] === undefined ? zone : (): number => fixed;
    const count = (at: number): number => unitNumber(toLocal(at, clock), unit, startOfWeek);
    return Long.fromNumber(count(msOf(end, 5166307)) - count(ms));
  }, rest, 5166307);
}

function compileTrunc(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["date", "unit", "binSize", "timezone", "startOfWeek"], { notObject: 5439007, unknown: 5439008 });
  const rest = [
    compiler.compile(requireArgument(named, "unit", 5439010)),
    compiler.compile(named["binSize"] ?? 1),
    compiler.compile(named["startOfWeek"] ?? "sunday"),
  ];
  return dated(named, "date", 5439009, compiler, (ms, zone, [unitName, size, week]) => {
    const unit = unitOf(unitName);
    if (!isNumber(size) || !Number.isInteger(numberOf(size))) throw new CommandError(5439017, "$dateTrunc requires 'binSize' to be a 64-bit integer");
    const bin = numberOf(size);
    if (bin <= 0) throw new CommandError(5439018, "$dateTrunc requires 'binSize' to be greater than 0");
    return new Date(truncate(ms, zone, unit, bin, unit === "week" ? weekdayOf(week) : 0));
  }, rest, 5166307);
}

/** Bins are counted from the beginning of the year 2000 in the zone. */
function truncate(ms: number, zone: Zone, unit: string, bin: number, startOfWeek: number): number {
  const unitMs = UNIT_MS[unit];
  const reference = utc(2000, 0, 1);
  if (unitMs !== undefined) {
    const start = fromLocal(reference, zone);
    return start + Math.floor((ms - start) / (unitMs * bin)) * unitMs * bin;
  }
  if (unit === "week" && bin !== 1) throw notSupported("$dateTrunc to several weeks");
  const number = unitNumber(toLocal(ms, zone), unit, startOfWeek);
  const first = unitNumber(reference, unit, startOfWeek);
  return fromLocal(startOfUnit(first + Math.floor((number - first) / bin) * bin, unit, startOfWeek), zone);
}

function startOfUnit(number: number, unit: string, startOfWeek: number): number {
  switch (unit) {
    case "year":
      return utc(number, 0, 1);
    case "quarter":
      return utc(Math.floor(number / 4), (((number % 4) + 4) % 4) * 3, 1);
    case "month":
      return utc(Math.floor(number / 12), ((number % 12) + 12) % 12, 1);
    case "week":
      return (number * 7 - 4 + startOfWeek) * DAY_MS;
    default:
      return number * DAY_MS;
  }
}

const DATE_PARTS = ["month", "day", "hour", "minute", "second", "millisecond"];

function compileFromParts(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["year", ...DATE_PARTS, "timezone", "isoWeekYear", "isoWeek", "isoDayOfWeek"], { notObject: 40519, unknown: 40518 });
  if (named["isoWeekYear"] !== undefined) throw notSupported("$dateFromParts with ISO weeks");
  const hasZone = named["timezone"] !== undefined;
  const nodes = [requireArgument(named, "year", 40516), ...DATE_PARTS.map((part, index) => named[part] ?? (index < 2 ? 1 : 0))];
  return applied(([timezone, ...values]) => {
    const zone = zoneOf(timezone, hasZone);
    if (!zone || values.some(isNull)) return null;
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0] = values.map((value, index) => {
      if (!isNumber(value) || !Number.isInteger(numberOf(value))) throw new CommandError(40515, `${["year", ...DATE_PARTS][index]} must evaluate to an integer, found ${typeName(value)}`);
      return numberOf(value);
    });
    if (year < 1 || year > 9999) throw new CommandError(40523, "year must be between 1 and 9999");
    if ([month, day, hour, minute].some((part) => Math.abs(part) > 32767)) throw new CommandError(31034, "a part of the date is out of range");
    return new Date(fromLocal(utc(year, month - 1, day, hour, minute, second, ms), zone));
  }, [compiler.compile(named["timezone"] ?? null), ...nodes.map((value) => compiler.compile(value))]);
}

function compileToParts(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["date", "timezone", "iso8601"], { notObject: 40524, unknown: 40520 });
  if (named["iso8601"] !== undefined && named["iso8601"] !== false) throw notSupported("$dateToParts with ISO weeks");
  return dated(named, "date", 40522, compiler, (ms, zone) => {
    const date = new Date(toLocal(ms, zone));
    const parts = asMade(newDoc());
    parts["year"] = date.getUTCFullYear();
    parts["month"] = date.getUTCMonth() + 1;
    parts["day"] = date.getUTCDate();
    parts["hour"] = date.getUTCHours();
    parts["minute"] = date.getUTCMinutes();
    parts["second"] = date.getUTCSeconds();
    parts["millisecond"] = date.getUTCMilliseconds();
    return parts;
  });
}

function compileFromString(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["dateString", "timezone", "onNull", "onError", "format"], { notObject: 40540, unknown: 40541 });
  if (named["format"] !== undefined) throw notSupported("$dateFromString with a format");
  const hasZone = named["timezone"] !== undefined;
  const hasOnError = named["onError"] !== undefined;
  const nodes = [requireArgument(named, "dateString", 40542), named["timezone"] ?? null, named["onNull"] ?? null, named["onError"] ?? null];
  return applied(([text, timezone, onNull, onError]) => {
    const zone = zoneOf(timezone, hasZone);
    if (isNull(text)) return onNull;
    if (!zone) return null;
    try {
      if (typeof text !== "string") throw new CommandError(241, `$dateFromString requires that 'dateString' be a string, found: ${typeName(text)}`);
      return parseDate(text, hasZone ? zone : undefined);
    } catch (error) {
      if (hasOnError && error instanceof CommandError && error.code === 241) return onError;
      throw error;
    }
  }, nodes.map((value) => compiler.compile(value)));
}

export const dateOperators: Record<string, Operator> = {
  ...Object.fromEntries(Object.entries(PARTS).map(([name, part]) => [name, partOperator(name, part)])),
  $dateToString: { compile: compileToString },
  $dateFromString: { compile: compileFromString },
  $dateAdd: mover(1),
  $dateSubtract: mover(-1),
  $dateDiff: { compile: compileDiff },
  $dateTrunc: { compile: compileTrunc },
  $dateFromParts: { compile: compileFromParts },
  $dateToParts: { compile: compileToParts },
};
