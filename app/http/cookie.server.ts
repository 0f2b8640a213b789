import { env } from "../env.server";

/** Every cookie of ours that scripts need not read: HttpOnly, same-site, Secure wherever the site is. */
export function serializeCookie(name: string, value: string, maxAgeSec?: number): string {
  const age = maxAgeSec === undefined ? "" : `; Max-Age=${maxAgeSec}`;
  const secure = env.PUBLIC_URL.startsWith("https:") ? "; Secure" : "";
  return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${age}${secure}`;
}

export function blankCookie(name: string): string {
  return serializeCookie(name, "", 0);
}

export function readCookie(request: Request, name: string): string | null {
  for (const pair of (request.headers.get("Cookie") ?? "").split(/;\s*/)) {
    if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1) || null;
  }
  return null;
}
