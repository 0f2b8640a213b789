import type { RankSignals } from "@models/post.server";
import type { RankReason } from "@models/ranking.server";

/**
 * The order of recommended clips, from stored signals only; nothing about the reader goes in. See
 * docs/decisions/0012-clips-feed.md.
 *
 *   engagement = likes + 2 × comments + 3 × saves
 *   held       = engagement / (views + 20)          what a view led to; twenty views are assumed, so that the first few do not decide
 *   clips      = log2(2 + engagement) × (0.4 + 0.6 × 2^(−ageHours / 336)) + 3 × min(1, held)
 *                + 0.5 with captions + 1.5 if chosen by an editor + 0.25 × author tier
 *
 * Then, as in the other ranked feeds, an author or a topic among the last five counts less (rankings.server.ts).
 */
const HOUR_MS = 3_600_000;
/** Clips explain, and age slower than discussions: half of the fresh part is left after two weeks. */
const HALF_LIFE_HOURS = 336;
const ASSUMED_VIEWS = 20;
/** From this share on, a reader is told that those who saw it acted on it. */
const HELD_SAID = 0.3;

const engagementOf = (post: RankSignals): number => post.likeCount + 2 * post.commentCount + 3 * post.saveCount;
const heldOf = (post: RankSignals): number => Math.min(1, engagementOf(post) / (post.viewCount + ASSUMED_VIEWS));
const ageHoursOf = (post: RankSignals, now: Date): number => Math.max(0, (now.getTime() - post.publishedAt.getTime()) / HOUR_MS);

export function scoreClip(post: RankSignals, authorTier: number, now: Date): number {
  const freshness = 0.4 + 0.6 * 2 ** (-ageHoursOf(post, now) / HALF_LIFE_HOURS);
  const captioned = (post.clip?.captions.length ?? 0) > 0;
  return Math.log2(2 + engagementOf(post)) * freshness + 3 * heldOf(post) + (captioned ? 0.5 : 0) + (post.editorsChoice ? 1.5 : 0) + 0.25 * authorTier;
}

/** Why a clip stands where it does, in the words that the other ranked feeds use too. */
export function reasonOfClip(post: RankSignals, authorTier: number, now: Date): RankReason {
  const age = ageHoursOf(post, now);
  if (post.editorsChoice) return { kind: "editors" };
  if (age <= 24) return { kind: "fresh", hours: 24 };
  if (post.saveCount > 0 && heldOf(post) >= HELD_SAID) return { kind: "saved" };
  if (post.commentCount >= 5 && 2 * post.commentCount >= post.likeCount) return { kind: "discussed", comments: post.commentCount };
  if (authorTier >= 3) return { kind: "author" };
  return { kind: "window", hours: [72, 168].find((hours) => age <= hours) ?? 720 };
}
