import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { contentSecurityPolicy, replaceNonceByHashes } from "./csp";
import { brotli, chooseCoding, gzipped, isCompressible, type Coding } from "./encoding";
import type { MadePage } from "./page-cache";

/** A whole answer in each coding, headers included, ready to be written as it is. */
export interface WholePage {
  status: number;
  variants: Partial<Record<Coding, Variant>> & { identity: Variant };
}

interface Variant {
  etag: string;
  /** Name, value, name, value, …: the form that node writes fastest. */
  headers: string[];
  notModifiedHeaders: string[];
  body: Buffer;
}

export const TAGS_HEADER = "X-Page-Tags";
/** Answers of this size belong to a file store, not to memory. */
const KEPT_BYTES_MAX = 4_000_000;
/** Said by Remix or by us while rendering, and not to be repeated from memory. */
const DROPPED = new Set(["x-page-tags", "set-cookie", "server-timing", "content-length", "content-encoding", "transfer-encoding", "connection", "date", "etag", "vary"]);

export interface WholePageOptions {
  nonce: string;
  https: boolean;
  fixedHeaders: readonly [name: string, value: string][];
}

/**
 * Turns an answer and all its bytes into one that many readers may get: no nonce, no cookie, compressed once.
 * `keep` is false for anything but a plain 200, so that an error or a redirect is never remembered.
 */
export async function makeWholePage(response: Response, raw: Buffer, options: WholePageOptions): Promise<MadePage<WholePage>> {
  const contentType = response.headers.get("Content-Type") ?? "application/octet-stream";
  const isHtml = contentType.startsWith("text/html");
  const page = isHtml ? replaceNonceByHashes(raw.toString("utf8"), options.nonce) : null;
  const body = page ? Buffer.from(page.html) : raw;
  const headers = headersOf(response, options, contentSecurityPolicy(page?.hashes ?? [], options.https));
  const keep = response.status === 200 && !response.headers.has("Set-Cookie") && !/no-store|private/.test(response.headers.get("Cache-Control") ?? "") && body.length <= KEPT_BYTES_MAX;
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  const variants: WholePage["variants"] = { identity: variant(body, "identity", headers, hash) };
  if (keep && isCompressible(contentType)) {
    const [br, gz] = await Promise.all([brotli(body), gzipped(body)]);
    variants.br = variant(br, "br", headers, hash);
    variants.gzip = variant(gz, "gzip", headers, hash);
  }
  return {
    page: { status: response.status, variants },
    tags: (response.headers.get(TAGS_HEADER) ?? "").split(/\s+/).filter(Boolean).slice(0, 200),
    bytes: Object.values(variants).reduce((sum, { body: bytes, headers: list }) => sum + bytes.length + 3 * list.join("").length, 500),
    keep,
  };
}

function headersOf(response: Response, { fixedHeaders }: WholePageOptions, policy: string): [string, string][] {
  const own = [...response.headers].filter(([name]) => !DROPPED.has(name));
  const named = new Set(own.map(([name]) => name));
  return [
    ...fixedHeaders.filter(([name]) => !named.has(name.toLowerCase())),
    ...own,
    ["Content-Security-Policy", policy],
    // The page is one for all guests, but a cache on the way cannot know who is one.
    ...(named.has("cache-control") ? [] : ([["Cache-Control", "private, no-cache"]] as [string, string][])),
    ["Vary", "Accept-Encoding, Accept-Language, Cookie"],
  ];
}

function variant(body: Buffer, coding: Coding, headers: [string, string][], hash: string): Variant {
  const etag = `"${hash}-${coding[0] ?? ""}"`;
  const shared = [...headers, ["ETag", etag]].flat();
  return {
    etag,
    headers: [...shared, ...(coding === "identity" ? [] : ["Content-Encoding", coding]), "Content-Length", String(body.length)],
    notModifiedHeaders: shared,
    body,
  };
}

/** Sends the page, or says that the reader has it already. */
export function sendWholePage(req: IncomingMessage, res: ServerResponse, { status, variants }: WholePage): void {
  const coding = chooseCoding(req.headers["accept-encoding"], (candidate) => variants[candidate] !== undefined);
  const { etag, headers, notModifiedHeaders, body } = variants[coding] ?? variants.identity;
  const known = req.headers["if-none-match"];
  if (known !== undefined && status === 200 && known.includes(etag)) {
    res.writeHead(304, notModifiedHeaders);
    res.end();
    return;
  }
  res.writeHead(status, headers);
  if (req.method === "HEAD") res.end();
  else res.end(body);
}
