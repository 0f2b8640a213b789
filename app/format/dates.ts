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

/** Making one costs more than all the formatting of a page. */
function relativeFormat(locale: Locale): Intl.RelativeTimeFormat {
  const known = relativeFormats.get(locale) ?? new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: locale === "en" ? "short" : "long" });
  relativeFormats.set(locale, known);
  return known;
}

/** "2 小时前", "昨天", "3 月 4 日", "2025 年 3 月 4 日"; English likewise. */
export function formatRelative(iso: string, locale: Locale, now: Date): string {
  const at = new Date(iso);
  const ageSec = Math.round((now.getTime() - at.getTime()) / 1000);
  const units = relativeFormat(locale);
  if (ageSec < 45) return units.format(0, "second");
  if (ageSec < HOUR) return units.format(-Math.max(1, Math.round(ageSec / MINUTE)), "minute");
  if (ageSec < DAY) return units.format(-Math.round(ageSec / HOUR), "hour");
  if (ageSec < 7 * DAY) return units.format(-Math.round(ageSec / DAY), "day");
  const sameYear = at.getUTCFullYear() === now.getUTCFullYear();
  return dateFormat(locale, sameYear ? "day" : "year", {
    month: locale === "en" ? "short" : "long",
    day: "numeric",
    ...(sameYear ? {} : { year: "numeric" as const }),
  }).format(at);
}

export function formatDateTime(iso: string, locale: Locale): string {
  return dateFormat(locale, "full", { dateStyle: "long", timeStyle: "short" }).format(new Date(iso));
}

/** "10:42" for the draft status. */
export function formatClock(iso: string, locale: Locale): string {
  return dateFormat(locale, "clock", { hour: "2-digit", minute: "2-digit", hour12: false }).format(new Date(iso));
}
