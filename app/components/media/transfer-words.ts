import type { Locale } from "~/i18n/locales";

/** Sizes and times of a transfer as people read them. Pure. */
const KB = 1_000;
const MB = 1_000_000;

/** 148_000 → "148 KB", 1_240_000 → "1.2 MB"; decimal, as file managers and phones count. */
export function formatBytes(bytes: number, locale: Locale): string {
  if (bytes < MB) return `${bytes > 0 ? Math.max(1, Math.round(bytes / KB)) : 0} KB`;
  const digits = bytes < 10 * MB ? 1 : 0;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(bytes / MB)} MB`;
}

/** Whole seconds that are left at this speed; null while it cannot be told. */
export function secondsLeft({ sentBytes, sizeBytes, bytesPerSec }: { sentBytes: number; sizeBytes: number; bytesPerSec: number | null }): number | null {
  if (bytesPerSec === null || bytesPerSec < KB) return null;
  return Math.ceil((sizeBytes - sentBytes) / bytesPerSec);
}

/** 75 → "1:15", as players write it. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
