import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { inputArgs, READ_SEC_MAX, requireSuccess, requireTools, runFfmpeg, type MediaTools } from "./ffmpeg";
import { exists, moveInto } from "./files";
import { normalise, rateOf } from "./filters";
import type { Rung } from "./ladder";
import { describeRendition, playlistName, segmentName, segmentsOf } from "./package";
import { MediaRejected, type Rendition, type RungName, type StageContext, type VideoFacts, type Used } from "./types";
import { WHOLE_SHARE } from "./validate";

/**
 * Encodes rungs of one clip in one process: decoding and the conversion of colours are paid once, and each rung is scaled
 * down from the next larger one. That is 40 % less CPU than a run per rung.
 */
export interface EncodeOptions {
  source: string;
  facts: VideoFacts;
  rungs: readonly Rung[];
  /** The clip's sound, ready to be copied into each rung; null for none. */
  audioPath: string | null;
  ctx: StageContext;
}

/**
 * Bits in thousands per second. Nobody waits for the middle rung, so it may take longer. The smallest is what everybody
 * waits for: "fast" with fewer references costs 12 % more CPU for the whole of it and saves 5 % of its bytes, at an SSIM of
 * 0.9775 instead of 0.9766 (a noisy 1080p clip, 27 Nov 2026).
 */
const QUALITY: Record<RungName, { preset: string; crf: number; maxKbps: number }> = {
  "360": { preset: "veryfast", crf: 23, maxKbps: 900 },
  "540": { preset: "faster", crf: 24, maxKbps: 1700 },
  "720": { preset: "veryfast", crf: 23, maxKbps: 2800 },
  "1080": { preset: "veryfast", crf: 23, maxKbps: 5000 },
  "av1-720": { preset: "10", crf: 38, maxKbps: 0 },
};

/** Eight times the clip's length is six times what it takes on two idle cores; a short clip on a crowded machine gets longer. */
const TIMEOUT_MS_MIN = 180_000;
const TIMEOUT_PER_SEC_MS = 8_000;

/** Writes `<rung>.mp4` and `<rung>.m3u8` for each rung that is not there yet. */
export async function encodeRungs({ rungs, ...options }: EncodeOptions): Promise<{ renditions: Rendition[] } & Used> {
  const { outDir } = options.ctx;
  const there = await Promise.all(rungs.map((rung) => exists(outDir, segmentName(rung.name), playlistName(rung.name))));
  const missing = rungs.filter((_, at) => !there[at]);
  const used = missing.length > 0 ? await encode({ ...options, rungs: missing }) : { cpuSec: 0, peakRssBytes: 0 };
  const renditions = await Promise.all(rungs.map((rung) => describeRendition(outDir, rung, options.facts)));
  return { renditions, ...used };
}

async function encode({ source, facts, rungs, audioPath, ctx }: EncodeOptions): Promise<Used> {
  const tools = await requireTools(ctx.tools);
  const scratch = await mkdtemp(join(ctx.workDir, "encode-"));
  try {
    const result = await runFfmpeg({
      ...ctx,
      args: encodeArgs({ source, facts, rungs, audioPath, tools }),
      readOnly: [source, ...(audioPath ? [audioPath] : [])],
      writable: scratch,
      timeoutMs: Math.max(TIMEOUT_MS_MIN, TIMEOUT_PER_SEC_MS * facts.durationSec),
      onSeconds: (sec) => ctx.onProgress?.(Math.min(1, sec / facts.durationSec)),
    });
    requireSuccess(result, "encode");
    for (const rung of rungs) await requireWhole(scratch, rung.name, facts.durationSec);
    // The playlist last: where it is, its bytes are.
    await moveInto(ctx.outDir, scratch, rungs.flatMap(({ name }) => [segmentName(name), playlistName(name)]));
    return { cpuSec: result.cpuSec, peakRssBytes: result.peakRssBytes };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** The packets were there, but too many of them held no picture. */
async function requireWhole(dir: string, name: RungName, durationSec: number): Promise<void> {
  const segments = await segmentsOf(dir, name).catch(() => []);
  if (segments.length === 0) throw new MediaRejected("corrupt", "nothing could be decoded");
  const sec = segments.reduce((sum, segment) => sum + segment.durationSec, 0);
  if (sec < WHOLE_SHARE * durationSec) throw new MediaRejected("truncated", `${sec.toFixed(2)} s of ${durationSec.toFixed(2)} s`);
}

/** The whole command after the common options. Pure, so that a test can read it. */
export function encodeArgs({ source, facts, rungs, audioPath, tools }: Omit<EncodeOptions, "ctx"> & { tools: Pick<MediaTools, "can"> }): string[] {
  return [
    ...["-t", String(READ_SEC_MAX), ...inputArgs(source, facts.demuxer)],
    ...(audioPath ? inputArgs(audioPath, "mov") : []),
    ...["-filter_complex", graph(facts, rungs, tools)],
    // Opened and thrown away, so that zero lies where the audio pass had it. See audio.ts.
    ...(audioPath && facts.audioIndex !== null ? ["-map", `0:${facts.audioIndex}`, "-c", "copy", "-f", "null", "-"] : []),
    ...rungs.flatMap((rung) => outputArgs(rung, audioPath !== null, facts)),
  ];
}

/** Largest first: each rung is split off and the rest goes on to be scaled down. */
function graph(facts: VideoFacts, rungs: readonly Rung[], tools: Pick<MediaTools, "can">): string {
  const falling = [...rungs].sort((a, b) => b.width * b.height - a.width * a.height);
  const label = (rung: Rung): string => `[v${rung.name}]`;
  let chain = `[0:${facts.videoIndex}]fps=fps=${rateOf(facts.fps)}:start_time=0,${normalise(facts, falling[0] as Rung, tools)}`;
  falling.forEach((rung, at) => {
    const next = falling[at + 1];
    if (!next) chain += label(rung);
    else if (next.width === rung.width && next.height === rung.height) chain += `,split=2${label(rung)}[x${at}];[x${at}]null`;
    else chain += `,split=2${label(rung)}[x${at}];[x${at}]scale=${next.width}:${next.height}`;
  });
  return chain;
}

function outputArgs(rung: Rung, hasAudio: boolean, facts: VideoFacts): string[] {
  return [
    ...["-map", `[v${rung.name}]`, ...(hasAudio ? ["-map", "1:a:0", "-c:a", "copy"] : [])],
    ...["-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn", "-fflags", "+bitexact", "-flags:v", "+bitexact"],
    ...(rung.codec === "av1" ? av1Args(rung) : h264Args(rung)),
    ...["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"],
    // The sound may be a little longer than the picture; the clip is not.
    ...["-t", facts.durationSec.toFixed(3)],
    ...["-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_flags", "single_file+independent_segments"],
    ...["-hls_segment_filename", segmentName(rung.name), playlistName(rung.name)],
  ];
}

/** Key frames by time, not by scene, so that they stand at the same places in all rungs. Captions of the source stay out. */
function h264Args({ name }: Rung): string[] {
  const { preset, crf, maxKbps } = QUALITY[name];
  return [
    ...["-c:v", "libx264", "-profile:v", "high", "-pix_fmt", "yuv420p", "-a53cc", "0", "-preset", preset, "-crf", String(crf)],
    ...["-maxrate", `${maxKbps}k`, "-bufsize", `${2 * maxKbps}k`, "-sc_threshold", "0", "-force_key_frames", "expr:gte(t,n_forced*2)"],
  ];
}

function av1Args({ name, gopFrames }: Rung): string[] {
  const { preset, crf } = QUALITY[name];
  return ["-c:v", "libsvtav1", "-preset", preset, "-crf", String(crf), "-pix_fmt", "yuv420p", "-g", String(gopFrames)];
}
