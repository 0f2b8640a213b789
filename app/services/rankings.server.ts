import { announce } from "@models/page-event.server";
import { clipFeed, listFeedEntries, latestFeed, type FeedPosition } from "@models/feed-entry.server";
import { listRankSignals, type RankSignals } from "@models/post.server";
import {
  getNewestRanking,
  insertRanking,
  rankingFeed,
  RANKED_FEEDS,
  type RankedFeed,
  type RankedItem,
  type Ranking,
  type RankReason,
} from "@models/ranking.server";
import { listMembersByIds } from "@models/member.server";
import { LOCALES, type Locale } from "~/i18n/locales";
import { logger } from "~/logger.server";
import { reasonOfClip, scoreClip } from "./clip-ranking";

/**
 * The ranked feeds, from stored signals only; nothing about the reader goes in. See docs/decisions/0005-ranking.md.
 *
 *   engagement = likes + 2 × comments + 3 × saves
 *   hot         = (1 + engagement) / (ageHours + 2)^1.5
 *   recommended = log2(2 + engagement) × (0.3 + 0.7 × 2^(−ageHours / 168))
 *                 + 1.5 if chosen by an editor + 0.25 × author tier
 *
 *   clips: clip-ranking.ts
 *
 * Then, in all, an author who stood among the last five items counts 0.6, a topic 0.85, so that nobody floods the page.
 */
const CANDIDATES_MAX = 600;
const ITEMS_MAX = 300;
const MONTHS_BACK = 6;
/** A ranking older than this is replaced when the next reader comes. */
export const RANKING_LIFE_MS = 60_000;
const RECENT_MS = 1_000;

const HOUR_MS = 3_600_000;
const DIVERSITY_WINDOW = 5;

interface Scored {
  post: RankSignals;
  score: number;
  reason: RankReason;
}

export function engagementOf(post: Pick<RankSignals, "likeCount" | "commentCount" | "saveCount">): number {
  return post.likeCount + 2 * post.commentCount + 3 * post.saveCount;
}

function ageHoursOf(post: RankSignals, now: Date): number {
  return Math.max(0, (now.getTime() - post.publishedAt.getTime()) / HOUR_MS);
}

export function scoreHot(post: RankSignals, now: Date): number {
  return (1 + engagementOf(post)) / (ageHoursOf(post, now) + 2) ** 1.5;
}

export function scoreRecommended(post: RankSignals, authorTier: number, now: Date): number {
  const freshness = 0.3 + 0.7 * 2 ** (-ageHoursOf(post, now) / 168);
  return Math.log2(2 + engagementOf(post)) * freshness + (post.editorsChoice ? 1.5 : 0) + 0.25 * authorTier;
}

/** The smallest round window that holds the post's age. */
function windowHours(post: RankSignals, now: Date): number {
  const age = ageHoursOf(post, now);
  return [6, 24, 72, 168].find((hours) => age <= hours) ?? 720;
}

function reasonOf(kind: RankedFeed, post: RankSignals, authorTier: number, now: Date): RankReason {
  if (kind === "clips") return reasonOfClip(post, authorTier, now);
  if (kind === "hot") return { kind: "window", hours: windowHours(post, now) };
  if (post.editorsChoice) return { kind: "editors" };
  const age = ageHoursOf(post, now);
  if (age <= 24) return { kind: "fresh", hours: 24 };
  if (post.commentCount * 2 >= post.likeCount && post.commentCount >= 5) return { kind: "discussed", comments: post.commentCount };
  if (post.saveCount * 3 >= post.likeCount) return { kind: "saved" };
  if (authorTier >= 3) return { kind: "author" };
  return { kind: "window", hours: windowHours(post, now) };
}

/** Orders by score, with the diversity factors applied as the list grows. Pure. */
export function arrange(scored: Scored[]): RankedItem[] {
  const left = [...scored].sort((a, b) => b.score - a.score || (a.post._id < b.post._id ? -1 : 1));
  const items: RankedItem[] = [];
  const recent: RankSignals[] = [];
  while (left.length > 0 && items.length < ITEMS_MAX) {
    let best = 0;
    let bestScore = -Infinity;
    // Below the window's worst case no later candidate can win: factors are at least 0.6 × 0.85.
    for (let i = 0; i < left.length; i += 1) {
      const candidate = left[i] as Scored;
      if (candidate.score <= bestScore) break;
      const sameAuthor = recent.some((post) => post.authorId === candidate.post.authorId);
      const sameTopic = recent.some((post) => post.topics[0] !== undefined && post.topics[0] === candidate.post.topics[0]);
      const adjusted = candidate.score * (sameAuthor ? 0.6 : 1) * (sameTopic ? 0.85 : 1);
      if (adjusted > bestScore) {
        best = i;
        bestScore = adjusted;
      }
    }
    const [chosen] = left.splice(best, 1) as [Scored];
    items.push({ postId: chosen.post._id, reason: chosen.reason });
    recent.unshift(chosen.post);
    recent.length = Math.min(recent.length, DIVERSITY_WINDOW);
  }
  return items;
}

const SCORE: Record<RankedFeed, (post: RankSignals, authorTier: number, now: Date) => number> = {
  hot: (post, _authorTier, now) => scoreHot(post, now),
  recommended: scoreRecommended,
  clips: scoreClip,
};

async function listCandidates(kind: RankedFeed, locale: Locale, now: Date): Promise<RankSignals[]> {
  const signals = await listRankSignals(kind === "clips" ? await newestClips(locale) : await newestPosts(locale, now));
  return signals.filter((post) => post.state === "published");
}

async function newestClips(locale: Locale): Promise<string[]> {
  return (await listFeedEntries({ feeds: [clipFeed(locale)], after: null, limit: CANDIDATES_MAX })).map((row) => row.postId);
}

async function newestPosts(locale: Locale, now: Date): Promise<string[]> {
  const ids: string[] = [];
  for (let month = 0; month < MONTHS_BACK && ids.length < CANDIDATES_MAX; month += 1) {
    const at = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - month, 1));
    const after: FeedPosition | null = null;
    const rows = await listFeedEntries({ feeds: [latestFeed(locale, at)], after, limit: CANDIDATES_MAX - ids.length });
    ids.push(...rows.map((row) => row.postId));
  }
  return ids;
}

async function rank(kind: RankedFeed, locale: Locale, now: Date): Promise<Ranking> {
  const candidates = await listCandidates(kind, locale, now);
  const authors = await listMembersByIds([...new Set(candidates.map((post) => post.authorId))]);
  const scored = candidates.map((post): Scored => {
    const tier = authors.get(post.authorId)?.tier ?? 0;
    const score = SCORE[kind](post, tier, now);
    return { post, score, reason: reasonOf(kind, post, tier, now) };
  });
  const feed = rankingFeed(kind, locale);
  return { _id: `${feed}:${now.getTime()}`, feed, at: now, items: arrange(scored) };
}

const refreshing = new Map<string, Promise<Ranking>>();

async function refresh(kind: RankedFeed, locale: Locale, now: Date): Promise<Ranking> {
  const feed = rankingFeed(kind, locale);
  const running = refreshing.get(feed);
  if (running) return running;
  const work = (async () => {
    const ranking = await rank(kind, locale, now);
    await insertRanking({ feed, at: ranking.at, items: ranking.items });
    await announce([`feed:${feed}`], now);
    return ranking;
  })().finally(() => refreshing.delete(feed));
  refreshing.set(feed, work);
  return work;
}

/**
 * The ranking a fresh page starts from. One that is a little old is served while its successor is made; one that is
 * older than ten lives (nobody came for a while) is made anew first.
 */
export async function currentRanking(kind: RankedFeed, locale: Locale, now: Date): Promise<Ranking> {
  const newest = await newestRanking(rankingFeed(kind, locale), now);
  const ageMs = newest ? now.getTime() - newest.at.getTime() : Infinity;
  if (!newest || ageMs > 10 * RANKING_LIFE_MS) return refresh(kind, locale, now);
  if (ageMs > RANKING_LIFE_MS) {
    refresh(kind, locale, now).catch((error: unknown) => logger.warn({ event: "ranking.refreshFailed", feed: newest.feed, reason: String(error) }));
  }
  return newest;
}

const recent = new Map<string, { ranking: Ranking; readAtMs: number }>();

/** The newest stored ranking, asked for at most once a second per feed: three hundred items are dear to read for each page. */
async function newestRanking(feed: string, now: Date): Promise<Ranking | null> {
  const known = recent.get(feed);
  if (known && Math.abs(now.getTime() - known.readAtMs) < RECENT_MS) return known.ranking;
  const ranking = await getNewestRanking(feed);
  if (ranking) recent.set(feed, { ranking, readAtMs: now.getTime() });
  return ranking;
}

/** Makes the rankings that are due; for the seed and for tests. A lost race with another process costs nothing. */
export async function refreshRankings(now: Date): Promise<number> {
  let made = 0;
  for (const locale of LOCALES) {
    for (const kind of RANKED_FEEDS) {
      const newest = await getNewestRanking(rankingFeed(kind, locale));
      if (newest && now.getTime() - newest.at.getTime() < RANKING_LIFE_MS) continue;
      await refresh(kind, locale, now);
      made += 1;
    }
  }
  return made;
}
