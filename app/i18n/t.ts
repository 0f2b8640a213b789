import type { Locale } from "./locales";

/**
 * Lookup of a sentence by key, with `{name}` placeholders and plural forms by the language's own rules.
 * Our own forty lines instead of an i18n library: guests' pages have 110 KB of JavaScript in all (decision 0006).
 */
export type Messages = Record<string, string>;
export type Params = Record<string, string | number>;
export type Translate = (key: string, params?: Params) => string;

const catalogues = new Map<Locale, Messages>();
const translators = new Map<Locale, Translate>();
const pluralRules = new Map<Locale, Intl.PluralRules>();
const numberFormats = new Map<Locale, Intl.NumberFormat>();

/** The server registers both languages at load, the browser only the page's own. Later sentences join earlier ones. */
export function registerMessages(locale: Locale, messages: Messages): void {
  catalogues.set(locale, { ...catalogues.get(locale), ...messages });
}

function memo<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

/** The translate function of one language, always the same one. A missing key shows itself, and fails the locale test. */
export function getFixedT(locale: Locale): Translate {
  return memo(translators, locale, () => (key, params) => {
    const messages = catalogues.get(locale) ?? {};
    const text = (params?.count === undefined ? undefined : plural(locale, messages, key, Number(params.count))) ?? messages[key] ?? key;
    return params ? fill(text, params, locale) : text;
  });
}

function plural(locale: Locale, messages: Messages, key: string, count: number): string | undefined {
  // Chinese has one form; asking for it costs more than the sentence.
  const form = locale === "zh-CN" ? "other" : memo(pluralRules, locale, () => new Intl.PluralRules(locale)).select(count);
  return messages[`${key}_${form}`] ?? messages[`${key}_other`];
}

function fill(text: string, params: Params, locale: Locale): string {
  if (!text.includes("{")) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === "string" ? value : formatNumber(value, locale);
  });
}

function formatNumber(value: number, locale: Locale): string {
  // Below a thousand both languages write the digits alone.
  if (Number.isInteger(value) && value >= 0 && value < 1_000) return String(value);
  return memo(numberFormats, locale, () => new Intl.NumberFormat(locale)).format(value);
}
