import "./production";
import { fork } from "node:child_process";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { env } from "../app/env.server";
import { logger } from "../app/logger.server";
import { getStorage } from "../app/services/storage.server";
import { describeTools } from "../media/ffmpeg";
import { reap } from "../media/reaper";
import { describeSandbox } from "../media/sandbox";
import { runWorker } from "../media/worker";
import "../models/all.server";
import { connect, disconnect } from "../models/connection.server";
import { connectOrStart } from "../models/embedded/index";
import { untilStopped } from "./stopping";

/**
 * `npm run media:worker`: prepares uploads until it is told to stop. `npm start` runs one beside the server; more can
 * run on other machines against the same MONGODB_URI and bucket. With --demo it first sees to ffmpeg, then has the
 * demo's clips filmed by a process beside it.
 */
const REAP_EVERY_MS = 3_600_000;

async function reapUntil(workRoot: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await reap({ storage: getStorage(), workRoot }, new Date()).then(
      (reaped) => logger.info({ event: "media.reaped", ...reaped }),
      (error: unknown) => logger.error({ event: "media.reapFailed", err: error }),
    );
    await wait(REAP_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function main(): Promise<void> {
  const stopping = untilStopped();
  const isDemo = process.argv.includes("--demo");
  if (isDemo) await (await import("./setup-media")).setUpMedia();
  // Or it would start an engine of its own on the data of a server that is gone, and keep the next one out.
  if (stopping.aborted) return;
  const engine = env.MONGODB_URI ? null : await connectOrStart(env.DATA_DIR, { port: env.EMBEDDED_PORT });
  await connect(env.MONGODB_URI ?? engine?.uri ?? "");
  const workRoot = join(env.DATA_DIR, "media-work");
  const tools = await describeTools({ ffmpegPath: env.FFMPEG_PATH, ffprobePath: env.FFPROBE_PATH, ffmpegBin: env.FFMPEG_BIN });
  const options = { storage: getStorage(), workRoot, extras: env.MEDIA_EXTRAS, tools, log: (event: Record<string, unknown>) => logger.info(event) };
  logger.info({ event: "media.workerReady", ffmpeg: tools.ffmpeg, version: tools.version, notices: tools.notices, sandbox: describeSandbox().kind });
  // Its channel closes with this process, and it stops.
  if (isDemo) fork(join(dirname(fileURLToPath(import.meta.url)), "plant-clips.js"), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await Promise.all([runWorker(options, stopping), reapUntil(workRoot, stopping)]);
  await disconnect();
  await engine?.close();
}

try {
  await main();
  process.exit(0);
} catch (error) {
  logger.fatal({ event: "media.workerFailed", err: error });
  process.exit(1);
}
