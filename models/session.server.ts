import { createHash } from "node:crypto";
import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Session: one logged-in browser of one member.
 * Guarantees: (1) the browser holds `<memberId>.<secret>`, the database only `<memberId>.<sha256(secret)>`, so a leaked
 * database opens no session (docs/decisions/0007-sessions-and-codes.md); (2) all sessions of a member are one range of `_id`, so "log out everywhere" is one
 * bounded delete on one shard; (3) a TTL index clears what has expired.
 */
export interface StoredSession {
  _id: string;
  memberId: string;
  createdAt: Date;
  lastSeenAt: Date;
  expiresAt: Date;
  /** As sent by the browser, at most 200 characters; shown to the member to recognise the device. */
  userAgent: string;
  address: string;
}

const Sessions = defineCollection<StoredSession>(
  {
    name: "sessions",
    shardKey: { _id: 1 },
    why: "each request asks for one session; the account page asks for one member's range",
    indexes: [{ fields: { expiresAt: 1 }, options: { expireAfterSeconds: 0 } }],
  },
  {
    memberId: { type: String, required: true },
    createdAt: { type: Date, required: true },
    lastSeenAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    userAgent: { type: String, default: "" },
    address: { type: String, default: "" },
  },
);

const USER_AGENT_MAX = 200;
/** A member has at most this many sessions on the account page; older ones still end by themselves. */
const LISTED_MAX = 100;

/** The stored key of the session that a browser presents; null when it is not shaped like one. */
export function sessionKeyOf(sessionId: string): string | null {
  const match = /^([\w-]{1,64})\.([\w-]{16,128})$/.exec(sessionId);
  if (!match?.[1] || !match[2]) return null;
  return `${match[1]}.${createHash("sha256").update(match[2]).digest("base64url")}`;
}

export function memberIdOfSession(sessionId: string): string {
  return sessionId.slice(0, Math.max(sessionId.indexOf("."), 0));
}

/** "/" follows "." in ASCII, so this is exactly the ids that begin with `<memberId>.`. */
const rangeOf = (memberId: string) => ({ $gte: `${memberId}.`, $lt: `${memberId}/` });

export async function insertSession(sessionId: string, session: Omit<StoredSession, "_id">, tx?: Tx): Promise<void> {
  const _id = sessionKeyOf(sessionId);
  if (!_id) throw new Error("malformed session id");
  await Sessions.create([{ ...session, _id, userAgent: session.userAgent.slice(0, USER_AGENT_MAX) }], { session: tx ?? null });
}

export async function findSession(sessionId: string): Promise<StoredSession | null> {
  const _id = sessionKeyOf(sessionId);
  return _id ? Sessions.findOne({ _id }).lean<StoredSession>() : null;
}

export async function setSessionExpiry(sessionId: string, expiresAt: Date): Promise<void> {
  const _id = sessionKeyOf(sessionId);
  if (_id) await Sessions.updateOne({ _id }, { $set: { expiresAt } });
}

/** Notes that the session is in use; the caller does this at most once an hour. */
export async function touchSession(key: string, at: Date): Promise<void> {
  await Sessions.updateOne({ _id: key, lastSeenAt: { $lt: at } }, { $set: { lastSeenAt: at } });
}

export async function deleteSession(sessionId: string): Promise<void> {
  const _id = sessionKeyOf(sessionId);
  if (_id) await Sessions.deleteOne({ _id });
}

/** Ends one session from the list of its owner; false when it was not theirs or had ended. */
export async function deleteSessionByKey(memberId: string, key: string): Promise<boolean> {
  if (!key.startsWith(`${memberId}.`)) return false;
  const written = await Sessions.deleteOne({ _id: key });
  return written.deletedCount === 1;
}

/** Ends every session of the member, or every one but `exceptKey`. */
export async function deleteSessionsOf(memberId: string, options: { exceptKey?: string; tx?: Tx } = {}): Promise<number> {
  const range = rangeOf(memberId);
  const filter = options.exceptKey ? { _id: { ...range, $ne: options.exceptKey } } : { _id: range };
  const written = await Sessions.deleteMany(filter, { session: options.tx });
  return written.deletedCount;
}

/** Live sessions of the member, at most 100; the newest use first. */
export async function listSessionsOf(memberId: string, now: Date): Promise<StoredSession[]> {
  const rows = await Sessions.find({ _id: rangeOf(memberId) })
    .limit(LISTED_MAX)
    .lean<StoredSession[]>();
  return rows.filter((row) => row.expiresAt > now).sort((a, b) => b.lastSeenAt.getTime() - a.lastSeenAt.getTime());
}

export async function deleteExpiredSessions(now: Date): Promise<void> {
  await Sessions.deleteMany({ expiresAt: { $lte: now } });
}
