import type { Tier } from "./tier";

/**
 * The one table of rights: which role may do which act, and how often each tier may do it.
 * Every action asks here (requireMay, requireWithinLimit in app/services/tiers.server.ts); no other file compares roles.
 * A guest has no role: acts that guests may do are not listed, because reading asks nobody.
 */
export const ROLES = ["member", "operator", "lead", "finance", "admin"] as const;
export type Role = (typeof ROLES)[number];

const EVERYONE: readonly Role[] = ROLES;
const OPERATORS: readonly Role[] = ["operator", "lead", "admin"];
const LEADS: readonly Role[] = ["lead", "admin"];
const FINANCE: readonly Role[] = ["finance", "admin"];
const ADMINS: readonly Role[] = ["admin"];

export const RIGHTS = {
  like: EVERYONE,
  save: EVERYONE,
  follow: EVERYONE,
  vote: EVERYONE,
  report: EVERYONE,
  comment: EVERYONE,
  reply: EVERYONE,
  post: EVERYONE,
  /** Edit, delete, restore and close comments on one's own words; ownership is part of the query. */
  edit: EVERYONE,
  draft: EVERYONE,
  /** Photos and clips; how many bytes a day is in models/media-quota.server.ts. */
  upload: EVERYONE,
  account: EVERYONE,
  "moderation.read": OPERATORS,
  "moderation.decide": OPERATORS,
  "moderation.settle": LEADS,
  "editors.choose": OPERATORS,
  "rewards.read": FINANCE,
  "rewards.adjust": FINANCE,
  "members.changeRole": ADMINS,
  "platform.read": ADMINS,
} as const satisfies Record<string, readonly Role[]>;

export type Act = keyof typeof RIGHTS;
export const ACTS = Object.keys(RIGHTS) as Act[];

export function isRole(value: unknown): value is Role {
  return typeof value === "string" && (ROLES as readonly string[]).includes(value);
}

export function may(role: Role, act: Act): boolean {
  return (RIGHTS[act] as readonly Role[]).includes(role);
}

/** Staff roles work all day on other people's words, so an author's limits never stop them. */
export function isStaff(role: Role): boolean {
  return role !== "member";
}

export interface Limit {
  /** Window in seconds. Windows are aligned to the epoch, so the retry time is known without asking the database. */
  windowSec: number;
  /** Times allowed in one window, by tier. */
  times: Record<Tier, number>;
}

const MINUTE_SEC = 60;
const HOUR_SEC = 3600;
const DAY_SEC = 86_400;

/** Acts without a line here have no limit per tier. */
export const LIMITS: Partial<Record<Act, Limit>> = {
  like: { windowSec: HOUR_SEC, times: { 0: 60, 1: 120, 2: 240, 3: 400, 4: 600 } },
  save: { windowSec: HOUR_SEC, times: { 0: 60, 1: 120, 2: 240, 3: 400, 4: 600 } },
  follow: { windowSec: DAY_SEC, times: { 0: 30, 1: 60, 2: 120, 3: 200, 4: 300 } },
  vote: { windowSec: HOUR_SEC, times: { 0: 30, 1: 60, 2: 60, 3: 120, 4: 120 } },
  report: { windowSec: DAY_SEC, times: { 0: 10, 1: 20, 2: 30, 3: 40, 4: 60 } },
  comment: { windowSec: HOUR_SEC, times: { 0: 10, 1: 20, 2: 40, 3: 80, 4: 120 } },
  reply: { windowSec: HOUR_SEC, times: { 0: 10, 1: 20, 2: 40, 3: 80, 4: 120 } },
  post: { windowSec: DAY_SEC, times: { 0: 3, 1: 5, 2: 10, 3: 20, 4: 30 } },
  edit: { windowSec: HOUR_SEC, times: { 0: 20, 1: 40, 2: 60, 3: 100, 4: 100 } },
  upload: { windowSec: HOUR_SEC, times: { 0: 20, 1: 40, 2: 60, 3: 100, 4: 100 } },
  draft: { windowSec: MINUTE_SEC, times: { 0: 60, 1: 60, 2: 60, 3: 120, 4: 120 } },
};
