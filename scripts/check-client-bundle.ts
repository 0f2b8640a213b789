import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { brotli, gzipped } from "../app/server/encoding";

/**
 * What the browser is sent: nothing that belongs to the server, and at most 110 KB of JavaScript, compressed, for each
 * page that a guest reads: the page's own modules, everything they import, and the first sentences of one language.
 * Measured in gzip, which is the larger; brotli, which is what a browser gets over TLS, is printed beside it.
 * And no such page asks at once for a sentence that comes later: it would wait for a second file before it comes alive.
 */
const CLIENT = "build/client";
export const GUEST_PAGE_JS_BYTES_MAX = 110_000;
/** Words that only server code contains. `bson` as a module name, not as a part of another word. */
const FORBIDDEN = [/mongoose/i, /\bMongoClient\b/, /from"?bson/, /\blmdb\b/, /argon2/i, /SESSION_SECRET|INTENT_SECRET|SMTP_PASSWORD|MONGODB_URI|METRICS_TOKEN/, /process\.env\.[A-Z]/];
const GUEST_ROUTES = ["routes/_index", "routes/latest", "routes/hot", "routes/topics.$slug", "routes/tickers.$id", "routes/members.$handle", "routes/posts.$postId", "routes/search"];

interface Manifest {
  entry: { module: string; imports: string[] };
  routes: Record<string, { module: string; imports?: string[]; clientActionModule?: string } | undefined>;
}

export interface Weight {
  brotliBytes: number;
  gzipBytes: number;
}

export interface BundleReport {
  problems: string[];
  /** Route id → compressed bytes of all its JavaScript. */
  routes: Record<string, Weight>;
}

export async function checkClientBundle(): Promise<BundleReport> {
  const problems: string[] = [];
  const files = (await readdir(CLIENT, { recursive: true })).filter((file) => file.endsWith(".js"));
  const sizes = new Map<string, Weight>();
  const imports = new Map<string, string[]>();
  for (const file of files) {
    const source = await readFile(join(CLIENT, file), "utf8");
    for (const word of FORBIDDEN) if (word.test(source)) problems.push(`${file} contains ${String(word)}`);
    const bytes = Buffer.from(source);
    sizes.set(`/${file}`, { brotliBytes: (await brotli(bytes, 11)).length, gzipBytes: (await gzipped(bytes, 9)).length });
    imports.set(`/${file}`, staticImports(source, file));
  }
  const manifest = await readManifest(files);
  const routes: Record<string, Weight> = {};
  const later = new Set<string>();
  // The larger of the languages; loaded by the entry, so that no page carries both.
  const [sentences] = [...sizes.keys()].filter((file) => /\/messages\.[\w-]+\.first-[\w-]+\.js$/.test(file)).sort((a, b) => gzipOf(b) - gzipOf(a));
  if (!sentences) problems.push("the first sentences of a language are not a file of their own");
  const laterKey = await laterKeyPattern(files);
  for (const id of GUEST_ROUTES) {
    const route = manifest.routes[id];
    if (!route) {
      problems.push(`the build has no route ${id}`);
      continue;
    }
    const start = [manifest.entry.module, ...manifest.entry.imports, manifest.routes.root, route].flatMap((part) => (typeof part === "string" ? part : part ? [part.module, ...(part.imports ?? [])] : []));
    const needed = [...reach([...start, sentences ?? ""], imports)];
    const weights = needed.map((file) => sizes.get(file)).filter((size) => size !== undefined);
    const total = { brotliBytes: sum(weights.map((size) => size.brotliBytes)), gzipBytes: sum(weights.map((size) => size.gzipBytes)) };
    routes[id] = total;
    if (total.gzipBytes > GUEST_PAGE_JS_BYTES_MAX) problems.push(`${id} needs ${total.gzipBytes} bytes of JavaScript, compressed; at most ${GUEST_PAGE_JS_BYTES_MAX}`);
    for (const file of needed) if (sizes.has(file)) for (const [, key = ""] of (await readFile(join(CLIENT, file), "utf8")).matchAll(laterKey)) later.add(`${file} asks for ${key}`);
  }
  return { problems: [...problems, ...later], routes };

  function gzipOf(file: string): number {
    return sizes.get(file)?.gzipBytes ?? 0;
  }
}

/** Finds the keys of sentences that are not among the first ones, written whole: `"gate.like"`. */
async function laterKeyPattern(files: string[]): Promise<RegExp> {
  const name = files.find((file) => /messages\.en\.later-/.test(file));
  if (!name) throw new Error("the later sentences of a language are not a file of their own");
  const keys = [...(await readFile(join(CLIENT, name), "utf8")).matchAll(/"([a-z]+)\.json"|\/([a-z]+)\.json/g)].map(([, a, b]) => a ?? b ?? "");
  return new RegExp(`"((?:${[...new Set(keys)].join("|")})\\.[A-Za-z][\\w.]*)"`, "g");
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The manifest is a script that assigns an object literal of JSON. */
async function readManifest(files: string[]): Promise<Manifest> {
  const name = files.find((file) => /manifest-[\w-]+\.js$/.test(file));
  if (!name) throw new Error(`${CLIENT} has no manifest: run npm run build first`);
  const source = await readFile(join(CLIENT, name), "utf8");
  return JSON.parse(source.slice(source.indexOf("{"), source.lastIndexOf("}") + 1)) as Manifest;
}

function staticImports(source: string, file: string): string[] {
  const directory = `/${file}`.slice(0, `/${file}`.lastIndexOf("/") + 1);
  return [...source.matchAll(/(?:from|import)\s*"(\.[^"]+\.js)"/g)].map(([, path = ""]) => new URL(path, `http://x${directory}`).pathname);
}

function reach(start: string[], imports: Map<string, string[]>): Set<string> {
  const seen = new Set<string>();
  const queue = [...start];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    queue.push(...(imports.get(next) ?? []));
  }
  return seen;
}

if (process.argv[1]?.includes("check-client-bundle")) {
  const { problems, routes } = await checkClientBundle();
  for (const [id, { brotliBytes, gzipBytes }] of Object.entries(routes)) {
    console.log(`${id.padEnd(28)} JavaScript ${(brotliBytes / 1000).toFixed(1)} KB in brotli, ${(gzipBytes / 1000).toFixed(1)} KB in gzip`);
  }
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exit(1);
}
