/** Local time in a zone, and dates from text. A "local" time is given as the UTC milliseconds of the same clock reading. */
import { CommandError, notSupported } from "../../errors";

/** Minutes to add to UTC at an instant. */
export type Zone = (ms: number) => number;

const MINUTE_MS = 60_000;
const CACHE_MAX = 100;
const zones = new Map<string, Zone>();

export const UTC: Zone = () => 0;

export function parseZone(name: string): Zone {
  const fixed = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(name);
  if (fixed) {
    const minutes = (Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)) * (fixed[1] === "-" ? -1 : 1);
    return () => minutes;
  }
  if (name === "UTC" || name === "GMT" || name === "Z") return UTC;
  const known = zones.get(name);
  if (known) return known;
  // Intl knows abbreviations and other spellings that MongoDB does not, so only names of the tz database are let through.
  if (!/^[A-Z][A-Za-z_]+(?:\/[A-Z][A-Za-z_+-]*\d*)+$/.test(name)) {
    throw new CommandError(40485, `unrecognized time zone identifier: "${name}"`);
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      era: "short",
    });
  } catch (cause) {
    throw new CommandError(40485, `unrecognized time zone identifier: "${name}"`, { cause });
  }
  const zone: Zone = (ms) => Math.round((localReading(format, ms) - Math.floor(ms / 1000) * 1000) / MINUTE_MS);
  if (zones.size >= CACHE_MAX) zones.clear();
  zones.set(name, zone);
  return zone;
}

function localReading(format: Intl.DateTimeFormat, ms: number): number {
  const read = new Map(format.formatToParts(ms).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(read.get(type) ?? 0);
  const year = read.get("era") === "BC" ? 1 - part("year") : part("year");
  return utc(year, part("month") - 1, part("day"), part("hour"), part("minute"), part("second"), 0);
}

/** Date.UTC without its special treatment of years below 100. */
export function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0, ms = 0): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second, ms);
  return date.getTime();
}

export function toLocal(ms: number, zone: Zone): number {
  return ms + zone(ms) * MINUTE_MS;
}

/** The instant of a local time; in a gap of the clock the time moves forward, in a repeated hour the first one counts. */
export function fromLocal(local: number, zone: Zone): number {
  const before = local - zone(local - 24 * 60 * MINUTE_MS) * MINUTE_MS;
  if (toLocal(before, zone) === local) return before;
  const after = local - zone(local + 24 * 60 * MINUTE_MS) * MINUTE_MS;
  return toLocal(after, zone) === local ? after : before;
}

const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)? ?(Z|[+-]\d{2}:?\d{2})?$/;

/** ISO 8601 text. What MongoDB may read beyond that is refused; what has no digits at all is an error there too. */
export function parseDate(text: string, zone?: Zone): Date {
  const found = ISO.exec(text);
  if (!found) {
    if (/\d/.test(text) || /^(?:now|today|tomorrow|yesterday|noon|midnight)/i.test(text.trim())) throw notSupported("A date written in this form");
    throw new CommandError(241, `Error parsing date string '${text}'`);
  }
  const [, year, month, day, hour, minute, second, fraction, offset] = found;
  const fields = [Number(year), Number(month) - 1, Number(day), Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0)] as const;
  const local = utc(...fields, Number((fraction ?? "0").padEnd(3, "0")));
  const read = new Date(local);
  if (read.getUTCMonth() !== fields[1] || read.getUTCDate() !== fields[2] || read.getUTCHours() !== fields[3] || fields[4] > 59 || fields[5] > 59) {
    throw notSupported("A date with a field out of range");
  }
  if (offset !== undefined && zone) throw notSupported("A date string with a zone beside a timezone");
  return new Date(fromLocal(local, offset !== undefined ? parseZone(offset === "Z" ? "UTC" : offset) : (zone ?? UTC)));
}
