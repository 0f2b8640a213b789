import { redirect } from "@remix-run/node";
import type { Member } from "@models/member.server";
import { GATED_ACTS, readIntent, resumeIntent } from "../services/gate.server";
import { toViewer } from "../services/viewer";
import { flashCookie, type Notice } from "./flash.server";
import { safeRedirect } from "./redirect.server";
import { startSession } from "./session.server";

/** What follows every login and sign-up: a new session, the act that was tried, the page it was tried on. */
export interface FinishLogin {
  member: Member;
  remember: boolean;
  address: string;
  /** The signed intent that came through the forms, if any. */
  intent: string;
  redirectTo: string;
  created: boolean;
}

export async function finishLogin(request: Request, { member, remember, address, intent, redirectTo, created }: FinishLogin, now: Date): Promise<Response> {
  const headers = new Headers({ "Cache-Control": "no-store" });
  headers.append("Set-Cookie", await startSession(request, { memberId: member._id, remember, address }, now));
  const resumed = intent ? await resumeIntent(toViewer(member), intent, now) : null;
  const notice: Notice | null = resumed?.notice ?? (created ? { key: "auth.welcome", tone: "good", params: { name: member.displayName } } : null);
  if (notice) headers.append("Set-Cookie", flashCookie(notice, now));
  return redirect(safeRedirect(resumed?.redirectTo ?? redirectTo), { status: 303, headers });
}

export interface GateView {
  /** Goes through the forms unchanged. */
  token: string;
  titleKey: string;
  promiseKey: string;
  state: "open" | "expired";
  redirectTo: string;
}

/** What a login page says about the act that waits; null when none does. */
export function gateView(token: string | null, now: Date): GateView | null {
  const { state, intent } = readIntent(token, now);
  if (!intent || !token) return null;
  const rule = GATED_ACTS[intent.act];
  return { token, titleKey: rule.titleKey(intent), promiseKey: rule.promiseKey, state, redirectTo: backPath(intent) };
}

/** Where "keep reading" leads. A page that only members see is no place to go back to; the feed is. */
function backPath({ redirectTo }: { redirectTo: string }): string {
  const path = safeRedirect(redirectTo);
  return /^\/posts\/new|\/edit(?:$|\?)|^\/account/.test(path) ? "/" : path;
}
