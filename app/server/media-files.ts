import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { mediaKey, type ByteRange, type Storage } from "@media/storage";
import { readPart } from "@media/storage-local";
import { logger } from "../logger.server";
import { findServedAsset, REFUSAL_KEPT_MS, type ServedAsset } from "../services/media-lookup.server";
import { signedLifeSec } from "../services/media-url.server";
import { chooseRange } from "./byte-range";
import type { AnswerMedia } from "./media";

/**
 * Serves the files of photos and clips: `/m/<assetId>/<file>` for public ones, `/m/<exp>.<seal>/<assetId>/<file>` for
 * those who were given the address (media-url.server.ts). Neither express nor Remix is asked, so that a playing clip
 * takes no place from pages. Content type and size come from the database; what a name looks like decides nothing.
 */
export interface MediaFilesOptions {
  storage: Storage;
  now?: () => Date;
  /** A reader that takes nothing for so long is let go; a browser that goes on later asks for the rest. */
  stalledMs?: number;
}

/** Longer than a pause between two looks at a paused clip, shorter than an open file should be held for nobody. */
const STALLED_MS = 5 * 60_000;

const ADDRESS = /^\/m\/(?:(?<exp>\d{1,11})\.(?<mark>[\w-]{22})\/)?(?<assetId>[0-9a-f]{32})\/(?<file>[A-Za-z0-9][\w.-]{0,99})$/;

const IMMUTABLE = "public, max-age=31536000, immutable";
/** A browser asks again after this long, so that a removal reaches those who had a private address. */
const PRIVATE_AGE_MAX_SEC = 3600;
/** Nothing in a file may run or load anything, even when somebody opens it as a page. */
const POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

export function createMediaFiles({ storage, now = () => new Date(), stalledMs = STALLED_MS }: MediaFilesOptions): AnswerMedia {
  return async (req, res, { fixedHeaders }) => {
    for (const [name, value] of fixedHeaders) res.setHeader(name, value);
    res.setHeader("Content-Security-Policy", POLICY);
    res.setHeader("X-Content-Type-Options", "nosniff");
    if (req.method !== "GET" && req.method !== "HEAD") return refuse(res, 405);
    const found = await findFile(req.url ?? "", now());
    if ("status" in found) return refuse(res, found.status);
    res.setTimeout(stalledMs, () => res.destroy());
    await send(req, res, found, storage);
  };
}

interface FoundFile {
  assetId: string;
  name: string;
  type: string;
  bytes: number;
  createdAt: Date;
  cacheControl: string;
  isPublic: boolean;
}

type Lookup = FoundFile | { status: number };

/** Says 404 for what is private and for what never was alike: an address that was not given away must not learn more. */
async function findFile(url: string, now: Date): Promise<Lookup> {
  const [path = ""] = url.split("?", 1);
  const { exp, mark, assetId, file } = ADDRESS.exec(path)?.groups ?? {};
  if (!assetId || !file) return { status: 404 };
  const lifeSec = exp && mark ? signedLifeSec({ exp, mark, assetId }, now) : undefined;
  if (lifeSec === null) return { status: 404 };
  const wanted = { assetId, name: file, lifeSec };
  const found = fileOf(await findServedAsset(assetId, now), wanted);
  if (!("status" in found) || found.status !== 404) return found;
  return fileOf(await findServedAsset(assetId, now, REFUSAL_KEPT_MS), wanted);
}

/** `lifeSec`: what is left of a signed address; undefined for a public one. */
function fileOf(asset: ServedAsset | null, { assetId, name, lifeSec }: { assetId: string; name: string; lifeSec: number | undefined }): Lookup {
  if (asset?.state === "removed") return { status: 410 };
  // Ours, but over: the page it came from has a new one after a reload.
  if (lifeSec === 0) return { status: 403 };
  if (!asset || (lifeSec === undefined && !isOpen(asset))) return { status: 404 };
  const known = asset.files.get(name);
  if (!known) return { status: 404 };
  const cacheControl = lifeSec === undefined ? IMMUTABLE : `private, max-age=${Math.min(lifeSec, PRIVATE_AGE_MAX_SEC)}`;
  return { assetId, name, ...known, createdAt: asset.createdAt, cacheControl, isPublic: lifeSec === undefined };
}

function isOpen({ access, held, state }: ServedAsset): boolean {
  return access === "public" && !held && state !== "rejected";
}

async function send(req: IncomingMessage, res: ServerResponse, file: FoundFile, storage: Storage): Promise<void> {
  // A name is never written twice with other bytes, so the name is the version, and the asset's birth is its date.
  const etag = `"${file.assetId.slice(0, 12)}-${file.name}"`;
  const lastModified = file.createdAt.toUTCString();
  res.setHeader("ETag", etag).setHeader("Last-Modified", lastModified).setHeader("Cache-Control", file.cacheControl);
  // Public pictures are shown by feed readers on their own pages, and hold nothing that cookies decide. The others are for our pages alone.
  res.setHeader("Cross-Origin-Resource-Policy", file.isPublic ? "cross-origin" : "same-origin");
  if (isKnown(req, { etag, lastModified })) return void res.writeHead(304).end();
  res.setHeader("Accept-Ranges", "bytes").setHeader("Content-Type", file.type).setHeader("Content-Disposition", `inline; filename="${file.name}"`);
  // Parts are defined for GET alone; HEAD tells of the whole.
  const range = chooseRange({ range: req.method === "GET" ? req.headers.range : undefined, ifRange: headerOf(req, "if-range"), etag, lastModified, sizeBytes: file.bytes });
  if (range.kind === "impossible") return refuse(res, 416, { "Content-Range": `bytes */${file.bytes}` });
  const part = range.kind === "part" ? { start: range.start, end: range.end } : undefined;
  const bytes = part ? part.end - part.start + 1 : file.bytes;
  if (req.method === "HEAD") return void res.writeHead(200, { "Content-Length": bytes }).end();
  const body = await openBody(storage, mediaKey(file.assetId, file.name), bytes, part);
  if (!body) {
    logger.error({ event: "media.fileMissing", assetId: file.assetId, file: file.name, expected: bytes });
    return refuse(res, 404);
  }
  if (part) res.setHeader("Content-Range", `bytes ${part.start}-${part.end}/${file.bytes}`);
  res.writeHead(part ? 206 : 200, { "Content-Length": bytes });
  if (Buffer.isBuffer(body)) return void res.end(body);
  await pipeline(body, res).catch(() => {
    // The reader left, or the storage broke off: both streams are destroyed by now, and a cut body says so to the client.
  });
}

/**
 * Posters, playlists and the first piece of a clip are read in one go: measured at half the time of a stream for small
 * files, and no slower for parts of this size.
 */
const ONE_READ_BYTES_MAX = 256 * 1024;

/** Null unless there are exactly so many bytes. */
async function openBody(storage: Storage, key: string, bytes: number, part: ByteRange | undefined): Promise<Buffer | Readable | null> {
  const path = bytes <= ONE_READ_BYTES_MAX ? storage.localPath(key) : null;
  if (path !== null) return readPart(path, part?.start ?? 0, bytes);
  const opened = await storage.openRead(key, part);
  if (opened?.bytes === bytes) return opened.stream;
  opened?.stream.destroy();
  return null;
}

/** If-None-Match goes before If-Modified-Since, as the standard says. */
function isKnown(req: IncomingMessage, { etag, lastModified }: { etag: string; lastModified: string }): boolean {
  const tags = headerOf(req, "if-none-match");
  if (tags !== undefined) return tags.trim() === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
  const since = Date.parse(headerOf(req, "if-modified-since") ?? "");
  return !Number.isNaN(since) && Date.parse(lastModified) <= since;
}

function headerOf(req: IncomingMessage, name: string): string | undefined {
  const value = req.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

const REFUSALS: Record<number, string> = {
  403: "This address has expired. Reload the page it came from.\n",
  404: "Not found.\n",
  405: "Only GET and HEAD are answered here.\n",
  410: "This was removed.\n",
  416: "The file has no such bytes.\n",
};

function refuse(res: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  for (const name of ["ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition"]) res.removeHeader(name);
  if (status === 405) res.setHeader("Allow", "GET, HEAD");
  res.setHeader("Cache-Control", "no-store");
  res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", ...headers });
  res.end(REFUSALS[status]);
}
