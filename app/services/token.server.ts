import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/**
 * Small facts that travel through the browser: everyone may read them, nobody can change them (intents, notices).
 * Each purpose has a key of its own, derived from the secret, so that a token of one kind is never taken for another.
 */
export interface TokenKey {
  secret: string;
  purpose: string;
}

/** One key per purpose and secret, of which a process has a handful. */
const keys = new Map<string, Buffer>();

function keyOf({ secret, purpose }: TokenKey): Buffer {
  const id = `${purpose}:${secret}`;
  const known = keys.get(id);
  if (known) return known;
  const made = Buffer.from(hkdfSync("sha256", secret, "goldbean", purpose, 32));
  keys.set(id, made);
  return made;
}

export function sign(payload: unknown, key: TokenKey): string {
  const body = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return `${body}.${macOf(body, key)}`;
}

/** The payload, or null when the token was not made by us for this purpose. */
export function unsign(token: string, key: TokenKey): unknown {
  const [body, mac, ...rest] = token.split(".");
  if (!body || !mac || rest.length > 0) return null;
  if (!isSame(mac, macOf(body, key))) return null;
  return JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
}

/** 128 bits under a text that travels beside it, such as a path: 22 letters that fit there. */
export function seal(text: string, key: TokenKey): string {
  return macOf(text, key).slice(0, SEAL_LENGTH);
}

export function isSealOf(text: string, given: string, key: TokenKey): boolean {
  return isSame(given, seal(text, key));
}

const SEAL_LENGTH = 22;

function isSame(given: string, own: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(own)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function macOf(body: string, key: TokenKey): string {
  return createHmac("sha256", keyOf(key)).update(body).digest("base64url");
}
