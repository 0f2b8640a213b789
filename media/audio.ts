import { existsSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { inputArgs, READ_SEC_MAX, requireSuccess, requireTools, runFfmpeg, type FfmpegResult, type MediaTools } from "./ffmpeg";
import { moveInto } from "./files";
import type { StageContext, VideoFacts, Used } from "./types";

/**
 * The sound of a clip, made once and copied into every version: stereo AAC at one loudness, so that nobody reaches for
 * the volume between two clips.
 */
export interface AudioOptions {
  source: string;
  facts: VideoFacts;
  ctx: StageContext;
}

export interface Loudness {
  /** LUFS over all; -Infinity or below -69 for silence. */
  integrated: number;
  /** dBTP. */
  peak: number;
}

const TARGET_LUFS = -16;
const GAIN_MIN_DB = -24;
const GAIN_MAX_DB = 12;
const CEILING_DBTP = -1.5;
/** Below this it is a room, not a voice: turning it up would raise its noise. */
const SILENT_LUFS = -60;
const TIMEOUT_MS = 180_000;
export const AUDIO_NAME = "audio.m4a";

/**
 * Writes `audio.m4a` into the work folder, unless it is there.
 * @returns null for a clip without sound
 */
export async function makeAudio({ source, facts, ctx }: AudioOptions): Promise<({ path: string } & Used) | null> {
  if (!facts.hasAudio || facts.audioIndex === null) return null;
  const path = join(ctx.workDir, AUDIO_NAME);
  if (existsSync(path)) return { path, cpuSec: 0, peakRssBytes: 0 };
  const tools = await requireTools(ctx.tools);
  const measured = await measure({ source, facts, ctx }, tools);
  const encoded = await encode({ source, facts, ctx }, tools, measured ? gainFor(measured.loudness) : 0);
  return {
    path,
    cpuSec: (measured?.cpuSec ?? 0) + encoded.cpuSec,
    peakRssBytes: Math.max(measured?.peakRssBytes ?? 0, encoded.peakRssBytes),
  };
}

/** Decibels to add. Never so many that the peaks would have to be cut. */
export function gainFor({ integrated, peak }: Loudness): number {
  if (!(integrated >= SILENT_LUFS)) return 0;
  const wanted = Math.min(GAIN_MAX_DB, Math.max(GAIN_MIN_DB, TARGET_LUFS - integrated));
  return wanted > 0 ? Math.max(0, Math.min(wanted, CEILING_DBTP - peak)) : wanted;
}

/** Measured after the mix to stereo: 5.1 is several decibels louder or softer before it. */
async function measure({ source, facts, ctx }: AudioOptions, tools: MediaTools): Promise<({ loudness: Loudness } & Used) | null> {
  if (!tools.can.ebur128) return null;
  const result = await run({ source, facts, ctx }, ["-af", "aformat=channel_layouts=stereo,ebur128=peak=true:framelog=verbose", "-f", "null", "-"]);
  const summary = result.stderr.slice(result.stderr.lastIndexOf("Summary:"));
  const read = (label: RegExp): number => Number.parseFloat((label.exec(summary)?.[1] ?? "").replace("inf", "Infinity"));
  return { ...result, loudness: { integrated: read(/I:\s+(\S+) LUFS/), peak: read(/Peak:\s+(\S+) dBFS/) } };
}

async function encode(options: AudioOptions, tools: MediaTools, gainDb: number): Promise<FfmpegResult> {
  const tmp = await mkdtemp(join(options.ctx.workDir, "audio-"));
  const chain = [
    "aresample=48000:async=1000:first_pts=0",
    "aformat=channel_layouts=stereo",
    `volume=${gainDb.toFixed(2)}dB`,
    ...(tools.can.alimiter ? ["alimiter=limit=0.79:level=false"] : []),
  ];
  const codec = ["-c:a", "aac", "-b:a", "96k", "-ar", "48000", "-ac", "2", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"];
  const result = await run(options, ["-t", options.facts.durationSec.toFixed(3), "-af", chain.join(","), ...codec, AUDIO_NAME], tmp);
  await moveInto(options.ctx.workDir, tmp, [AUDIO_NAME]);
  return result;
}

/**
 * Both passes, and the encoder of the picture, open the same two streams: ffmpeg puts the clip's zero at the start of the
 * first stream that is in use, so a pass with the sound alone would move it.
 */
async function run({ source, facts, ctx }: AudioOptions, args: string[], writable = ctx.workDir): Promise<FfmpegResult> {
  const result = await runFfmpeg({
    ...ctx,
    args: [
      ...["-t", String(READ_SEC_MAX), ...inputArgs(source, facts.demuxer)],
      ...["-map", `0:${facts.videoIndex}`, "-c", "copy", "-f", "null", "-"],
      ...["-map", `0:${facts.audioIndex}`, ...args],
    ],
    readOnly: [source],
    writable,
    timeoutMs: TIMEOUT_MS,
  });
  requireSuccess(result, "audio");
  return result;
}
