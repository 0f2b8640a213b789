import { inTransaction, type Tx } from "@models/connection.server";
import { Forbidden } from "@models/errors";
import { addReading, changeTierSignals, getMember, settleTier } from "@models/member.server";
import { may, type Act } from "@models/roles";
import { nextStepOf, type NextStep, type Tier, type TierSignals } from "@models/tier";
import type { Viewer } from "./viewer";
import { requireMayInteract, requireMayPost } from "./mainland.server";
import { requireWithinLimit } from "./rate-limit.server";

/**
 * Who may act: role (models/roles.ts), the mainland rule (a setting), and how often (limits per tier).
 * Also the only place where the signals of a tier change, always together with the tier itself.
 */
export function requireMay(viewer: Pick<Viewer, "role">, act: Act): void {
  if (!may(viewer.role, act)) throw new Forbidden(`role ${viewer.role} may not ${act}`, { messageKey: "errors.roleRefused" });
}

/** All of it at once, in the order in which a refusal makes sense to the member. */
export async function admit(viewer: Viewer, act: Act, now: Date): Promise<void> {
  requireMay(viewer, act);
  // What is uploaded is meant to be posted, and is seen by others only with a post.
  if (act === "post" || act === "upload") requireMayPost(viewer);
  else requireMayInteract(viewer);
  await requireWithinLimit(viewer, act, now);
}

const DAY_OFFSET_MS = 8 * 3_600_000;

/** A post was read by a member for the first time today; call it once per counted view. */
export function noteRead(memberId: string, now: Date): Promise<void> {
  const day = new Date(now.getTime() + DAY_OFFSET_MS).toISOString().slice(0, 10);
  return inTransaction(async (tx) => {
    await addReading(memberId, day, tx);
    await settleTier(memberId, tx);
  });
}

/** E.g. `{ postsApproved: 1 }` when a post goes live, `{ postsApproved: -1 }` when it is removed. */
export async function noteSignalsIn(memberId: string, delta: Partial<TierSignals>, tx: Tx): Promise<void> {
  await changeTierSignals(memberId, delta, tx);
  await settleTier(memberId, tx);
}

export interface TierView {
  tier: Tier;
  signals: TierSignals;
  next: NextStep | null;
}

export async function getTierView(memberId: string): Promise<TierView | null> {
  const member = await getMember(memberId);
  if (!member) return null;
  const { tier, postsRead, readDays, postsApproved, reportsUpheld } = member;
  const signals = { postsRead, readDays, postsApproved, reportsUpheld };
  return { tier, signals, next: nextStepOf(tier, signals) };
}
