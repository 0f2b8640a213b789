import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/**
 * Small facts that travel through the browser: everyone may read them, nobody can change them (intents, notices).
 * Each purpose has a key of its own, derived from the secret, so that a token of one kind is never taken for another.
 */
export interface TokenKey {
  secret: string;
  purpose: string;
}

function keyOf({ secret, purpose }: TokenKey): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "goldbean", purpose, 32));
}

export function sign(payload: unknown, key: TokenKey): string {
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return `${body}.${macOf(body, key)}`;
}

/** The payload, or null when the token was not made by us for this purpose. */
export function unsign(token: string, key: TokenKey): unknown {
  const [body, mac, ...rest] = token.split(".");
  if (!body || !mac || rest.length > 0) return null;
  const given = Buffer.from(mac);
  const own = Buffer.from(macOf(body, key));
  if (given.length !== own.length || !timingSafeEqual(given, own)) return null;
  return JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
}

function macOf(body: string, key: TokenKey): string {
  return createHmac("sha256", keyOf(key)).update(body).digest("base64url");
}
