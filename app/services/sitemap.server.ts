import { countFeedEntries, latestFeed, listFeedEntries, type FeedEntry } from "@models/feed-entry.server";
import { LOCALES, type Locale } from "../i18n/locales";
import { listTopics } from "./topics.server";

/**
 * The sitemap: one part per language, month and 10,000 posts, read from the same rows as the latest feed, so that no
 * part needs all shards. A month that is over changes only by a deletion; its count is kept for ten minutes.
 */
export const URLS_PER_PART = 10_000;
const PARTS_PER_MONTH_MAX = 50;
const MONTHS_BACK = 60;
const COUNT_LIFE_MS = 600_000;

export interface SitemapPart {
  /** `posts-zh-CN-2026-03-1`, the file name without `.xml`. */
  name: string;
}

export interface SitemapUrl {
  path: string;
  lastChangedAt?: Date;
  /** Path per language, when the page exists in several. */
  languages?: { lang: Locale; path: string }[];
}

const counts = new Map<string, { count: number; countedAtMs: number }>();

export async function listSitemapParts(now: Date): Promise<SitemapPart[]> {
  const parts: SitemapPart[] = [{ name: "pages" }];
  for (const lang of LOCALES) {
    for (let back = 0; back < MONTHS_BACK; back += 1) {
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1));
      const count = await countMonth(latestFeed(lang, month), now);
      for (let part = 1; part <= Math.ceil(count / URLS_PER_PART); part += 1) parts.push({ name: `posts-${lang}-${month.toISOString().slice(0, 7)}-${part}` });
    }
  }
  return parts;
}

async function countMonth(feed: string, now: Date): Promise<number> {
  const known = counts.get(feed);
  if (known && now.getTime() - known.countedAtMs < COUNT_LIFE_MS) return known.count;
  const count = await countFeedEntries(feed, URLS_PER_PART * PARTS_PER_MONTH_MAX);
  counts.set(feed, { count, countedAtMs: now.getTime() });
  return count;
}

/** The addresses of one part; null when there is no such part. */
export async function readSitemapPart(name: string, now: Date): Promise<SitemapUrl[] | null> {
  if (name === "pages") return listPages(now);
  const [, lang, month, part] = /^posts-(zh-CN|en)-(\d{4}-(?:0[1-9]|1[0-2]))-(\d{1,2})$/.exec(name) ?? [];
  const number = Number(part);
  if (!lang || !month || number < 1 || number > PARTS_PER_MONTH_MAX) return null;
  const rows = await readPart(latestFeed(lang, new Date(`${month}-01T00:00:00Z`)), number);
  return rows.length === 0 ? null : rows.map(({ postId, publishedAt }) => ({ path: `/posts/${postId}`, lastChangedAt: publishedAt }));
}

async function readPart(feed: string, number: number): Promise<FeedEntry[]> {
  let rows: FeedEntry[] = [];
  for (let part = 1; part <= number; part += 1) {
    const after = rows.at(-1) ?? null;
    if (part > 1 && !after) return [];
    rows = await listFeedEntries({ feeds: [feed], after, limit: URLS_PER_PART });
  }
  return rows;
}

async function listPages(now: Date): Promise<SitemapUrl[]> {
  const topics = await listTopics("zh-CN", now);
  const paths = ["/", "/latest", "/hot", "/topics", "/about", "/rules", ...topics.map(({ slug }) => `/topics/${slug}`)];
  return paths.map((path) => ({ path, languages: LOCALES.map((lang) => ({ lang, path: `${path}?lang=${lang}` })) }));
}
