import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join, relative, sep } from "node:path";
import { chooseCoding, type Coding } from "./encoding";

/**
 * What the build put into build/client, read once at the start: a few hundred small files, compressed by the build.
 * A path is looked up in a table and never touches the file system, so there is no path to escape with.
 */
interface StaticFile {
  variants: Partial<Record<Coding, { body: Buffer; headers: string[] }>>;
  etag: string;
}

export type StaticFiles = ReadonlyMap<string, StaticFile>;

const TYPES: Record<string, string> = {
  ".css": "text/css; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
const COMPRESSED: readonly [Coding, string][] = [["br", ".br"], ["gzip", ".gz"]];

/** Files under /assets/ have their hash in the name and never change; the others may, with the next version. */
const IMMUTABLE = "public, max-age=31536000, immutable";
const HOURLY = "public, max-age=3600";

export function loadStaticFiles(directory: string, fixedHeaders: readonly [name: string, value: string][]): StaticFiles {
  const files = new Map<string, StaticFile>();
  if (!existsSync(directory)) return files;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(entry.name)];
    if (!entry.isFile() || !type) continue;
    const url = `/${relative(directory, path).split(sep).join("/")}`;
    files.set(url, readFile(path, url, type, fixedHeaders));
  }
  return files;
}

function readFile(path: string, url: string, type: string, fixedHeaders: readonly [string, string][]): StaticFile {
  const body = readFileSync(path);
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 22)}"`;
  const shared = [...fixedHeaders.flat(), "Content-Type", type, "Cache-Control", url.startsWith("/assets/") ? IMMUTABLE : HOURLY, "ETag", etag, "Vary", "Accept-Encoding"];
  const variants: StaticFile["variants"] = { identity: { body, headers: [...shared, "Content-Length", String(body.length)] } };
  for (const [coding, suffix] of COMPRESSED) {
    if (!existsSync(path + suffix)) continue;
    const compressed = readFileSync(path + suffix);
    variants[coding] = { body: compressed, headers: [...shared, "Content-Encoding", coding, "Content-Length", String(compressed.length)] };
  }
  return { variants, etag };
}

/** False when the path names no file. */
export function sendStaticFile(req: IncomingMessage, res: ServerResponse, files: StaticFiles): boolean {
  const [path = ""] = (req.url ?? "").split("?", 1);
  const file = files.get(path);
  if (!file) return false;
  if (req.headers["if-none-match"]?.includes(file.etag)) {
    res.writeHead(304, ["ETag", file.etag, "Vary", "Accept-Encoding"]);
    res.end();
    return true;
  }
  const coding = chooseCoding(req.headers["accept-encoding"], (candidate) => file.variants[candidate] !== undefined);
  const chosen = file.variants[coding] ?? file.variants.identity;
  if (!chosen) return false;
  res.writeHead(200, chosen.headers);
  res.end(req.method === "HEAD" ? undefined : chosen.body);
  return true;
}
