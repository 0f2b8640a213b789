import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { inputArgs, requireSuccess, runFfmpeg, type FfmpegResult } from "./ffmpeg";
import { exists, moveInto, outputFile, writeWhole } from "./files";
import { mp4Name } from "./package";
import type { OutputFile, Rendition, StageContext, VideoFacts, Used } from "./types";

/**
 * Small pictures for finding a place in a clip, and three silent seconds for lists. Both are made from the finished MP4
 * of the 360 rung, never from the source: 80 times cheaper, and nothing of the upload is opened again. (From the MP4 and
 * not from the file of the playlist, because ffmpeg of 2018 seeks in fragments for ever.)
 */
const TILES_MAX = 60;
const COLUMNS = 10;
const TILE_LONG_SIDE = 160;
const TILE_QUALITY = 60;
/** Key frames stand every two seconds, so a picture of each costs no decoding in between. */
const KEY_FRAME_SEC = 2;
const TIMEOUT_MS = 60_000;

const PREVIEW_SEC = 3;
const PREVIEW_LONG_SIDE = 240;
const PREVIEW_FPS = 12;
const PREVIEW_CRF = 36;

export const STORYBOARD_NAME = "storyboard.jpg";
export const STORYBOARD_TRACK_NAME = "storyboard.vtt";
export const PREVIEW_NAME = "preview.mp4";

export interface StoryboardPlan {
  intervalSec: number;
  tiles: number;
  columns: number;
  rows: number;
  tileWidth: number;
  tileHeight: number;
}

/** At most 60 tiles, a whole number of key frames apart. */
export function planStoryboard({ width, height, durationSec }: { width: number; height: number; durationSec: number }): StoryboardPlan {
  const keyFrames = Math.max(1, Math.ceil(durationSec / KEY_FRAME_SEC - 0.05));
  const step = Math.ceil(keyFrames / TILES_MAX);
  const tiles = Math.ceil(keyFrames / step);
  const columns = Math.min(COLUMNS, tiles);
  const { width: tileWidth, height: tileHeight } = within(width, height, TILE_LONG_SIDE);
  return { intervalSec: step * KEY_FRAME_SEC, tiles, columns, rows: Math.ceil(tiles / columns), tileWidth, tileHeight };
}

/** WebVTT whose cues name a part of the sprite, as media fragments do. */
export function storyboardTrack(plan: StoryboardPlan, durationSec: number): string {
  const cues = Array.from({ length: plan.tiles }, (_, n) => {
    const x = (n % plan.columns) * plan.tileWidth;
    const y = Math.floor(n / plan.columns) * plan.tileHeight;
    const end = n === plan.tiles - 1 ? durationSec : (n + 1) * plan.intervalSec;
    return `${stamp(n * plan.intervalSec)} --> ${stamp(end)}\n${STORYBOARD_NAME}#xywh=${x},${y},${plan.tileWidth},${plan.tileHeight}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}

/** Writes the sprite and its track. The rung's MP4 must be in `outDir`. */
export async function makeStoryboard(rung: Rendition, facts: VideoFacts, ctx: StageContext): Promise<{ outputs: OutputFile[] } & Used> {
  const plan = planStoryboard({ width: rung.width, height: rung.height, durationSec: facts.durationSec });
  const made = await exists(ctx.outDir, STORYBOARD_NAME, STORYBOARD_TRACK_NAME);
  const used = made ? { cpuSec: 0, peakRssBytes: 0 } : await drawSprite(rung, plan, facts, ctx);
  const size = { width: plan.columns * plan.tileWidth, height: plan.rows * plan.tileHeight };
  const outputs = [await outputFile(ctx.outDir, STORYBOARD_NAME, "storyboard", size), await outputFile(ctx.outDir, STORYBOARD_TRACK_NAME, "storyboardTrack")];
  return { outputs, ...used };
}

async function drawSprite(rung: Rendition, plan: StoryboardPlan, facts: VideoFacts, ctx: StageContext): Promise<Used> {
  const step = plan.intervalSec / KEY_FRAME_SEC;
  const pick = step > 1 ? `select='not(mod(n\\,${step}))',` : "";
  const filter = `${pick}scale=${plan.tileWidth}:${plan.tileHeight}:in_color_matrix=bt709:in_range=tv,format=rgb24,tile=${plan.columns}x${plan.rows}`;
  const { result, bytes } = await fromRung(rung, ctx, "sprite.rgb", {
    before: ["-skip_frame", "nokey"],
    after: ["-an", "-vf", filter, "-vsync", "passthrough", "-frames:v", "1", "-f", "rawvideo"],
  });
  const size = { width: plan.columns * plan.tileWidth, height: plan.rows * plan.tileHeight };
  const sprite = await sharp(bytes as Buffer, { raw: { ...size, channels: 3 } }).jpeg({ quality: TILE_QUALITY, mozjpeg: true }).toBuffer();
  await writeWhole(ctx.outDir, STORYBOARD_NAME, sprite);
  await writeWhole(ctx.outDir, STORYBOARD_TRACK_NAME, storyboardTrack(plan, facts.durationSec));
  return result;
}

/** Three seconds from a tenth of the way on, about 15 kB. */
export async function makePreview(rung: Rendition, facts: VideoFacts, ctx: StageContext): Promise<{ output: OutputFile } & Used> {
  const size = within(rung.width, rung.height, PREVIEW_LONG_SIDE);
  const used = (await exists(ctx.outDir, PREVIEW_NAME)) ? { cpuSec: 0, peakRssBytes: 0 } : await encodePreview(rung, size, facts, ctx);
  return { output: await outputFile(ctx.outDir, PREVIEW_NAME, "preview", size), ...used };
}

async function encodePreview(rung: Rendition, size: { width: number; height: number }, facts: VideoFacts, ctx: StageContext): Promise<Used> {
  const from = Math.max(0, Math.min(facts.durationSec / 10, facts.durationSec - PREVIEW_SEC));
  const codec = ["-c:v", "libx264", "-preset", "medium", "-crf", String(PREVIEW_CRF), "-pix_fmt", "yuv420p", "-a53cc", "0"];
  const plain = ["-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-movflags", "+faststart"];
  const { result } = await fromRung(rung, ctx, PREVIEW_NAME, {
    before: ["-ss", from.toFixed(3), "-t", String(PREVIEW_SEC)],
    after: ["-an", "-vf", `fps=${PREVIEW_FPS},scale=${size.width}:${size.height}`, ...codec, ...plain],
    keep: true,
  });
  return result;
}

/** One run over the rung; the file is moved to `outDir`, or read and dropped. */
async function fromRung(
  rung: Rendition,
  ctx: StageContext,
  name: string,
  { before, after, keep = false }: { before: string[]; after: string[]; keep?: boolean },
): Promise<{ result: FfmpegResult; bytes: Buffer | null }> {
  const scratch = await mkdtemp(join(ctx.workDir, "story-"));
  const source = join(ctx.outDir, mp4Name(rung.name));
  try {
    const args = [...before, ...inputArgs(source, "mov"), "-map", "0:v:0", ...after, name];
    const result = await runFfmpeg({ ...ctx, args, readOnly: [source], writable: scratch, timeoutMs: TIMEOUT_MS });
    requireSuccess(result, name);
    const bytes = keep ? null : await readFile(join(scratch, name));
    if (keep) await moveInto(ctx.outDir, scratch, [name]);
    return { result, bytes };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function within(width: number, height: number, longSide: number): { width: number; height: number } {
  const scale = Math.min(1, longSide / Math.max(width, height));
  const even = (side: number): number => Math.max(2, 2 * Math.round((side * scale) / 2));
  return { width: even(width), height: even(height) };
}

/** 00:00:02.000 */
function stamp(sec: number): string {
  return new Date(Math.round(sec * 1000)).toISOString().slice(11, 23);
}
