import { createHash } from "node:crypto";

/**
 * Content-Security-Policy. One builder for both kinds of page: a page rendered for its request names a fresh nonce,
 * a page from the cache names the hashes of its own inline scripts, so that no nonce is ever served twice.
 */
const FIXED = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self' data:",
  // blob: is how a browser names what hls.js feeds to a <video>; such an address is made by our own scripts and holds no page.
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
];

/** `scriptSources` such as `'nonce-…'` or `'sha256-…'`; `https` = readers come over TLS. */
export function contentSecurityPolicy(scriptSources: string[], https: boolean, extraConnect: string[] = []): string {
  const fixed = extraConnect.length === 0 ? FIXED : FIXED.map((line) => (line.startsWith("connect-src") ? `${line} ${extraConnect.join(" ")}` : line));
  return [...fixed, `script-src ${["'self'", ...scriptSources].join(" ")}`, ...(https ? ["upgrade-insecure-requests"] : [])].join("; ");
}

const INLINE_SCRIPT = /<script\b([^>]*)>([\s\S]*?)<\/script>/gi;

export interface NonceFreePage {
  html: string;
  /** `'sha256-…'` of each inline script that carried the nonce, for the policy of this page. */
  hashes: string[];
}

/**
 * Turns a page rendered with `nonce` into one that can be kept: the attribute goes, and the scripts that carried it
 * are named by hash. A script without the nonce gets no hash: had somebody smuggled one into a post, keeping the
 * page would not make it run.
 */
export function replaceNonceByHashes(page: string, nonce: string): NonceFreePage {
  const mark = ` nonce="${nonce}"`;
  const hashes = new Set<string>();
  for (const [, attributes = "", source = ""] of page.matchAll(INLINE_SCRIPT)) {
    if (!attributes.includes(mark) || /\ssrc=/.test(attributes)) continue;
    hashes.add(`'sha256-${createHash("sha256").update(source).digest("base64")}'`);
  }
  return { html: page.replaceAll(mark, ""), hashes: [...hashes] };
}
