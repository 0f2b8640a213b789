/**
 * Where a link in a member's text may lead. Pure, safe in the browser. Known hosts are public bodies, exchanges and
 * encyclopaedias: a link there opens at once. Any other host passes the confirm page, which names it in plain letters.
 */
export const KNOWN_HOSTS: readonly string[] = [
  "gov.cn",
  "csrc.gov.cn",
  "pbc.gov.cn",
  "sse.com.cn",
  "szse.cn",
  "bse.cn",
  "hkex.com.hk",
  "sfc.hk",
  "amac.org.cn",
  "sac.net.cn",
  "cninfo.com.cn",
  "chinabond.com.cn",
  "csindex.com.cn",
  "cnindex.com.cn",
  "sec.gov",
  "investor.gov",
  "consumerfinance.gov",
  "finra.org",
  "nasdaq.com",
  "nyse.com",
  "iosco.org",
  "oecd.org",
  "worldbank.org",
  "imf.org",
  "bis.org",
  "wikipedia.org",
];

/** Longest address we carry; browsers and proxies cut beyond this. */
export const URL_LENGTH_MAX = 2_000;

export type LinkTarget =
  | { kind: "internal"; href: string }
  | { kind: "known"; href: string; host: string }
  | { kind: "unknown"; href: string; host: string }
  | { kind: "mail"; href: string }
  | { kind: "refused" };

/** Sorts an address as written. Only http, https and mailto exist; a path of our own site begins with one slash. */
export function sortLink(written: string): LinkTarget {
  const address = written.trim();
  if (address === "" || address.length > URL_LENGTH_MAX) return { kind: "refused" };
  // A second slash or a backslash would make the browser read a host; a colon after the slash is harmless.
  if (/^\/(?![/\\])/.test(address)) return internalLink(address);
  if (/^#[\w-]*$/.test(address)) return { kind: "internal", href: address };
  if (!URL.canParse(address)) return { kind: "refused" };
  const url = new URL(address);
  if (url.protocol === "mailto:") return /^[^\s?@]+@[^\s?@]+$/.test(url.pathname) ? { kind: "mail", href: `mailto:${url.pathname}` } : { kind: "refused" };
  if (url.protocol !== "https:" && url.protocol !== "http:") return { kind: "refused" };
  if (url.hostname === "") return { kind: "refused" };
  // "https://bank.example@evil.example" is a known trick: what stands before the @ is never kept.
  url.username = "";
  url.password = "";
  const known = url.port === "" && isKnownHost(url.hostname);
  return { kind: known ? "known" : "unknown", href: url.href, host: url.host };
}

export function isKnownHost(host: string): boolean {
  return KNOWN_HOSTS.some((known) => host === known || host.endsWith(`.${known}`));
}

/** Address of the confirm page for a host we do not know. */
export function confirmPath(href: string): string {
  return `/out?to=${encodeURIComponent(href)}`;
}

function internalLink(address: string): LinkTarget {
  const base = "https://self.invalid";
  if (!URL.canParse(address, base)) return { kind: "refused" };
  const url = new URL(address, base);
  return url.origin === base ? { kind: "internal", href: `${url.pathname}${url.search}${url.hash}` } : { kind: "refused" };
}
