import type { Locale } from "./locales";

/**
 * Lookup of a sentence by key, with `{name}` placeholders and plural forms by the language's own rules.
 * Our own hundred lines instead of an i18n library: guests' pages have 110 KB of JavaScript in all (decision 0006).
 *
 * The browser begins with the first sentences, those of guests' pages. A page that the server made with others says so
 * (`noteLater`), and then they are there before it comes alive; a sentence that is asked for later is blank until it has
 * come, and then the page is drawn again (app/i18n/react.tsx).
 */
export type Messages = Record<string, string>;
export type Params = Record<string, string | number>;
export type Translate = (key: string, params?: Params) => string;

const first = new Map<Locale, Messages>();
const later = new Map<Locale, Messages>();
const translators = new Map<Locale, Translate>();
const pluralRules = new Map<Locale, Intl.PluralRules>();
const numberFormats = new Map<Locale, Intl.NumberFormat>();

/** The server registers both languages at load, the browser only the page's own. */
export function registerMessages(locale: Locale, messages: Messages): void {
  first.set(locale, messages);
}

let laterAsked = false;
let laterVersion = 0;
const listeners = new Set<() => void>();
let fetchLater: (() => Promise<void>) | null = null;

/** In the browser when they have come; the server has them from the start. */
export function registerLaterMessages(locale: Locale, messages: Messages): void {
  later.set(locale, messages);
  laterVersion += 1;
  for (const listener of [...listeners]) listener();
}

/** For the browser: how to get the later sentences; called at most once. */
export function setFetchLater(fetch: () => Promise<void>): void {
  let coming: Promise<void> | null = null;
  fetchLater = () => (coming ??= fetch());
}

/** Resolves when all sentences are there, or cannot come. */
export function allMessages(): Promise<void> {
  return fetchLater?.() ?? Promise.resolve();
}

/** Grows when later sentences come. */
export function getLaterVersion(): number {
  return laterVersion;
}

export function onLaterMessages(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Does `work`, which must not wait for anything, and says whether it used a sentence that the browser lacks at first. */
export function noteLater<T>(work: () => T): { made: T; later: boolean } {
  laterAsked = false;
  const made = work();
  return { made, later: laterAsked };
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
    const text = lookUp(first.get(locale), locale, key, params) ?? lookUpLater(locale, key, params);
    return params ? fill(text, params, locale) : text;
  });
}

function lookUpLater(locale: Locale, key: string, params: Params | undefined): string {
  laterAsked = true;
  const text = lookUp(later.get(locale), locale, key, params);
  if (text !== undefined) return text;
  if (fetchLater === null || later.has(locale)) return key;
  void fetchLater();
  return "";
}

function lookUp(messages: Messages | undefined, locale: Locale, key: string, params: Params | undefined): string | undefined {
  if (!messages) return undefined;
  return (params?.count === undefined ? undefined : plural(locale, messages, key, Number(params.count))) ?? messages[key];
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
