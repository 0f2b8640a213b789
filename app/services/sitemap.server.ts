import { clipFeed, countFeedEntries, latestFeed, listFeedEntries, type FeedEntry } from "@models/feed-entry.server";
import { listPostCards, type PostCardFields } from "@models/post.server";
import { toClipMedia } from "../format/media-view";
import { LOCALES, type Locale } from "../i18n/locales";
import { listTopics } from "./topics.server";

/**
 * The sitemap: one part per language, month and 10,000 posts, read from the same rows as the latest feed, so that no
 * part needs all shards. Clips have parts of their own, which also name the film. A month that is over changes only by a deletion; its count is kept for ten minutes.
 */
export const URLS_PER_PART = 10_000;
/** Fewer, because each is read for its film and its words. */
export const CLIPS_PER_PART = 1_000;
const CARDS_AT_ONCE = 100;
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
  video?: SitemapVideo;
}

/** A film as search engines ask for it; addresses are paths of this site. */
export interface SitemapVideo {
  title: string;
  description: string;
  thumbnailPath: string;
  filePath: string;
  durationSec: number;
  publishedAt: Date;
}

const counts = new Map<string, { count: number; countedAtMs: number }>();

export async function listSitemapParts(now: Date): Promise<SitemapPart[]> {
  const parts: SitemapPart[] = [{ name: "pages" }];
  for (const lang of LOCALES) {
    const clips = Math.ceil((await countMonth(clipFeed(lang), now)) / CLIPS_PER_PART);
    for (let part = 1; part <= Math.min(clips, PARTS_PER_MONTH_MAX); part += 1) parts.push({ name: `clips-${lang}-${part}` });
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
  const clips = /^clips-(zh-CN|en)-(\d{1,2})$/.exec(name);
  if (clips) return readClips(clips[1] ?? "", Number(clips[2]));
  const [, lang, month, part] = /^posts-(zh-CN|en)-(\d{4}-(?:0[1-9]|1[0-2]))-(\d{1,2})$/.exec(name) ?? [];
  const number = Number(part);
  if (!lang || !month || number < 1 || number > PARTS_PER_MONTH_MAX) return null;
  const rows = await readPart(latestFeed(lang, new Date(`${month}-01T00:00:00Z`)), number, URLS_PER_PART);
  const first = rows[0];
  if (!first) return null;
  // The same rows hold clips; those have a part of their own.
  const clipRows = await listFeedEntries({ feeds: [clipFeed(lang)], after: { publishedAt: first.publishedAt, postId: "~" }, limit: URLS_PER_PART });
  const isClip = new Set(clipRows.map(({ postId }) => postId));
  return rows.filter(({ postId }) => !isClip.has(postId)).map(({ postId, publishedAt }) => ({ path: `/posts/${postId}`, lastChangedAt: publishedAt }));
}

async function readClips(lang: string, number: number): Promise<SitemapUrl[] | null> {
  if (number < 1 || number > PARTS_PER_MONTH_MAX) return null;
  const rows = await readPart(clipFeed(lang), number, CLIPS_PER_PART);
  if (rows.length === 0) return null;
  const urls: SitemapUrl[] = [];
  for (let at = 0; at < rows.length; at += CARDS_AT_ONCE) {
    const cards = await listPostCards(rows.slice(at, at + CARDS_AT_ONCE).map(({ postId }) => postId));
    urls.push(...[...cards.values()].flatMap(toClipUrl));
  }
  return urls;
}

function toClipUrl({ _id, title, excerpt, publishedAt, editedAt, clip }: PostCardFields): SitemapUrl[] {
  if (!clip) return [];
  const { poster, mp4, durationSec } = toClipMedia(clip);
  const file = mp4.at(-1);
  const video = poster && file ? { title, description: excerpt || title, thumbnailPath: poster.src, filePath: file.url, durationSec, publishedAt } : undefined;
  return [{ path: `/clips/${_id}`, lastChangedAt: editedAt ?? publishedAt, ...(video ? { video } : {}) }];
}

async function readPart(feed: string, number: number, size: number): Promise<FeedEntry[]> {
  let rows: FeedEntry[] = [];
  for (let part = 1; part <= number; part += 1) {
    const after = rows.at(-1) ?? null;
    if (part > 1 && !after) return [];
    rows = await listFeedEntries({ feeds: [feed], after, limit: size });
  }
  return rows;
}

async function listPages(now: Date): Promise<SitemapUrl[]> {
  const topics = await listTopics("zh-CN", now);
  const paths = ["/", "/latest", "/hot", "/topics", "/clips", "/clips/latest", "/clips/topics", "/about", "/rules", ...topics.map(({ slug }) => `/topics/${slug}`)];
  return paths.map((path) => ({ path, languages: LOCALES.map((lang) => ({ lang, path: `${path}?lang=${lang}` })) }));
}
