import { open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Sharp } from "sharp";
import { hashPixels } from "./hash";
import { convertHeic } from "./heic";
import { decodeUpload, openPixels, readHeader, type PictureHeader, type Pixels } from "./image-guard";
import { thumbhashOf } from "./thumbhash";
import type { OutputFile, PictureHash, Sniffed, StageContext } from "./types";
import { readStatedColors, toSrgb, type StatedColors } from "./wide-color";

/**
 * From a picture that somebody sent to the files that readers get. Every pixel is decoded and encoded anew, and nothing
 * else is carried over: no EXIF, place, thumbnail, profile, comment or trailing bytes. The sent file is decoded once, to
 * the largest width; all files are made from those pixels, which is what keeps a 12 Mpx photo under 1.2 s of CPU time.
 */
export const WIDTHS = [320, 640, 1080, 1600] as const;
/** WebP ends at 16383 pixels a side. Long screenshots are common, and are scaled to fit. */
const HEIGHT_MAX = 16_000;
/** An animation is one WebP of at most this width and this many pixels over all frames (about 10 s of CPU time). */
const ANIMATED_WIDTH_MAX = 640;
const ANIMATED_OUTPUT_PIXELS_MAX = 120e6;

/** AVIF at effort 2 is 24 % smaller than these JPEGs at the same SSIM; effort 4 costs seven times the time for 1 % more. */
const JPEG = { quality: 80, mozjpeg: true } as const;
const JPEG_SHARP_EDGES = { quality: 86, mozjpeg: true, chromaSubsampling: "4:4:4" } as const;
const WEBP = { quality: 78, effort: 4 } as const;
const WEBP_EXACT = { lossless: true, effort: 4 } as const;
const WEBP_ANIMATED = { quality: 72, effort: 2 } as const;
const AVIF = { quality: 60, effort: 2, chromaSubsampling: "4:2:0" } as const;
const AVIF_SHARP_EDGES = { quality: 60, effort: 2, chromaSubsampling: "4:4:4" } as const;

export interface ImageFacts {
  /** As it is shown, in pixels. */
  width: number;
  height: number;
  animated: boolean;
  header: PictureHeader;
}

export interface ImageInput {
  /** The sent file. It is read, never changed. */
  source: string;
  sniffed: Sniffed;
  outDir: string;
  ctx: StageContext;
}

export interface ImageResult {
  width: number;
  height: number;
  animated: boolean;
  files: OutputFile[];
  /** Base64. */
  thumbhash: string;
  hash: PictureHash;
}

/**
 * What the header says, within our limits. Decodes no pixel.
 * @throws MediaRejected empty, too_large, type_not_allowed, too_many_pixels, too_many_frames, truncated, corrupt.
 */
export async function inspectImage(source: string, _sniffed: Sniffed): Promise<ImageFacts> {
  const header = await readHeader(source);
  const turned = header.orientation >= 5;
  return {
    width: turned ? header.height : header.width,
    height: turned ? header.width : header.height,
    animated: header.frames > 1,
    header,
  };
}

/**
 * Writes JPEG and WebP at every width up to the picture's own (which the next name holds: a picture of 800 is in
 * "320", "640" and "1080", the last 800 wide). "320.jpg" and "320.webp" always exist, except that an animation has one
 * WebP, of its largest size, beside its still JPEGs. The same source gives the same bytes under the same names, so a
 * second run is harmless. When it throws, it has taken back what it wrote.
 * @throws MediaRejected as `inspectImage`, and heic_unsupported; other errors are worth another try.
 */
export async function processImage({ source, sniffed, outDir, ctx }: ImageInput): Promise<ImageResult> {
  const facts = await inspectImage(source, sniffed);
  const pixels = await decode(source, facts, ctx);
  const files: OutputFile[] = [];
  try {
    const lookup = await Promise.all([thumbhashOf(pixels), hashPixels(pixels)]);
    const rungs = facts.animated ? rungsOf(facts).filter(({ name }) => name <= ANIMATED_WIDTH_MAX) : rungsOf(facts);
    if (facts.animated) files.push(await writeAnimation(source, facts, outDir));
    await writeStills({ pixels, rungs, outDir, ctx, files, encodings: stillEncodings(sniffed, pixels, facts.animated) });
    return { width: facts.width, height: facts.height, animated: facts.animated, files, thumbhash: lookup[0], hash: lookup[1] };
  } catch (error) {
    await Promise.all(files.map(({ name }) => rm(join(outDir, name), { force: true })));
    throw error;
  }
}

/**
 * The later step: the same widths as AVIF, a quarter smaller than the JPEGs at the same likeness, for 1.2 to 1.7 s of CPU
 * time. An animation gets none. `source` may be the sent file, or the largest JPEG or WebP once that is gone.
 */
export async function addAvif({ source, sniffed, outDir, ctx }: ImageInput): Promise<OutputFile[]> {
  const facts = await inspectImage(source, sniffed);
  if (facts.animated) return [];
  const pixels = await decode(source, facts, ctx);
  const options = hasSharpEdges(sniffed, pixels) ? AVIF_SHARP_EDGES : AVIF;
  const files: OutputFile[] = [];
  await writeStills({ pixels, rungs: rungsOf(facts), outDir, ctx, files, encodings: [{ suffix: "avif", type: "image/avif", encode: (picture) => picture.avif(options) }] });
  return files;
}

interface Rung {
  name: number;
  width: number;
  height: number;
}

/** Sizes to make, smallest first. No picture is enlarged, and none is higher than WebP allows. */
export function rungsOf({ width, height }: { width: number; height: number }): Rung[] {
  const names = WIDTHS.filter((_, index) => index === 0 || WIDTHS[index - 1]! < width);
  return names.map((name) => ({ name, ...fit({ width, height }, name) }));
}

function fit({ width, height }: { width: number; height: number }, widthMax: number): { width: number; height: number } {
  const scale = Math.min(1, widthMax / width, HEIGHT_MAX / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** The picture upright, in sRGB, at its largest size. */
async function decode(source: string, facts: ImageFacts, ctx: StageContext): Promise<Pixels> {
  const { header } = facts;
  const isHeic = header.compression === "hevc";
  // The converter has turned the pixels, and leaves a note to turn them again: that note is not read here.
  const path = isHeic ? await convertHeic({ source, header, ctx }) : source;
  const stated = header.format === "heif" && !header.hasProfile ? await readStatedColors(source) : null;
  const size = fit(facts, WIDTHS.at(-1)!);
  const stored = header.orientation >= 5 ? { width: size.height, height: size.width } : size;
  try {
    const pixels = await decodeUpload(path, isHeic ? { ...header, format: "jpeg" } : header, (picture) => reduce(picture, stored, stated));
    return await turnUpright(pixels, header.orientation);
  } finally {
    if (isHeic) await rm(path, { force: true });
  }
}

async function reduce(picture: Sharp, size: { width: number; height: number }, stated: StatedColors | null): Promise<Pixels> {
  const reduced = picture.resize({ ...size, fit: "fill" });
  if (!stated) return toPixels(await reduced.toColourspace("srgb").raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true }));
  const { data, info } = await reduced.toColourspace("rgb16").raw({ depth: "ushort" }).toBuffer({ resolveWithObject: true });
  const channels = info.channels === 4 ? 4 : 3;
  const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  return { data: toSrgb(samples, channels, stated), width: info.width, height: info.height, channels };
}

function toPixels({ data, info }: { data: Buffer; info: { width: number; height: number; channels: number } }): Pixels {
  if (info.channels !== 3 && info.channels !== 4) throw new Error(`decoded to ${info.channels} channels`);
  return { data, width: info.width, height: info.height, channels: info.channels };
}

/** EXIF orientation 1 to 8, after the reduction: turning 2 Mpx is cheap, turning 64 Mpx needs them all in memory. */
async function turnUpright(pixels: Pixels, orientation: number): Promise<Pixels> {
  if (orientation <= 1 || orientation > 8) return pixels;
  const mirrored = [2, 4, 5, 7].includes(orientation);
  const degrees = { 3: 180, 4: 180, 5: 270, 6: 90, 7: 90, 8: 270 }[orientation] ?? 0;
  // Within one call sharp mirrors before it turns, which is the order EXIF means.
  return toPixels(await openPixels(pixels).flop(mirrored).rotate(degrees).raw().toBuffer({ resolveWithObject: true }));
}

interface Encoding {
  suffix: string;
  type: string;
  encode: (picture: Sharp) => Sharp;
}

function stillEncodings(sniffed: Sniffed, pixels: Pixels, animated: boolean): Encoding[] {
  const sharpEdges = hasSharpEdges(sniffed, pixels);
  const jpeg: Encoding = { suffix: "jpg", type: "image/jpeg", encode: (picture) => picture.flatten({ background: "#ffffff" }).jpeg(sharpEdges ? JPEG_SHARP_EDGES : JPEG) };
  const webp: Encoding = { suffix: "webp", type: "image/webp", encode: (picture) => picture.webp(sharpEdges ? WEBP_EXACT : WEBP) };
  return animated ? [jpeg] : [jpeg, webp];
}

/** Every eighth row is looked at. In screenshots and charts most pixels equal their neighbour; in a photo few do. */
const ROW_STEP = 8;
const FLAT_SHARE_MIN = 0.5;

/** Screenshots and drawings: edges and text that lossy colour blurs, and that lossless WebP holds in fewer bytes. */
function hasSharpEdges({ type }: Sniffed, { data, width, height, channels }: Pixels): boolean {
  if (type !== "image/png" && type !== "image/gif") return false;
  let seen = 0;
  let equal = 0;
  for (let y = 0; y < height; y += ROW_STEP) {
    for (let at = (y * width + 1) * channels; at < (y + 1) * width * channels; at += channels) {
      seen++;
      if (data[at] === data[at - channels] && data[at + 1] === data[at + 1 - channels] && data[at + 2] === data[at + 2 - channels]) equal++;
    }
  }
  return seen > 0 && equal / seen >= FLAT_SHARE_MIN;
}

interface StillsJob {
  pixels: Pixels;
  rungs: Rung[];
  outDir: string;
  ctx: StageContext;
  /** What is written is added here at once, so that the caller can take it back. */
  files: OutputFile[];
  encodings: Encoding[];
}

async function writeStills({ pixels, rungs, outDir, ctx, files, encodings }: StillsJob): Promise<void> {
  for (const [index, rung] of rungs.entries()) {
    ctx.signal?.throwIfAborted();
    const sized = rung.width === pixels.width ? pixels : toPixels(await openPixels(pixels).resize({ width: rung.width, height: rung.height, fit: "fill" }).raw().toBuffer({ resolveWithObject: true }));
    for (const { suffix, type, encode } of encodings) {
      const name = `${rung.name}.${suffix}`;
      const bytes = await writeWhole(join(outDir, name), await encode(openPixels(sized)).toBuffer());
      files.push({ name, role: "image", type, bytes, width: rung.width, height: rung.height });
    }
    ctx.onProgress?.((index + 1) / rungs.length);
  }
}

async function writeAnimation(source: string, facts: ImageFacts, outDir: string): Promise<OutputFile> {
  const pixelsPerFrameMax = ANIMATED_OUTPUT_PIXELS_MAX / facts.header.frames;
  const widthMax = Math.max(1, Math.floor(Math.min(ANIMATED_WIDTH_MAX, Math.sqrt((pixelsPerFrameMax * facts.width) / facts.height))));
  const { width, height } = fit(facts, widthMax);
  const name = `${rungsOf({ width, height }).at(-1)!.name}.webp`;
  const encoded = await decodeUpload(source, facts.header, (picture) => picture.resize({ width, height, fit: "fill" }).toColourspace("srgb").webp(WEBP_ANIMATED).toBuffer(), { animated: true });
  return { name, role: "image", type: "image/webp", bytes: await writeWhole(join(outDir, name), encoded), width, height };
}

/** A reader sees the whole file or none, whenever the machine stops. */
async function writeWhole(path: string, bytes: Buffer): Promise<number> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const file = await open(temporary, "w", 0o644);
    try {
      await file.writeFile(bytes);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return bytes.length;
}
