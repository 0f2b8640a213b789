import type { Locale } from "~/i18n/locales";

const formats = new Map<Locale, Intl.NumberFormat>();

/** 1204 → "1,204" in both languages; whole numbers only. */
export function formatCount(value: number, locale: Locale): string {
  // The most common case by far, and the same in both languages.
  if (Number.isInteger(value) && value >= 0 && value < 1_000) return String(value);
  let format = formats.get(locale);
  if (!format) {
    format = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
    formats.set(locale, format);
  }
  return format.format(value);
}
