import type { Locale } from "./locales";

/**
 * Lookup of a sentence by key, with `{name}` placeholders and plural forms by the language's own rules.
 * Our own forty lines instead of an i18n library: guests' pages have 110 KB of JavaScript in all (decision 0006).
 */
export type Messages = Record<string, string>;
export type Params = Record<string, string | number>;
export type Translate = (key: string, params?: Params) => string;

const catalogues = new Map<Locale, Messages>();
const pluralRules = new Map<Locale, Intl.PluralRules>();
const numberFormats = new Map<Locale, Intl.NumberFormat>();

/** The server registers both languages at load, the browser only the page's own. */
export function registerMessages(locale: Locale, messages: Messages): void {
  catalogues.set(locale, messages);
}

function memo<V>(cache: Map<Locale, V>, locale: Locale, make: () => V): V {
  const known = cache.get(locale);
  if (known) return known;
  const made = make();
  cache.set(locale, made);
  return made;
}

/** A translate function for one language. A missing key shows itself, and fails the locale test. */
export function getFixedT(locale: Locale): Translate {
  return (key, params) => {
    const messages = catalogues.get(locale) ?? {};
    const text = (params && "count" in params ? plural(locale, messages, key, Number(params.count)) : undefined) ?? messages[key] ?? key;
    return params ? fill(text, params, locale) : text;
  };
}

function plural(locale: Locale, messages: Messages, key: string, count: number): string | undefined {
  const rules = memo(pluralRules, locale, () => new Intl.PluralRules(locale));
  return messages[`${key}_${rules.select(count)}`] ?? messages[`${key}_other`];
}

function fill(text: string, params: Params, locale: Locale): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    if (typeof value === "string") return value;
    return memo(numberFormats, locale, () => new Intl.NumberFormat(locale)).format(value);
  });
}
