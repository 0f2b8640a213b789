/**
 * Where to go after a form: only ever a path of this site.
 * A browser treats "//host", "/\host" and a path with a tab or a line break in front as another site, so those are refused.
 */
const PLACE = "https://place.invalid";
const PATH_MAX = 2_000;

/** Pages that make no sense as a destination: they would log out again or go round in a circle. */
const NEVER = /^\/(?:logout|gate|intents|login|join|code|reset|outbox)(?:[/?#.]|$)/;

export function safeRedirect(to: unknown, fallback = "/"): string {
  if (typeof to !== "string" || to.length === 0 || to.length > PATH_MAX) return fallback;
  if (!to.startsWith("/") || to.startsWith("//") || hasUnsafeCharacter(to)) return fallback;
  if (!URL.canParse(to, PLACE)) return fallback;
  const url = new URL(to, PLACE);
  // "/..//host" resolves to "//host": what counts is the path after resolving.
  if (url.origin !== PLACE || url.pathname.startsWith("//")) return fallback;
  if (NEVER.test(url.pathname)) return fallback;
  return url.pathname.replace(/\.data$/, "") + url.search + url.hash;
}

function hasUnsafeCharacter(path: string): boolean {
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code <= 0x20 || code === 0x7f || character === "\\") return true;
  }
  return false;
}

/** The page that the form was on, from its Referer; only the path is used, and only of this site. */
export function refererPath(request: Request, fallback = "/"): string {
  const referer = request.headers.get("Referer");
  if (!referer || !URL.canParse(referer)) return fallback;
  const url = new URL(referer);
  if (url.host !== new URL(request.url).host) return fallback;
  return safeRedirect(url.pathname + url.search, fallback);
}
