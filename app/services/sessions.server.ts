import { randomBytes } from "node:crypto";
import { Lucia, TimeSpan, type Adapter } from "lucia";
import { getMember } from "@models/member.server";
import type { Role } from "@models/roles";
import {
  deleteExpiredSessions,
  deleteSession,
  deleteSessionByKey,
  deleteSessionsOf,
  findSession,
  insertSession,
  listSessionsOf,
  memberIdOfSession,
  sessionKeyOf,
  setSessionExpiry,
  touchSession,
  type StoredSession,
} from "@models/session.server";
import type { Tier } from "@models/tier";

/**
 * Sessions: who is logged in where. lucia decides when a session is valid, renewed or over; the rows are ours
 * (models/session.server.ts), because its own adapter would keep session ids readable in the database.
 * Login and every change of rights open a new session and end the one before.
 * lucia reads the clock of the machine; what is passed as `now` here is used for the rest.
 */
interface SessionMember {
  handle: string;
  displayName: string;
  role: Role;
  tier: Tier;
  phoneVerified: boolean;
  realNameVerified: boolean;
  language: "zh-CN" | "en";
}

interface SessionFacts {
  createdAt: Date;
  lastSeenAt: Date;
  userAgent: string;
  address: string;
}

declare module "lucia" {
  interface Register {
    Lucia: typeof remembered;
    DatabaseUserAttributes: SessionMember;
    DatabaseSessionAttributes: SessionFacts;
  }
}

const adapter: Adapter = {
  async getSessionAndUser(sessionId) {
    const [session, member] = await Promise.all([findSession(sessionId), getMember(memberIdOfSession(sessionId))]);
    return [
      session ? fromRow(session, sessionId) : null,
      session && member
        ? {
            id: member._id,
            attributes: {
              handle: member.handle,
              displayName: member.displayName,
              role: member.role,
              tier: member.tier,
              phoneVerified: member.phoneVerifiedAt !== null,
              realNameVerified: member.realNameVerifiedAt !== null,
              language: member.language,
            },
          }
        : null,
    ];
  },
  /** The secret of a listed session is not known any more: `id` is its stored key, good for showing and revoking only. */
  async getUserSessions(memberId) {
    const rows = await listSessionsOf(memberId, new Date());
    return rows.map((row) => fromRow(row, row._id));
  },
  async setSession({ id, userId, expiresAt, attributes }) {
    await insertSession(id, { memberId: userId, expiresAt, ...attributes });
  },
  updateSessionExpiration: setSessionExpiry,
  deleteSession,
  async deleteUserSessions(memberId) {
    await deleteSessionsOf(memberId);
  },
  deleteExpiredSessions: () => deleteExpiredSessions(new Date()),
};

function fromRow(row: StoredSession, id: string) {
  const { createdAt, lastSeenAt, userAgent, address } = row;
  return { id, userId: row.memberId, expiresAt: row.expiresAt, attributes: { createdAt, lastSeenAt, userAgent, address } };
}

const REMEMBERED_DAYS = 30;
const SHORT_HOURS = 24;

const shape = {
  getUserAttributes: (member: SessionMember) => member,
  getSessionAttributes: (facts: SessionFacts) => facts,
};
const remembered = new Lucia(adapter, { ...shape, sessionExpiresIn: new TimeSpan(REMEMBERED_DAYS, "d") });
const short = new Lucia(adapter, { ...shape, sessionExpiresIn: new TimeSpan(SHORT_HOURS, "h") });

/** The first letter of the secret says how long the session lives; it is hashed with the rest, so it cannot be changed. */
function luciaOf(sessionId: string): typeof remembered {
  return isRemembered(sessionId) ? remembered : short;
}

export function isRemembered(sessionId: string): boolean {
  return sessionId.charAt(sessionId.indexOf(".") + 1) === "r";
}

export interface OpenSession {
  memberId: string;
  remember: boolean;
  userAgent: string;
  address: string;
  /** The session that the browser came with, if any: it ends here, so that a planted one is worth nothing. */
  previousSessionId?: string | null;
}

const SECRET_BYTES = 24;

/** Opens a session and returns its id, which only the browser's cookie keeps. */
export async function openSession({ memberId, remember, userAgent, address, previousSessionId }: OpenSession, now: Date): Promise<string> {
  const sessionId = `${memberId}.${remember ? "r" : "s"}${randomBytes(SECRET_BYTES).toString("base64url")}`;
  await luciaOf(sessionId).createSession(memberId, { createdAt: now, lastSeenAt: now, userAgent, address }, { sessionId });
  if (previousSessionId) await deleteSession(previousSessionId);
  return sessionId;
}

const TOUCH_AFTER_MS = 3_600_000;

export interface LiveSession extends SessionMember {
  memberId: string;
  sessionKey: string;
}

/** Who the browser is logged in as; null when it is not, any more or ever. */
export async function readSession(sessionId: string, now: Date): Promise<LiveSession | null> {
  const sessionKey = sessionKeyOf(sessionId);
  if (!sessionKey) return null;
  const { user, session } = await luciaOf(sessionId).validateSession(sessionId);
  if (!user) return null;
  if (now.getTime() - session.lastSeenAt.getTime() > TOUCH_AFTER_MS) await touchSession(sessionKey, now);
  const { id, ...member } = user;
  return { ...member, memberId: id, sessionKey };
}

export async function closeSession(sessionId: string): Promise<void> {
  await luciaOf(sessionId).invalidateSession(sessionId);
}

export interface SessionView {
  key: string;
  current: boolean;
  userAgent: string;
  address: string;
  createdAt: string;
  lastSeenAt: string;
  expiresAt: string;
}

export async function listSessions(memberId: string, currentKey: string, now: Date): Promise<SessionView[]> {
  const rows = await listSessionsOf(memberId, now);
  return rows.map((row) => ({
    key: row._id.slice(memberId.length + 1),
    current: row._id === currentKey,
    userAgent: row.userAgent,
    address: row.address,
    createdAt: row.createdAt.toISOString(),
    lastSeenAt: row.lastSeenAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }));
}

/** `key` as listed; a session of someone else is simply not found. */
export function revokeSession(memberId: string, key: string): Promise<boolean> {
  return deleteSessionByKey(memberId, `${memberId}.${key}`);
}

/** Ends every other session; returns how many. */
export function revokeOtherSessions(memberId: string, currentKey: string): Promise<number> {
  return deleteSessionsOf(memberId, { exceptKey: currentKey });
}

export function revokeAllSessions(memberId: string): Promise<number> {
  return deleteSessionsOf(memberId);
}
