import { Forbidden } from "@models/errors";
import { env } from "../env.server";

export class CrossSiteRequest extends Forbidden {
  constructor(origin: string) {
    super(`state change asked from ${origin.slice(0, 200)}`, { messageKey: "errors.crossSite" });
  }
}

/**
 * Refuses a state change that another site asks the browser to make. Works for forms and JSON alike, because it looks
 * at where the request comes from and not at what it carries. SameSite=Lax cookies are the second line.
 * A client that sends none of Origin, Sec-Fetch-Site and Referer is not a browser: it holds no one else's cookies.
 */
export function assertSameOrigin(request: Request): void {
  if (request.method === "GET" || request.method === "HEAD" || request.method === "OPTIONS") return;
  const origin = request.headers.get("Origin");
  if (origin !== null) {
    if (!isOwnOrigin(origin, request)) throw new CrossSiteRequest(origin);
    return;
  }
  const site = request.headers.get("Sec-Fetch-Site");
  if (site !== null) {
    if (site !== "same-origin" && site !== "none") throw new CrossSiteRequest(site);
    return;
  }
  const referer = request.headers.get("Referer");
  if (referer !== null && !isOwnOrigin(referer, request)) throw new CrossSiteRequest(referer);
}

/** With PUBLIC_URL given nothing else counts: the Host header is then whatever a proxy passes on. */
function isOwnOrigin(address: string, request: Request): boolean {
  if (!URL.canParse(address)) return false;
  const { origin } = new URL(address);
  if (origin === new URL(env.PUBLIC_URL).origin) return true;
  return !env.PUBLIC_URL_GIVEN && new URL(address).host === new URL(request.url).host;
}
