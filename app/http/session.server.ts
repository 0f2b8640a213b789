import { Forbidden } from "@models/errors";
import { may, type Act } from "@models/roles";
import { closeSession, isRemembered, openSession, readSession } from "../services/sessions.server";
import type { Viewer } from "../services/viewer";
import { blankCookie, readCookie, serializeCookie } from "./cookie.server";
import { SESSION_COOKIE } from "./cookies";
import { loginNeeded } from "./gated.server";

export type { Viewer };

interface KnownSession {
  viewer: Viewer;
  sessionKey: string;
}

/** Several loaders ask about the same request; the database is asked once. */
const known = new WeakMap<Request, Promise<KnownSession | null>>();

function sessionOf(request: Request): Promise<KnownSession | null> {
  const before = known.get(request);
  if (before) return before;
  const reading = readKnownSession(request);
  known.set(request, reading);
  return reading;
}

async function readKnownSession(request: Request): Promise<KnownSession | null> {
  const sessionId = readCookie(request, SESSION_COOKIE);
  if (!sessionId) return null;
  const session = await readSession(sessionId, new Date());
  if (!session) return null;
  const { memberId, handle, displayName, role, tier, phoneVerified, realNameVerified, sessionKey } = session;
  return { viewer: { id: memberId, handle, displayName, role, tier, phoneVerified, realNameVerified }, sessionKey };
}

export async function getViewer(request: Request): Promise<Viewer | null> {
  return (await sessionOf(request))?.viewer ?? null;
}

/**
 * The member, or an UNAUTHENTICATED error that knows the way on: for a gated form it carries the signed intent and
 * keeps the text (see gated.server.ts), for a page the login form that leads back here.
 */
export async function requireMember(request: Request): Promise<Viewer> {
  const viewer = await getViewer(request);
  if (!viewer) throw await loginNeeded(request, new Date());
  return viewer;
}

export async function requireRole(request: Request, act: Act): Promise<Viewer> {
  const viewer = await requireMember(request);
  if (!may(viewer.role, act)) throw new Forbidden(`role ${viewer.role} may not ${act}`, { messageKey: "errors.roleRefused" });
  return viewer;
}

/** The member together with the key of this browser's session, for the account pages. */
export async function requireSession(request: Request): Promise<KnownSession> {
  const session = await sessionOf(request);
  if (!session) throw await loginNeeded(request, new Date());
  return session;
}

export interface StartSession {
  memberId: string;
  remember: boolean;
  /** From the load context; empty when unknown. */
  address: string;
}

/** Opens a session for the browser, ends the one it came with, and returns the Set-Cookie value. */
export async function startSession(request: Request, { memberId, remember, address }: StartSession, now: Date): Promise<string> {
  const sessionId = await openSession(
    {
      memberId,
      remember,
      address,
      userAgent: request.headers.get("User-Agent") ?? "",
      previousSessionId: readCookie(request, SESSION_COOKIE),
    },
    now,
  );
  return sessionCookie(sessionId);
}

/** A new session id for the same member, as after a change of password or rights; the old id stops working. */
export function rotateSession(request: Request, { memberId, address }: Omit<StartSession, "remember">, now: Date): Promise<string> {
  const remember = isRemembered(readCookie(request, SESSION_COOKIE) ?? "");
  return startSession(request, { memberId, remember, address }, now);
}

/** Ends the session of this browser and returns the Set-Cookie value that clears it. */
export async function endSession(request: Request): Promise<string> {
  const sessionId = readCookie(request, SESSION_COOKIE);
  if (sessionId) await closeSession(sessionId);
  return blankCookie(SESSION_COOKIE);
}

/** Browsers cut cookies off at 400 days; how long the session lives is decided in the database. */
const COOKIE_LIFE_SEC = 400 * 86_400;

/** A remembered session outlives the browser window, a short one does not. */
function sessionCookie(sessionId: string): string {
  return serializeCookie(SESSION_COOKIE, sessionId, isRemembered(sessionId) ? COOKIE_LIFE_SEC : undefined);
}
