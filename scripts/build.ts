import { spawn } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build as viteBuild } from "vite";
import tsconfigPaths from "vite-tsconfig-paths";
import { brotli, gzipped } from "../app/server/encoding";

/**
 * Makes build/: the app (client and server, by the Remix plugin), the process around it with its scripts and the
 * database worker (build/process), and a compressed copy of every client file. scripts/run.js asks for it.
 *
 * The process is bundled instead of read through a TypeScript loader: nothing is compiled at a start, and
 * import.meta.glob means the same in both halves.
 */
const PROCESS_ENTRIES = {
  start: "scripts/start.ts",
  seed: "scripts/seed.ts",
  "create-indexes": "scripts/create-indexes.ts",
  "media-worker": "scripts/media-worker.ts",
  "media-reap": "scripts/media-reap.ts",
  /** Started by media-worker, from beside itself. */
  "plant-clips": "scripts/plant-clips.ts",
  /** Found by models/embedded/index.ts beside itself, in place of the file that loads the sources. */
  thread: "models/embedded/worker.ts",
};
const COMPRESSIBLE = /\.(?:css|js|json|svg|txt|webmanifest)$/;
/** Not worth a second copy below this. */
const COMPRESS_BYTES_MIN = 500;
const BROTLI_BEST = 11;

export async function buildAll(): Promise<void> {
  await rm("build", { recursive: true, force: true });
  await run(process.execPath, ["node_modules/@remix-run/dev/dist/cli.js", "vite:build"]);
  await viteBuild({
    configFile: false,
    logLevel: "warn",
    plugins: [tsconfigPaths()],
    publicDir: false,
    build: {
      ssr: true,
      target: "node20",
      outDir: "build/process",
      emptyOutDir: true,
      rollupOptions: {
        input: PROCESS_ENTRIES,
        output: { format: "esm", entryFileNames: ({ name }) => (name === "thread" ? "thread.mjs" : "[name].js"), chunkFileNames: "[name]-[hash].js" },
      },
    },
  });
  await compressClient("build/client");
  // Last, so that a build that was cut off is not taken for a finished one.
  await writeFile("build/finished", `${new Date().toISOString()}\n`);
}

function run(command: string, parameters: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, NODE_ENV: "production" } });
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => (complaints += chunk.toString("utf8")));
    child.once("error", reject);
    // A build that succeeds still remarks on routes without a page of their own; only a failure is worth reading.
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`${complaints}${parameters.join(" ")} ended with code ${code}`))));
  });
}

async function compressClient(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !COMPRESSIBLE.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const body = await readFile(path);
    if (body.length < COMPRESS_BYTES_MIN) continue;
    const [br, gz] = await Promise.all([brotli(body, BROTLI_BEST), gzipped(body, 9)]);
    await Promise.all([writeFile(`${path}.br`, br), writeFile(`${path}.gz`, gz)]);
  }
}

await buildAll();
