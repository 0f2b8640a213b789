import { readFile, rm, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { inputArgs, requireSuccess, requireTools, runFfmpeg } from "./ffmpeg";
import { normalise } from "./filters";
import { MediaRejected, type StageContext, type VideoFacts, type Used } from "./types";

/** Single pictures out of a clip: upright, in the clip's colours, as raw RGB. */
export interface RawFrame {
  /** 8-bit RGB, rows from the top. */
  data: Buffer;
  width: number;
  height: number;
  atSec: number;
}

/** A picture for perceptual hashes, as PNG of at most 480 pixels on its short side. */
export interface SampledFrame {
  png: Buffer;
  atSec: number;
}

/** Where pictures are taken, as shares of the length: the first is the poster's. */
const SHARES = [0.1, 0.35, 0.6, 0.85];
const FRAME_WIDTH_MAX = 720;
const SAMPLE_SIDE = 480;
const TIMEOUT_MS = 120_000;

/** Mean and spread of the luma, 0 to 255, below which a picture says nothing: a fade, a covered lens, a blank screen. */
const DARK_MEAN = 24;
const FLAT_DEVIATION = 6;

/** Four pictures, dark and blank ones last; otherwise in the order of time. */
export async function takeFrames(source: string, facts: VideoFacts, ctx: StageContext): Promise<{ frames: RawFrame[] } & Used> {
  const found: RawFrame[] = [];
  const used = { cpuSec: 0, peakRssBytes: 0 };
  for (const share of SHARES) {
    const { frame, cpuSec, peakRssBytes } = await takeFrame(source, facts, ctx, share * facts.durationSec);
    used.cpuSec += cpuSec;
    used.peakRssBytes = Math.max(used.peakRssBytes, peakRssBytes);
    if (frame) found.push(frame);
  }
  if (found.length === 0) throw new MediaRejected("corrupt", "no picture could be decoded");
  const telling = await Promise.all(found.map(isTelling));
  const frames = [...found.filter((_, at) => telling[at]), ...found.filter((_, at) => !telling[at])];
  return { frames, ...used };
}

/** The same, for comparison with pictures that were removed before. */
export function sampleFrames(frames: readonly RawFrame[]): Promise<SampledFrame[]> {
  return Promise.all(
    frames.map(async (frame) => ({
      atSec: frame.atSec,
      png: await picture(frame).resize(SAMPLE_SIDE, SAMPLE_SIDE, { fit: "outside", withoutEnlargement: true }).png({ compressionLevel: 3 }).toBuffer(),
    })),
  );
}

export function picture({ data, width, height }: RawFrame): Sharp {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** One picture per run: several decoders of a 4K clip at once would take the memory of the whole job. */
async function takeFrame(source: string, facts: VideoFacts, ctx: StageContext, atSec: number): Promise<{ frame: RawFrame | null } & Used> {
  const tools = await requireTools(ctx.tools);
  const size = frameSize(facts);
  const scratch = await mkdtemp(join(ctx.workDir, "frame-"));
  try {
    const chain = `${normalise(facts, size, tools)},scale=${size.width}:${size.height}:in_color_matrix=bt709:in_range=tv,format=rgb24`;
    const result = await runFfmpeg({
      ...ctx,
      args: ["-ss", atSec.toFixed(3), ...inputArgs(source, facts.demuxer), "-map", `0:${facts.videoIndex}`, "-frames:v", "1", "-vf", chain, "-f", "rawvideo", "frame.rgb"],
      readOnly: [source],
      writable: scratch,
      timeoutMs: TIMEOUT_MS,
    });
    requireSuccess(result, "poster");
    const data = await readFile(join(scratch, "frame.rgb")).catch(() => Buffer.alloc(0));
    const whole = data.length === size.width * size.height * 3;
    return { frame: whole ? { data, ...size, atSec } : null, cpuSec: result.cpuSec, peakRssBytes: result.peakRssBytes };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Even sizes: 4:2:0 halves both, and the picture passes through it to get the clip's colours. */
function frameSize({ width, height }: VideoFacts): { width: number; height: number } {
  const scale = Math.min(1, FRAME_WIDTH_MAX / width);
  return { width: 2 * Math.round((width * scale) / 2), height: 2 * Math.round((height * scale) / 2) };
}

async function isTelling(frame: RawFrame): Promise<boolean> {
  const { channels } = await picture(frame).resize(64, 64, { fit: "fill" }).greyscale().stats();
  const luma = channels[0];
  return luma !== undefined && luma.mean >= DARK_MEAN && luma.stdev >= FLAT_DEVIATION;
}
