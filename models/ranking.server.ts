import { defineCollection } from "./collection.server";
import { isDuplicateKey } from "./connection.server";

/**
 * Ranking: a frozen order of a ranked feed at one moment. A cursor names the ranking and an offset, so paging repeats
 * and reorders nothing while scores move. Guarantee: a ranking never changes; it expires after a day.
 */
export const RANKED_FEEDS = ["recommended", "hot", "clips"] as const;
export type RankedFeed = (typeof RANKED_FEEDS)[number];

/** Why an item stands where it does: the largest part of its score. Shown to the reader. */
export type RankReason =
  | { kind: "editors" | "saved" | "author" }
  | { kind: "fresh" | "window"; hours: number }
  | { kind: "discussed"; comments: number };

export interface RankedItem {
  postId: string;
  reason: RankReason;
}

export interface Ranking {
  _id: string;
  /** `<ranked feed>:<lang>` */
  feed: string;
  at: Date;
  items: RankedItem[];
}

const LIFE_SEC = 24 * 3600;

const Rankings = defineCollection<Ranking>(
  {
    name: "rankings",
    shardKey: { feed: 1 },
    why: "the newest ranking of one feed, or the one a cursor names",
    indexes: [
      { fields: { feed: 1, at: -1 }, options: { unique: true } },
      { fields: { at: 1 }, options: { expireAfterSeconds: LIFE_SEC } },
    ],
  },
  { feed: { type: String, required: true }, at: { type: Date, required: true }, items: { type: [Object], required: true } },
);

export const rankingFeed = (kind: RankedFeed, lang: string): string => `${kind}:${lang}`;

/** False when another process has stored a ranking of the same moment; either is good. */
export async function insertRanking(ranking: Omit<Ranking, "_id">): Promise<boolean> {
  try {
    await Rankings.create([{ _id: `${ranking.feed}:${ranking.at.getTime()}`, ...ranking }]);
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

export async function getNewestRanking(feed: string): Promise<Ranking | null> {
  return Rankings.findOne({ feed }).sort({ at: -1 }).lean<Ranking>();
}

export async function getRanking(feed: string, at: Date): Promise<Ranking | null> {
  return Rankings.findOne({ feed, at }).lean<Ranking>();
}
