import type { Locale } from "~/i18n/locales";

/** Dates as people read them. Pure: `now` comes from the caller, so server and browser print the same. */
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

/** Readers of both languages live by Beijing time here: the mall, the market hours and the statements do too. */
export const TIME_ZONE = "Asia/Shanghai";

const formats = new Map<string, Intl.DateTimeFormat>();

function dateFormat(locale: Locale, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale}:${name}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat(locale === "en" ? "en-GB" : locale, { timeZone: TIME_ZONE, ...options });
  formats.set(key, made);
  return made;
}

const relativeFormats = new Map<Locale, Intl.RelativeTimeFormat>();
/** Few in number: 59 minutes, 23 hours and 7 days in two languages. */
const relativeWords = new Map<string, string>();

/** Making a format costs more than all the formatting of a page, and the words are always the same hundred. */
function formatAge(locale: Locale, age: number, unit: "second" | "minute" | "hour" | "day"): string {
  const key = `${locale}${age}${unit}`;
  const known = relativeWords.get(key);
  if (known !== undefined) return known;
  const format = relativeFormats.get(locale) ?? new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: locale === "en" ? "short" : "long" });
  relativeFormats.set(locale, format);
  const words = format.format(-age, unit);
  relativeWords.set(key, words);
  return words;
}

/** "2 小时前", "昨天", "3 月 4 日", "2025 年 3 月 4 日"; English likewise. */
export function formatRelative(iso: string, locale: Locale, now: Date): string {
  const at = new Date(iso);
  const ageSec = Math.round((now.getTime() - at.getTime()) / 1000);
  if (ageSec < 45) return formatAge(locale, 0, "second");
  if (ageSec < HOUR) return formatAge(locale, Math.max(1, Math.round(ageSec / MINUTE)), "minute");
  if (ageSec < DAY) return formatAge(locale, Math.round(ageSec / HOUR), "hour");
  if (ageSec < 7 * DAY) return formatAge(locale, Math.round(ageSec / DAY), "day");
  const sameYear = at.getUTCFullYear() === now.getUTCFullYear();
  return dateFormat(locale, sameYear ? "day" : "year", {
    month: locale === "en" ? "short" : "long",
    day: "numeric",
    ...(sameYear ? {} : { year: "numeric" as const }),
  }).format(at);
}

const MOMENTS_MAX = 2_000;
const moments = new Map<string, string>();

/** The same posts and comments are shown over and over, and a date with its time costs as much as ten elements. */
export function formatDateTime(iso: string, locale: Locale): string {
  const key = locale + iso;
  const known = moments.get(key);
  if (known !== undefined) return known;
  const words = dateFormat(locale, "full", { dateStyle: "long", timeStyle: "short" }).format(new Date(iso));
  if (moments.size >= MOMENTS_MAX) moments.clear();
  moments.set(key, words);
  return words;
}

/** "10:42" for the draft status. */
export function formatClock(iso: string, locale: Locale): string {
  return dateFormat(locale, "clock", { hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(iso));
}
