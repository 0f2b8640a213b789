import { redirect } from "@remix-run/node";
import { safeRedirect } from "./redirect.server";

/**
 * Answers a small act (like, save, follow): JSON for a page with scripts, and for a plain form post a redirect to the
 * page it came from, so that the reader stays where they were.
 */
export function answerForm(request: Request, view: object, fallback: string): Response {
  if (!wantsDocument(request)) return Response.json(view);
  const referer = request.headers.get("Referer");
  const from = referer && URL.canParse(referer) ? new URL(referer) : null;
  const sameSite = from && from.host === (request.headers.get("X-Forwarded-Host") ?? new URL(request.url).host);
  return redirect(safeRedirect(sameSite ? from.pathname + from.search : fallback), 303);
}

/** True when a browser navigates, false when a script fetches. */
export function wantsDocument(request: Request): boolean {
  return request.headers.get("Sec-Fetch-Dest") === "document" || /\btext\/html\b/.test(request.headers.get("Accept") ?? "");
}
