/**
 * Trust tiers T0 to T4: earned by reading, by posts that were approved and by reports that were upheld.
 * Pure and safe in the browser, so that a member sees the same rule that the server applies.
 * The numbers are a first choice, see docs/decisions/0009-tiers-and-limits.md: reading is counted once per post and day, so a T2 takes
 * at least a week and a T3 at least a month of ordinary reading.
 */
export type Tier = 0 | 1 | 2 | 3 | 4;

export interface TierSignals {
  /** Posts read, each at most once per day. */
  postsRead: number;
  /** Days with at least one post read. */
  readDays: number;
  /** Posts that were published and not removed afterwards. */
  postsApproved: number;
  /** Reports of this member that an operator agreed with. */
  reportsUpheld: number;
}

export type TierSignal = keyof TierSignals;

export const NO_SIGNALS: TierSignals = { postsRead: 0, readDays: 0, postsApproved: 0, reportsUpheld: 0 };

/** What each tier asks for; a member stands on the highest tier whose every line is reached. */
export const TIER_THRESHOLDS: Record<Tier, TierSignals> = {
  0: NO_SIGNALS,
  1: { postsRead: 10, readDays: 2, postsApproved: 0, reportsUpheld: 0 },
  2: { postsRead: 50, readDays: 7, postsApproved: 2, reportsUpheld: 0 },
  3: { postsRead: 200, readDays: 30, postsApproved: 10, reportsUpheld: 0 },
  4: { postsRead: 500, readDays: 90, postsApproved: 40, reportsUpheld: 5 },
};

const ASCENDING: readonly Tier[] = [0, 1, 2, 3, 4];
const SIGNALS: readonly TierSignal[] = ["postsRead", "readDays", "postsApproved", "reportsUpheld"];

export function tierOf(signals: TierSignals): Tier {
  let reached: Tier = 0;
  for (const tier of ASCENDING) {
    if (missingFor(tier, signals).length > 0) break;
    reached = tier;
  }
  return reached;
}

export interface TierGap {
  signal: TierSignal;
  has: number;
  needs: number;
}

export interface NextStep {
  tier: Tier;
  /** What is still to do, in the order it is shown. */
  gaps: TierGap[];
}

/** The next tier and what is missing for it; null on the highest one. */
export function nextStepOf(current: Tier, signals: TierSignals): NextStep | null {
  const next = ASCENDING[current + 1];
  return next === undefined ? null : { tier: next, gaps: missingFor(next, signals) };
}

function missingFor(tier: Tier, signals: TierSignals): TierGap[] {
  const needs = TIER_THRESHOLDS[tier];
  return SIGNALS.filter((signal) => signals[signal] < needs[signal]).map((signal) => ({ signal, has: signals[signal], needs: needs[signal] }));
}
