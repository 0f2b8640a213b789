import "./production";
import { env } from "../app/env.server";
import { logger } from "../app/logger.server";
import { findTools } from "../media/ffmpeg";
import "../models/all.server";
import { connect, disconnect } from "../models/connection.server";
import { connectOrStart } from "../models/embedded/index";
import { plantDemoClips } from "./demo-clips";
import { untilStopped } from "./stopping";

/**
 * Films and plants the demo's clips, in a process of its own beside the worker: drawing scenes needs what the worker
 * has locked away for good, because there it would be offered to what members send.
 */
const stopping = untilStopped();

try {
  if (stopping.aborted) process.exit(0);
  const engine = env.MONGODB_URI ? null : await connectOrStart(env.DATA_DIR, { port: env.EMBEDDED_PORT });
  await connect(env.MONGODB_URI ?? engine?.uri ?? "");
  const { ffmpeg } = findTools({ ffmpegPath: env.FFMPEG_PATH, ffprobePath: env.FFPROBE_PATH, ffmpegBin: env.FFMPEG_BIN });
  await plantDemoClips({ ffmpegPath: ffmpeg?.path ?? null, max: env.DEMO_CLIPS }, stopping);
  await disconnect();
  await engine?.close();
  process.exit(0);
} catch (error) {
  if (!stopping.aborted) logger.error({ event: "demo.clipsFailed", err: error });
  process.exit(stopping.aborted ? 0 : 1);
}
