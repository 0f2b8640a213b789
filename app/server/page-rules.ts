import { FLASH_COOKIE, SESSION_COOKIE } from "../http/cookies";
import { isLocale, negotiateLocale, type Locale } from "../i18n/locales";

/**
 * Which pages of a guest may be kept whole, and by what they are told apart: path, known query parameters, language.
 * A parameter that is not in the table reaches neither the key nor the loader, so made-up ones create no entries.
 * A path that is not in the table is rendered for each request.
 */
export interface PageRule {
  /** Matches the raw path: plain characters only, so that %-spellings of one page do not become many. */
  path: RegExp;
  params: readonly string[];
}

const ID = "[\\w.-]{1,64}";
const rule = (path: string, ...params: string[]): PageRule => ({ path: new RegExp(`^${path}(?:\\.data)?$`), params });

export const PAGE_RULES: readonly PageRule[] = [
  rule("/(?:_root)?", "cursor"),
  rule("/(?:latest|hot)", "cursor"),
  rule(`/topics/${ID}`, "cursor"),
  rule("/topics"),
  rule(`/tickers/${ID}`, "cursor"),
  rule(`/members/${ID}`, "cursor"),
  rule(`/posts/${ID}`, "sort", "cursor", "replyTo"),
  rule("/clips(?:/latest)?(?:/_index)?", "cursor"),
  rule("/clips/topics"),
  rule(`/clips/topics/${ID}`, "cursor"),
  rule("/clips/more", "feed", "cursor"),
  rule(`/clips/${ID}`, "from", "sort", "cursor", "replyTo"),
  rule(`/clips/${ID}/panel`, "sort", "cursor"),
  rule(`/posts/${ID}/history`),
  rule(`/posts/${ID}/comments/${ID}`, "cursor", "reply"),
  rule(`/posts/${ID}/share`, "t"),
  rule(`/share/post/${ID}\\.png`, "r"),
  rule("/(?:about|rules|privacy|sharing)"),
  rule("/(?:sitemap\\.xml|sitemaps/[\\w-]{1,40}\\.xml|robots\\.txt)"),
  rule(`/feeds/[\\w./-]{1,100}\\.(?:rss|atom|json)`),
];

const VALUE_LENGTH_MAX = 200;
/** Names the routes of a client-side navigation; Remix adds it to `.data` requests. */
const ROUTES_PARAM = "_routes";
const ROUTES_VALUE = /^[\w$.,/-]{1,300}$/;

/** A member's session, and the notice that the next page shows once. */
const PERSONAL_COOKIE = new RegExp(`(?:^|;\\s*)(?:__Host-)?(?:${SESSION_COOKIE}|${FLASH_COOKIE})=[^;\\s]`);
const LANG_PATTERN = /(?:^|;\s*)lang=([\w-]+)/;

export interface PageKey {
  /** Unique per kept page. */
  key: string;
  /** Path and query as the loader sees them. */
  url: string;
  locale: Locale;
}

export interface GuestRequest {
  url: string;
  cookie: string | undefined;
  acceptLanguage: string | undefined;
}

/** True when the page may differ for this reader; it is then never kept and never served from what is kept. */
export function isPersonal(cookie: string | undefined): boolean {
  return cookie !== undefined && PERSONAL_COOKIE.test(cookie);
}

/** The page a guest asks for, or null when it is not one that is kept. */
export function pageKeyOf({ url, cookie, acceptLanguage }: GuestRequest): PageKey | null {
  if (isPersonal(cookie)) return null;
  const mark = url.indexOf("?");
  const path = mark === -1 ? url : url.slice(0, mark);
  const known = PAGE_RULES.find((candidate) => candidate.path.test(path));
  if (!known) return null;
  const query = mark === -1 ? "" : knownQuery(url.slice(mark + 1), known, path.endsWith(".data"));
  const locale = localeOf({ query, cookie, acceptLanguage });
  const clean = query === "" ? path : `${path}?${query}`;
  return { key: `${locale} ${clean}`, url: clean, locale };
}

function knownQuery(query: string, { params }: PageRule, isData: boolean): string {
  const asked = new URLSearchParams(query.slice(0, 4_000));
  const kept = new URLSearchParams();
  for (const name of params) {
    const value = asked.get(name);
    if (value !== null && value !== "" && value.length <= VALUE_LENGTH_MAX) kept.set(name, value);
  }
  const lang = asked.get("lang");
  if (isLocale(lang)) kept.set("lang", lang);
  const routes = asked.get(ROUTES_PARAM);
  if (isData && routes && ROUTES_VALUE.test(routes)) kept.set(ROUTES_PARAM, routes);
  return kept.toString();
}

/** Same order as getLocale(): ?lang → cookie → Accept-Language. */
function localeOf({ query, cookie, acceptLanguage }: { query: string; cookie: string | undefined; acceptLanguage: string | undefined }): Locale {
  if (query !== "") {
    const asked = new URLSearchParams(query).get("lang");
    if (isLocale(asked)) return asked;
  }
  const chosen = cookie === undefined ? undefined : LANG_PATTERN.exec(cookie)?.[1];
  return isLocale(chosen) ? chosen : negotiated(acceptLanguage ?? "");
}

const NEGOTIATED_MAX = 500;
const negotiatedBefore = new Map<string, Locale>();

/** Browsers send the same few headers over and over; the parsed answer is kept for the first few hundred. */
function negotiated(header: string): Locale {
  const known = negotiatedBefore.get(header);
  if (known) return known;
  const locale = negotiateLocale(header);
  if (negotiatedBefore.size < NEGOTIATED_MAX && header.length <= 200) negotiatedBefore.set(header, locale);
  return locale;
}
