/**
 * Runs one of the built scripts, building first when there is no build or a source is newer than it:
 * `node scripts/run.js start`. Plain JavaScript, because it must run before anything is built.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const SOURCES = ["app", "models", "media", "public", "scripts", "package-lock.json", "vite.config.ts", "remix.config.js", "tsconfig.json"];
/** Content and measuring are read or run as they are; changing them needs no build. */
const NOT_BUILT = /^scripts\/(?:seed\/.*\.(?:md|ya?ml)$|bench\/|db\/|run\.js$)/;

/** @param {string} path @returns {number} */
function newestIn(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return statSync(path).mtimeMs;
  let newest = 0;
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (entry.isFile() && !NOT_BUILT.test(file)) newest = Math.max(newest, statSync(file).mtimeMs);
  }
  return newest;
}

function buildIsStale() {
  if (!existsSync("build/finished")) return true;
  const builtAtMs = statSync("build/finished").mtimeMs;
  return SOURCES.some((path) => newestIn(path) > builtAtMs);
}

// The script finds its own arguments where it would if it were called itself.
const [name = "start"] = process.argv.splice(2, 1);
process.env.NODE_ENV ||= "production";
if (existsSync(".env")) process.loadEnvFile();
const isDeveloperTreeThere = existsSync("node_modules/vite");
if (isDeveloperTreeThere && buildIsStale()) {
  console.error("Building …");
  const { status } = spawnSync(process.execPath, ["--import", "tsx", "scripts/build.ts"], { stdio: ["ignore", "inherit", "inherit"] });
  if (status !== 0) process.exit(status ?? 1);
}
await import(pathToFileURL(join("build", "process", `${name}.js`)).href);
