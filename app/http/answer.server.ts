import { redirect } from "@remix-run/node";
import { refererPath } from "./redirect.server";

/**
 * Answers a small act (like, save, follow): JSON for a page with scripts, and for a plain form post a redirect to the
 * page it came from, so that the reader stays where they were.
 */
export function answerForm(request: Request, view: object, fallback: string): Response {
  if (!isNavigation(request)) return Response.json(view);
  return redirect(refererPath(request, fallback), 303);
}

/** True when a browser navigates, false when a script fetches. */
export function isNavigation(request: Request): boolean {
  return request.headers.get("Sec-Fetch-Mode") === "navigate" || (request.headers.get("Accept") ?? "").startsWith("text/html");
}
