import { defineCollection, findRows } from "./collection.server";
import type { Tx } from "./connection.server";
import type { MediaAsset } from "./media-asset.server";
import type { Post } from "./post.server";

/**
 * Feed entry: one row per feed a post appears in, so that a feed is one index range on one shard.
 * Feeds: `latest:<lang>:<yyyy-mm>` (time bucket), `clips:<lang>`, `clips:<lang>:<slug>`, `topic:<slug>:<lang>`, `ticker:<instrument>`, `author:<member>`, and for the member alone `deleted:<member>`, `media:<member>`.
 * Guarantees: (1) rows of a post are written and withdrawn in the transaction that publishes or hides it;
 * (2) a row never moves: publishedAt is fixed, so a cursor repeats and reorders nothing. See docs/decisions/0003-shard-keys.md.
 */
export interface FeedEntry {
  _id: string;
  feed: string;
  postId: string;
  publishedAt: Date;
}

/** Where a page stopped: the last row shown. */
export interface FeedPosition {
  publishedAt: Date;
  postId: string;
}

const FeedEntries = defineCollection<FeedEntry>(
  {
    name: "feedEntries",
    shardKey: { feed: 1, publishedAt: 1 },
    why: "every list page reads one feed (or the few a member follows) in time order",
    indexes: [{ fields: { feed: 1, publishedAt: -1, postId: -1 } }],
  },
  {
    feed: { type: String, required: true },
    postId: { type: String, required: true },
    publishedAt: { type: Date, required: true },
  },
);

export function latestFeed(lang: string, at: Date): string {
  return `latest:${lang}:${at.toISOString().slice(0, 7)}`;
}
export const topicFeed = (slug: string, lang: string): string => `topic:${slug}:${lang}`;
export const tickerFeed = (instrumentId: string): string => `ticker:${instrumentId}`;
export const clipFeed = (lang: string): string => `clips:${lang}`;
/** The clips among a topic's posts: they are few there, and a page must not read past hundreds of posts to find them. */
export const clipTopicFeed = (slug: string, lang: string): string => `clips:${lang}:${slug}`;
export const authorFeed = (memberId: string): string => `author:${memberId}`;

type Placed = Pick<Post, "_id" | "authorId" | "lang" | "topics" | "tickers" | "publishedAt" | "clip">;

/** Every feed a post belongs to. An unlisted clip stands on its author's page alone. */
export function feedsOf(post: Placed): string[] {
  if (post.clip && !post.clip.listed) return [authorFeed(post.authorId)];
  return [
    ...(post.clip ? [clipFeed(post.lang), ...post.topics.map((slug) => clipTopicFeed(slug, post.lang))] : []),
    latestFeed(post.lang, post.publishedAt),
    authorFeed(post.authorId),
    ...post.topics.map((slug) => topicFeed(slug, post.lang)),
    ...post.tickers.map(tickerFeed),
  ];
}

export function feedEntriesOf(post: Placed): FeedEntry[] {
  return feedsOf(post).map((feed) => ({ _id: `${feed}|${post._id}`, feed, postId: post._id, publishedAt: post.publishedAt }));
}

export async function placeInFeeds(post: Placed, tx: Tx): Promise<void> {
  for (const entry of feedEntriesOf(post)) {
    await FeedEntries.updateOne(
      { _id: entry._id, feed: entry.feed, publishedAt: entry.publishedAt },
      { $setOnInsert: { postId: entry.postId } },
      { upsert: true, session: tx },
    );
  }
}

/** Takes the post out of the feeds of the given (old) placement. */
export async function withdrawFromFeeds(post: Placed, tx: Tx): Promise<void> {
  for (const entry of feedEntriesOf(post)) {
    await FeedEntries.deleteOne({ _id: entry._id, feed: entry.feed, publishedAt: entry.publishedAt }, { session: tx });
  }
}

/** Deleted posts of one author, by the time of deletion; only the author's own list of drafts reads it. */
export const deletedFeed = (memberId: string): string => `deleted:${memberId}`;

export async function placeAmongDeleted(post: Pick<Post, "_id" | "authorId">, deletedAt: Date, tx: Tx): Promise<void> {
  const feed = deletedFeed(post.authorId);
  await FeedEntries.create([{ _id: `${feed}|${post._id}`, feed, postId: post._id, publishedAt: deletedAt }], { session: tx });
}

export async function takeFromDeleted(post: Pick<Post, "_id" | "authorId" | "deletedAt">, tx: Tx): Promise<void> {
  const feed = deletedFeed(post.authorId);
  if (post.deletedAt) await FeedEntries.deleteOne({ _id: `${feed}|${post._id}`, feed, publishedAt: post.deletedAt }, { session: tx });
}

/** What one member has uploaded, by the time it was begun; only the member's own list reads it. The row's `postId` is the asset. */
export const mediaFeed = (memberId: string): string => `media:${memberId}`;

type OwnMedia = Pick<MediaAsset, "_id" | "ownerId" | "createdAt">;

export async function placeInMediaFeed({ _id, ownerId, createdAt }: OwnMedia, tx: Tx): Promise<void> {
  const feed = mediaFeed(ownerId);
  await FeedEntries.create([{ _id: `${feed}|${_id}`, feed, postId: _id, publishedAt: createdAt }], { session: tx });
}

export async function takeFromMediaFeed({ _id, ownerId, createdAt }: OwnMedia, tx: Tx): Promise<void> {
  const feed = mediaFeed(ownerId);
  await FeedEntries.deleteOne({ _id: `${feed}|${_id}`, feed, publishedAt: createdAt }, { session: tx });
}

/** Bulk insert for the seed script. */
export async function insertFeedEntries(entries: FeedEntry[]): Promise<void> {
  await FeedEntries.insertMany(entries, { ordered: true });
}

/**
 * Rows of one feed, or of several merged, newest first, strictly after `after` in that order.
 * Posts of the same millisecond are told apart by id.
 */
export async function listFeedEntries(
  { feeds, after, limit }: { feeds: string[]; after: FeedPosition | null; limit: number },
): Promise<FeedEntry[]> {
  const feed = feeds.length === 1 ? feeds[0] : { $in: feeds };
  const sort = { publishedAt: -1, postId: -1 } as const;
  if (!after) return findRows(FeedEntries, { feed }, { sort, limit });
  // One question that also brings the last row shown, and whatever was published in the same millisecond before it.
  const rows = await findRows(FeedEntries, { feed, publishedAt: { $lte: after.publishedAt } }, { sort, limit: limit + SAME_INSTANT });
  const past = rows.filter((row) => row.publishedAt < after.publishedAt || row.postId < after.postId);
  if (past.length >= limit || rows.length < limit + SAME_INSTANT) return past.slice(0, limit);
  return listPastCrowdedInstant({ feed, sort, after, limit });
}

/** The row just before `position` as the feed is read: the next newer one. Rows of the same millisecond are passed over. */
export async function getNewerEntry(feed: string, position: FeedPosition): Promise<FeedEntry | null> {
  return FeedEntries.findOne({ feed, publishedAt: { $gt: position.publishedAt } }).sort({ publishedAt: 1, postId: 1 }).lean<FeedEntry>();
}

/** Rows to spare for the position's own millisecond: the last row shown, and another three. */
const SAME_INSTANT = 4;

/** Many posts of one millisecond, as a seed writes them: two ranges, each a plain index range on both engines. */
async function listPastCrowdedInstant(
  { feed, sort, after, limit }: { feed: unknown; sort: { publishedAt: -1; postId: -1 }; after: FeedPosition; limit: number },
): Promise<FeedEntry[]> {
  const sameInstant = await findRows(FeedEntries, { feed, publishedAt: after.publishedAt, postId: { $lt: after.postId } }, { sort, limit });
  if (sameInstant.length >= limit) return sameInstant;
  const earlier = await findRows(FeedEntries, { feed, publishedAt: { $lt: after.publishedAt } }, { sort, limit: limit - sameInstant.length });
  return [...sameInstant, ...earlier];
}

/** How many rows are newer than `since`, counted up to `limit`. */
export async function countNewerEntries({ feeds, since, limit }: { feeds: string[]; since: Date; limit: number }): Promise<number> {
  return FeedEntries.countDocuments({ feed: { $in: feeds }, publishedAt: { $gt: since } }, { limit });
}

/** How many rows a feed has, counted up to `limit`. */
export async function countFeedEntries(feed: string, limit: number): Promise<number> {
  return FeedEntries.countDocuments({ feed }, { limit });
}
