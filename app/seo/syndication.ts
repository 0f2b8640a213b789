import { LOCALES, type Locale } from "../i18n/locales";

/** Addresses of the feeds for readers' programs: `/feeds/<lang>/<list>.<rss|atom|json>`, one per list page and language. */
export const SYNDICATION_FORMATS = [
  { extension: "rss", type: "application/rss+xml", name: "RSS" },
  { extension: "atom", type: "application/atom+xml", name: "Atom" },
  { extension: "json", type: "application/feed+json", name: "JSON Feed" },
] as const;
export type SyndicationFormat = (typeof SYNDICATION_FORMATS)[number]["extension"];

export type SyndicatedList = { kind: "recommended" | "latest" | "hot" | "clips" } | { kind: "topic" | "ticker"; id: string } | { kind: "author"; handle: string };

const LIST_OF_PAGE: readonly [page: RegExp, list: string][] = [
  [/^\/$/, "recommended"],
  [/^\/latest$/, "latest"],
  [/^\/hot$/, "hot"],
  [/^\/clips$/, "clips"],
  [/^\/topics\/([\w.-]{1,64})$/, "topics/"],
  [/^\/tickers\/([\w.-]{1,64})$/, "tickers/"],
  [/^\/members\/([\w.-]{1,64})$/, "members/"],
];

/** The feed of a list page, without its extension; null for pages that are no list. */
export function feedPathOf(pathname: string, locale: Locale): string | null {
  for (const [page, list] of LIST_OF_PAGE) {
    const match = page.exec(pathname);
    if (match) return `/feeds/${locale}/${list}${match[1] ?? ""}`;
  }
  return null;
}

export interface SyndicationAddress {
  locale: Locale;
  list: SyndicatedList;
  /** As asked for, below /feeds/. */
  path: string;
  /** The page that shows the same list. */
  page: string;
  format: SyndicationFormat;
}

/** Reads `<lang>/<list>.<format>`; null when it names nothing. */
export function parseFeedAddress(path: string): SyndicationAddress | null {
  const [, lang, list = "", id, extension] = /^([\w-]{2,5})\/(recommended|latest|hot|clips|topics|tickers|members)(?:\/([\w.-]{1,64}))?\.(rss|atom|json)$/.exec(path) ?? [];
  const locale = LOCALES.find((known) => known === lang);
  const format = SYNDICATION_FORMATS.find((known) => known.extension === extension)?.extension;
  if (!locale || !format) return null;
  const isNamed = list === "topics" || list === "tickers" || list === "members";
  if (isNamed !== (id !== undefined)) return null;
  const page = list === "recommended" ? "/" : `/${list}${id ? `/${id}` : ""}`;
  return { locale, format, path, page, list: listOf(list, id) };
}

function listOf(list: string, id = ""): SyndicatedList {
  if (list === "topics") return { kind: "topic", id };
  if (list === "tickers") return { kind: "ticker", id };
  if (list === "members") return { kind: "author", handle: id };
  return { kind: list as "recommended" | "latest" | "hot" | "clips" };
}
