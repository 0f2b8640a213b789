import mongoose from "mongoose";
import { RateLimiterMongo, RateLimiterRes } from "rate-limiter-flexible";
import { defineCollection } from "@models/collection.server";
import { DomainError } from "@models/errors";
import { isStaff, LIMITS, type Act } from "@models/roles";
import type { Viewer } from "./viewer";

/**
 * How often something may happen, counted in the database so that a restart or a second process forgets nothing.
 * Windows are aligned to the epoch and named in the key: the caller's clock decides which one counts. The price is that
 * twice the number can fit around a border, which is why the narrow limits come with wide ones.
 */
defineCollection<{ _id: string; key: string; points: number; expire: Date }>(
  {
    name: "rateLimits",
    shardKey: { key: 1 },
    why: "each check asks for one counter; rate-limiter-flexible writes the rows",
    indexes: [
      { fields: { key: 1 }, options: { unique: true } },
      { fields: { expire: 1 }, options: { expireAfterSeconds: 0 } },
    ],
  },
  { key: { type: String, required: true }, points: { type: Number, required: true }, expire: { type: Date } },
);

export interface RateRule {
  /** Begins the key, e.g. "login.address". */
  name: string;
  times: number;
  windowSec: number;
}

export class RateLimited extends DomainError {
  constructor(rule: RateRule, retryAfterSec: number) {
    super("RATE_LIMITED", `${rule.name}: over ${rule.times} in ${rule.windowSec} s`, { ...waitInWords(retryAfterSec), retryAfterSec });
  }
}

/** Rounded up, so that the time that is told is never too short. */
export function waitInWords(waitSec: number): { messageKey: string; params: { count: number } } {
  if (waitSec <= 90) return { messageKey: "auth.retryInSeconds", params: { count: Math.max(1, Math.ceil(waitSec)) } };
  if (waitSec <= 5_400) return { messageKey: "auth.retryInMinutes", params: { count: Math.ceil(waitSec / 60) } };
  return { messageKey: "auth.retryInHours", params: { count: Math.ceil(waitSec / 3_600) } };
}

/** One limiter per rule and database client; a test that connects anew gets new ones. */
const limiters = new WeakMap<object, Map<string, RateLimiterMongo>>();

function limiterOf(rule: RateRule): RateLimiterMongo {
  const client = mongoose.connection.getClient();
  const ofClient = limiters.get(client) ?? new Map<string, RateLimiterMongo>();
  limiters.set(client, ofClient);
  const id = `${rule.name}:${rule.times}:${rule.windowSec}`;
  const known = ofClient.get(id);
  if (known) return known;
  const made = new RateLimiterMongo({
    storeClient: client,
    dbName: mongoose.connection.name,
    tableName: "rateLimits",
    keyPrefix: rule.name,
    points: rule.times,
    duration: rule.windowSec,
    disableIndexesCreation: true,
  });
  ofClient.set(id, made);
  return made;
}

function windowKey(rule: RateRule, key: string, now: Date): { windowed: string; endsInSec: number } {
  const lengthMs = rule.windowSec * 1000;
  const index = Math.floor(now.getTime() / lengthMs);
  return { windowed: `${key}:${index}`, endsInSec: ((index + 1) * lengthMs - now.getTime()) / 1000 };
}

/** Counts one use and refuses the one that is too many. */
export async function consume(rule: RateRule, key: string, now: Date): Promise<void> {
  const { windowed, endsInSec } = windowKey(rule, key, now);
  try {
    await limiterOf(rule).consume(windowed);
  } catch (refusal) {
    if (refusal instanceof RateLimiterRes) throw new RateLimited(rule, Math.ceil(endsInSec));
    throw refusal;
  }
}

/** Forgets what was counted, e.g. the wrong passwords before the right one. */
export async function forgive(rule: RateRule, key: string, now: Date): Promise<void> {
  await limiterOf(rule).delete(windowKey(rule, key, now).windowed);
}

/** Counts one act of a member against the table in models/roles.ts. Staff are exempt. */
export async function requireWithinLimit(viewer: Pick<Viewer, "id" | "role" | "tier">, act: Act, now: Date): Promise<void> {
  const limit = LIMITS[act];
  if (!limit || isStaff(viewer.role)) return;
  await consume({ name: `act.${act}`, times: limit.times[viewer.tier], windowSec: limit.windowSec }, viewer.id, now);
}

/** Everyone behind one IPv6 /64 is one subscriber; an IPv4 address stays whole. */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address || "unknown";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = "", tail = ""] = address.split("%")[0]?.split("::") ?? [];
  const before = head.split(":").filter(Boolean);
  const after = tail.split(":").filter(Boolean);
  const zeros = address.includes("::") ? new Array<string>(Math.max(8 - before.length - after.length, 0)).fill("0") : [];
  return [...before, ...zeros, ...after].slice(0, 4).join(":").toLowerCase();
}
