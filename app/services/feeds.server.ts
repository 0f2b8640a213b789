import {
  authorFeed,
  countNewerEntries,
  latestFeed,
  listFeedEntries,
  tickerFeed,
  topicFeed,
  type FeedEntry,
  type FeedPosition,
} from "@models/feed-entry.server";
import { Invalid, DomainError } from "@models/errors";
import { listFollows } from "@models/follow.server";
import { listLiked } from "@models/like.server";
import { listMembersByIds } from "@models/member.server";
import { listPostCards, type PostCardFields } from "@models/post.server";
import { getRanking, rankingFeed, type RankedFeed, type RankReason } from "@models/ranking.server";
import { listSaved, listSaves } from "@models/save.server";
import { toClipMedia } from "~/format/media-view";
import type { Locale } from "~/i18n/locales";
import { currentRanking } from "./rankings.server";
import { listTopics } from "./topics.server";

/**
 * Feeds: what a list page shows. A cursor is a snapshot: time-ordered feeds page by the last row shown (rows never
 * move), ranked feeds by a frozen ranking and an offset. New posts never shift a page; they are counted for the pill.
 */
export const PAGE_SIZE = 15;
/** Time-ordered reading stops after this many empty months, so that an absurd cursor cannot walk for ever. */
const MONTHS_MAX = 36;
const NEW_COUNT_MAX = 99;

export type FeedName =
  | { kind: RankedFeed | "latest" | "following" | "saved" }
  | { kind: "topic" | "ticker" | "author"; id: string };

export interface MemberChip {
  id: string;
  handle: string;
  displayName: string;
  tier: number;
}

/** One row of a feed: plain values only. */
export interface PostCard {
  id: string;
  title: string;
  excerpt: string;
  lang: Locale;
  author: MemberChip;
  topic: { slug: string; name: string } | null;
  declarations: string[];
  chart: PostCardFields["chart"];
  /** Set for a clip, whose page is /clips/<id>: its poster stands in place of a chart. */
  clip: { poster: string | null; durationSec: number; file: { url: string; bytes: number } | null } | null;
  publishedAt: string;
  likeCount: number;
  commentCount: number;
  saveCount: number;
  liked: boolean;
  saved: boolean;
  reason: RankReason | { kind: "following"; name: string } | null;
}

export interface FeedPage {
  items: PostCard[];
  /** Present when there is more. */
  nextCursor: string | null;
  /** Posts newer than this instant are what the pill counts. */
  openedAt: string;
}

/** The frozen list behind a cursor has expired; the page offers to start again. */
export class CursorExpired extends DomainError {
  constructor() {
    super("GONE", "the ranking behind this cursor has expired", { messageKey: "errors.cursorExpired" });
  }
}

function badCursor(): Invalid {
  return new Invalid("cursor cannot be read", { messageKey: "errors.badCursor" });
}

export function encodePosition({ publishedAt, postId }: FeedPosition): string {
  return `${publishedAt.getTime().toString(36)}.${postId}`;
}

export function decodePosition(cursor: string): FeedPosition {
  const [, time, postId] = /^([0-9a-z]{1,10})\.([\w-]{1,64})$/.exec(cursor) ?? [];
  const publishedAt = new Date(Number.parseInt(time ?? "", 36));
  if (!time || !postId || Number.isNaN(publishedAt.getTime())) throw badCursor();
  return { publishedAt, postId };
}

export function decodeRankedCursor(cursor: string): { at: Date; offset: number } {
  const [, time, offset] = /^([0-9a-z]{1,10})~(\d{1,4})$/.exec(cursor) ?? [];
  const at = new Date(Number.parseInt(time ?? "", 36));
  if (!time || !offset || Number.isNaN(at.getTime())) throw badCursor();
  return { at, offset: Number(offset) };
}

interface FeedRequest {
  feed: FeedName;
  locale: Locale;
  cursor: string | null;
  viewerId: string | null;
}

/** One page of any feed. */
export async function readFeed({ feed, locale, cursor, viewerId }: FeedRequest, now: Date): Promise<FeedPage> {
  switch (feed.kind) {
    case "recommended":
    case "hot":
    case "clips":
      return readRanked(feed.kind, { locale, cursor, viewerId }, now);
    case "following":
      return readFollowing({ locale, cursor, viewerId }, now);
    case "saved":
      return readSaved({ locale, cursor, viewerId }, now);
    default: {
      const { rows, more } = await readRows(feed, locale, cursor, now);
      return toPage({ rows, more, locale, viewerId }, now);
    }
  }
}

async function readRanked(
  kind: RankedFeed,
  { locale, cursor, viewerId }: Omit<FeedRequest, "feed">,
  now: Date,
): Promise<FeedPage> {
  const from = cursor ? decodeRankedCursor(cursor) : null;
  const ranking = from ? await getRanking(rankingFeed(kind, locale), from.at) : await currentRanking(kind, locale, now);
  if (!ranking) throw new CursorExpired();
  const offset = from?.offset ?? 0;
  const slice = ranking.items.slice(offset, offset + PAGE_SIZE);
  const items = await toCards({ postIds: slice.map((item) => item.postId), locale, viewerId }, now);
  const reasons = new Map(slice.map((item) => [item.postId, item.reason]));
  const next = offset + PAGE_SIZE;
  return {
    items: items.map((item) => ({ ...item, reason: reasons.get(item.id) ?? null })),
    nextCursor: next < ranking.items.length ? `${ranking.at.getTime().toString(36)}~${next}` : null,
    openedAt: ranking.at.toISOString(),
  };
}

/** The feeds that hold a plain time-ordered list; `latest` is walked month by month. */
function feedKeys(feed: { kind: "topic" | "ticker" | "author"; id: string }, locale: Locale): string[] {
  if (feed.kind === "topic") return [topicFeed(feed.id, locale)];
  if (feed.kind === "ticker") return [tickerFeed(feed.id)];
  return [authorFeed(feed.id)];
}

async function readRows(
  feed: Exclude<FeedName, { kind: RankedFeed | "following" | "saved" }> | { kind: "latest" },
  locale: Locale,
  cursor: string | null,
  now: Date,
): Promise<{ rows: FeedEntry[]; more: boolean }> {
  const after = cursor ? decodePosition(cursor) : null;
  if (feed.kind !== "latest") {
    const rows = await listFeedEntries({ feeds: feedKeys(feed as { kind: "topic"; id: string }, locale), after, limit: PAGE_SIZE + 1 });
    return { rows: rows.slice(0, PAGE_SIZE), more: rows.length > PAGE_SIZE };
  }
  const rows: FeedEntry[] = [];
  // A cursor from the future reads like a fresh page; one from before the first post walks MONTHS_MAX empty months.
  const start = after && after.publishedAt < now ? after.publishedAt : now;
  // Where three months together do not fill a page the site is young; the rest is then asked for in few questions.
  for (let month = 0, span = 1; month < MONTHS_MAX && rows.length <= PAGE_SIZE; month += span, span = month < 3 ? 1 : 11) {
    const feeds = Array.from({ length: span }, (_, back) => latestFeed(locale, new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() - month - back, 1))));
    rows.push(...(await listFeedEntries({ feeds, after: month === 0 ? after : null, limit: PAGE_SIZE + 1 - rows.length })));
  }
  return { rows: rows.slice(0, PAGE_SIZE), more: rows.length > PAGE_SIZE };
}

async function readFollowing({ locale, cursor, viewerId }: Omit<FeedRequest, "feed">, now: Date): Promise<FeedPage> {
  if (!viewerId) throw new DomainError("UNAUTHENTICATED", "the following feed belongs to a member");
  const follows = await listFollows(viewerId);
  if (follows.length === 0) return { items: [], nextCursor: null, openedAt: now.toISOString() };
  const feeds = follows.map(({ kind, targetId }) => (kind === "member" ? authorFeed(targetId) : topicFeed(targetId, locale)));
  const after = cursor ? decodePosition(cursor) : null;
  // A post can stand in several followed feeds; twice the page leaves room to drop repeats.
  const rows = await listFeedEntries({ feeds, after, limit: 2 * PAGE_SIZE + 1 });
  const unique = [...new Map(rows.map((row) => [row.postId, row])).values()];
  const page = await toPage({ rows: unique.slice(0, PAGE_SIZE), more: unique.length > PAGE_SIZE || rows.length > 2 * PAGE_SIZE, locale, viewerId }, now);
  const authors = new Set(follows.filter((f) => f.kind === "member").map((f) => f.targetId));
  return {
    ...page,
    items: page.items.map((item) => ({
      ...item,
      reason: { kind: "following", name: authors.has(item.author.id) ? item.author.displayName : (item.topic?.name ?? "") },
    })),
  };
}

async function readSaved({ locale, cursor, viewerId }: Omit<FeedRequest, "feed">, now: Date): Promise<FeedPage> {
  if (!viewerId) throw new DomainError("UNAUTHENTICATED", "saved posts belong to a member");
  const [, time] = cursor === null ? [] : (/^([0-9a-z]{1,10})$/.exec(cursor) ?? []);
  if (cursor !== null && !time) throw badCursor();
  const saves = await listSaves(viewerId, time ? new Date(Number.parseInt(time, 36)) : null, PAGE_SIZE + 1);
  const shown = saves.slice(0, PAGE_SIZE);
  const last = shown.at(-1);
  return {
    items: await toCards({ postIds: shown.map((save) => save.postId), locale, viewerId }, now),
    nextCursor: saves.length > PAGE_SIZE && last ? last.at.getTime().toString(36) : null,
    openedAt: now.toISOString(),
  };
}

async function toPage(
  { rows, more, locale, viewerId }: { rows: FeedEntry[]; more: boolean; locale: Locale; viewerId: string | null },
  now: Date,
): Promise<FeedPage> {
  const last = rows.at(-1);
  return {
    items: await toCards({ postIds: rows.map((row) => row.postId), locale, viewerId }, now),
    nextCursor: more && last ? encodePosition(last) : null,
    openedAt: (rows[0]?.publishedAt && rows[0].publishedAt > now ? rows[0].publishedAt : now).toISOString(),
  };
}

/** Cards in the order of the ids; posts that are gone meanwhile are left out. */
export async function toCards(
  { postIds, locale, viewerId }: { postIds: string[]; locale: Locale; viewerId: string | null },
  now: Date,
): Promise<PostCard[]> {
  const [cards, topics, liked, saved] = await Promise.all([
    listPostCards(postIds),
    listTopics(locale, now),
    viewerId ? listLiked(viewerId, "post", postIds) : new Set<string>(),
    viewerId ? listSaved(viewerId, postIds) : new Set<string>(),
  ]);
  const authors = await listMembersByIds([...new Set([...cards.values()].map((card) => card.authorId))]);
  const topicNames = new Map(topics.map((topic) => [topic.slug, topic.name]));
  return postIds.flatMap((postId) => {
    const card = cards.get(postId);
    const author = card && authors.get(card.authorId);
    if (!card || !author) return [];
    const slug = card.topics[0];
    return [
      {
        id: card._id,
        title: card.title,
        excerpt: card.excerpt,
        lang: card.lang,
        author: { id: author._id, handle: author.handle, displayName: author.displayName, tier: author.tier },
        topic: slug ? { slug, name: topicNames.get(slug) ?? slug } : null,
        declarations: card.declarations.filter((declaration) => declaration !== "opinion"),
        chart: card.chart,
        clip: toClipMark(card.clip),
        publishedAt: card.publishedAt.toISOString(),
        likeCount: card.likeCount,
        commentCount: card.commentCount,
        saveCount: card.saveCount,
        liked: liked.has(postId),
        saved: saved.has(postId),
        reason: null,
      },
    ];
  });
}

/** Rows written before there were clips have no such field at all. */
function toClipMark(clip: PostCardFields["clip"] | undefined): PostCard["clip"] {
  if (!clip) return null;
  const { poster, mp4, durationSec } = toClipMedia(clip);
  const file = mp4.at(-1);
  return { poster: poster?.src ?? null, durationSec, file: file ? { url: file.url, bytes: file.bytes } : null };
}

/** How many posts have come since the page was opened; for the pill. Ranked feeds count what is newest in the language. */
export async function countNew(feed: FeedName, locale: Locale, since: Date, now: Date): Promise<number> {
  const feeds =
    feed.kind === "topic" || feed.kind === "ticker" || feed.kind === "author"
      ? feedKeys(feed, locale)
      : [...new Set([latestFeed(locale, since), latestFeed(locale, now)])];
  return countNewerEntries({ feeds, since, limit: NEW_COUNT_MAX });
}
