import "./production";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ServerBuild } from "@remix-run/node";
import { EnvError, parseEnv, type Env } from "../app/env.server";
import { logger } from "../app/logger.server";
import { startServer } from "../app/server";
import { createMediaHealth } from "../app/server/media-health";
import { settlePages } from "../app/services/media-settle.server";
import { getStorage } from "../app/services/storage.server";
import { sweepDeletedWords } from "../app/services/sweep.server";
import { sweepUploads } from "../app/services/upload-sweep.server";
import "../models/all.server";
import { connect, disconnect, pingDatabase } from "../models/connection.server";
import { DirectoryInUse, startEmbedded, type Embedded } from "../models/embedded/index";
import { ensureIndexes, listMissingIndexes } from "../models/indexes.server";
import { startWorkers } from "./workers";

/** `npm start`: the database, its indexes, demo data on an empty one, then the server. */
const BUILD_DIRECTORY = "build";
const SWEEP_EVERY_MS = 3_600_000;

async function openDatabase(env: Env): Promise<Embedded | null> {
  if (env.MONGODB_URI) {
    await connect(env.MONGODB_URI);
    const missing = await listMissingIndexes();
    if (missing.length > 0) throw new EnvError([`${missing.length} indexes are missing (${missing[0]} …): run npm run db:indexes first`]);
    return null;
  }
  const engine = await startEmbedded({ directory: env.DATA_DIR, port: env.EMBEDDED_PORT });
  await connect(engine.uri);
  await ensureIndexes();
  return engine;
}

async function main(): Promise<void> {
  const env = parseEnv(process.env);
  const engine = await openDatabase(env);
  const demo = env.DEMO && engine ? await (await import("./demo")).prepareDemo(new Date()) : null;
  const build = (await import(pathToFileURL(join(BUILD_DIRECTORY, "server", "index.js")).href)) as ServerBuild;
  const media = createMediaHealth({ FFMPEG_PATH: env.FFMPEG_PATH, FFMPEG_BIN: env.FFMPEG_BIN, FFPROBE_PATH: env.FFPROBE_PATH, storage: getStorage() });
  const server = await startServer({
    env,
    build,
    clientDirectory: join(BUILD_DIRECTORY, "client"),
    health: { pingDatabase, dataDir: env.DATA_DIR, media },
    followEvents: true,
  });
  const address = env.PUBLIC_URL_GIVEN ? env.PUBLIC_URL : `http://${env.HOST === "0.0.0.0" ? "localhost" : env.HOST}:${server.port}`;
  logger.info({ event: "server.ready", address, readyMs: Math.round(performance.now()), database: engine ? "embedded" : "cluster" });
  if (demo) console.log(demo.describe(address));
  process.send?.({ kind: "ready", port: server.port });
  // Asked once the server answers: it takes the programs a moment to say what they can do.
  void media.check();

  const leaving = new AbortController();
  const settling = settlePages(leaving.signal);
  const workers = startWorkers({ path: join(BUILD_DIRECTORY, "process", "media-worker.js"), count: env.MEDIA_WORKERS, firstArguments: demo ? ["--demo"] : [] });

  const sweep = async () => {
    await sweepUploads(new Date()).then(
      (swept) => logger.info({ event: "uploads.swept", ...swept }),
      (error: unknown) => logger.error({ event: "uploads.sweepFailed", err: error }),
    );
    await sweepDeletedWords(new Date()).then(
      (swept) => logger.info({ event: "words.swept", ...swept }),
      (error: unknown) => logger.error({ event: "words.sweepFailed", err: error }),
    );
  };
  void sweep();
  const sweeping = setInterval(() => void sweep(), SWEEP_EVERY_MS);

  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ event: "server.stopping", signal });
    clearInterval(sweeping);
    leaving.abort();
    await Promise.all([server.stop(), workers.stop(), settling]);
    await disconnect();
    await engine?.close();
    logger.info({ event: "server.stopped" });
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));
}

try {
  await main();
} catch (error) {
  // What a person can put right is said in a sentence; anything else comes with its trace.
  if (error instanceof EnvError || error instanceof DirectoryInUse) console.error(error.message);
  else logger.fatal({ event: "server.failed", err: error });
  process.exit(1);
}
