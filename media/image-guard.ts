import { open, readFile, stat } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { IMAGE_BYTES_MAX } from "@models/media-reasons";
import { checkGif, checkPng, checkWebp } from "./image-structure";
import { MediaRejected } from "./types";

/**
 * The only door to sharp for bytes that somebody sent. It decides which decoders exist, how much a header may claim, and
 * which refusal a failed decode becomes. The guard is put up by the first call and not by the import: blocking is for the
 * whole process, and the web server draws its share cards from SVG with the same library.
 */
export const PIXELS_MAX = 64e6;
export const FRAMES_MAX = 600;
/** Of all frames together, and of one: a frame of an animation is held whole, several times over, while it is decoded. */
export const ANIMATED_PIXELS_MAX = 400e6;
export const ANIMATED_FRAME_PIXELS_MAX = 16e6;
/** An AVIF decoder holds the whole picture some four times: 24 bytes for a pixel of 10 bits, 18 for one of 8 (measured). */
export const AVIF_PIXELS_MAX = 30e6;
export const AVIF_DEEP_PIXELS_MAX = 22e6;
/** Photos of 12 Mpx take under a second of CPU time; the largest animation that is let in takes about fifteen. */
const DECODE_TIMEOUT_SEC = 90;

const DECODERS = ["Jpeg", "Png", "Webp", "Nsgif", "Heif"];

let guarded = false;

function guard(): void {
  if (guarded) return;
  guarded = true;
  // Uploads are read once: a cache would only keep memory.
  sharp.cache(false);
  // Pictures are made one after another, and each thread costs its own buffers.
  sharp.concurrency(1);
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({ operation: DECODERS.map((name) => `VipsForeignLoad${name}`) });
}

/** Eight-bit sRGB, rows from the top, without padding. */
export interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 3 | 4;
}

/** libjpeg's words for pixels that are missing though the file has an end: a forged size, or half a photo closed by hand. */
const PIXELS_MISSING = /premature end/i;

/**
 * Decodes a sent file: one picture, or with `animated` all of its frames. Read its header first. JPEG is first read so
 * that every warning fails, because missing pixels are no more than that to it; when the warning is a harmless one, as
 * some cameras cause, it is read again without.
 * @throws MediaRejected truncated or corrupt; other errors are not the file's fault.
 */
export async function decodeUpload<T>(source: string | Buffer, header: PictureHeader, work: (picture: Sharp) => Promise<T>, { animated = false } = {}): Promise<T> {
  const attempt = (failOn: "warning" | "truncated"): Promise<T> => {
    guard();
    const limitInputPixels = animated ? ANIMATED_PIXELS_MAX : PIXELS_MAX;
    return work(sharp(source, { failOn, limitInputPixels, animated }).timeout({ seconds: DECODE_TIMEOUT_SEC }));
  };
  try {
    return await attempt(header.format === "jpeg" ? "warning" : "truncated").catch((error: unknown) => {
      if (header.format !== "jpeg" || (error instanceof Error && PIXELS_MISSING.test(error.message))) throw error;
      return attempt("truncated");
    });
  } catch (error) {
    throw await toRefusal(error, source);
  }
}

/** Pixels that were decoded before. */
export function openPixels({ data, width, height, channels }: Pixels): Sharp {
  guard();
  return sharp(data, { raw: { width, height, channels } }).timeout({ seconds: DECODE_TIMEOUT_SEC });
}

export interface PictureHeader {
  format: "jpeg" | "png" | "webp" | "gif" | "heif";
  /** As stored; `orientation` (EXIF, 1 to 8) says how to hold it. HEIF decoders turn the picture themselves: always 1. */
  width: number;
  height: number;
  orientation: number;
  frames: number;
  /** What is inside a HEIF container. */
  compression: "av1" | "hevc" | null;
  bitsPerSample: number;
  hasProfile: boolean;
}

/**
 * Reads the header alone and refuses what would be too much to decode.
 * @throws MediaRejected empty, too_large, type_not_allowed, too_many_pixels, too_many_frames, truncated, corrupt.
 */
export async function readHeader(source: string | Buffer): Promise<PictureHeader> {
  const bytes = typeof source === "string" ? (await stat(source)).size : source.length;
  if (bytes === 0) throw new MediaRejected("empty");
  if (bytes > IMAGE_BYTES_MAX) throw new MediaRejected("too_large", `${bytes} bytes`);
  await checkStructure(source);
  guard();
  const found = await sharp(source, { animated: true, limitInputPixels: false })
    .metadata()
    .catch(async (error: unknown) => {
      throw await toRefusal(error, source);
    });
  if (!isKnownFormat(found.format)) throw new MediaRejected("type_not_allowed", String(found.format));
  const several = found.format === "gif" || found.format === "webp";
  const frames = several ? (found.pages ?? 1) : 1;
  const height = (several && found.pageHeight) || found.height;
  const isAv1 = found.compression === "av1";
  const header: PictureHeader = {
    format: found.format,
    width: found.width,
    height,
    orientation: found.format === "heif" || frames > 1 ? 1 : (found.orientation ?? 1),
    frames,
    compression: found.format === "heif" ? (isAv1 ? "av1" : "hevc") : null,
    bitsPerSample: found.bitsPerSample ?? 8,
    hasProfile: found.hasProfile,
  };
  checkLimits(header);
  return header;
}

const SIGNATURE_BYTES = 8;

async function checkStructure(source: string | Buffer): Promise<void> {
  const start = typeof source === "string" ? await readStart(source) : source.subarray(0, SIGNATURE_BYTES);
  const format = ["PNG", "GIF", "RIFF"].find((name) => start.toString("latin1").includes(name));
  if (!format) return;
  const bytes = typeof source === "string" ? await readFile(source) : source;
  if (format === "PNG") checkPng(bytes, PIXELS_MAX);
  else if (format === "GIF") checkGif(bytes, FRAMES_MAX);
  else checkWebp(bytes, FRAMES_MAX);
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SIGNATURE_BYTES), 0, SIGNATURE_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function isKnownFormat(format: string | undefined): format is PictureHeader["format"] {
  return format === "jpeg" || format === "png" || format === "webp" || format === "gif" || format === "heif";
}

function checkLimits(header: PictureHeader): void {
  const { width, height, frames } = header;
  const pixels = width * height;
  if (pixels > pixelsMaxOf(header)) throw new MediaRejected("too_many_pixels", `${width}x${height}`);
  if (frames > FRAMES_MAX) throw new MediaRejected("too_many_frames", `${frames} frames`);
  if (pixels * frames > ANIMATED_PIXELS_MAX) throw new MediaRejected("too_many_pixels", `${width}x${height} in ${frames} frames`);
}

function pixelsMaxOf({ format, frames, compression, bitsPerSample }: PictureHeader): number {
  if (format === "gif" || frames > 1) return ANIMATED_FRAME_PIXELS_MAX;
  if (compression === "av1") return bitsPerSample > 8 ? AVIF_DEEP_PIXELS_MAX : AVIF_PIXELS_MAX;
  return PIXELS_MAX;
}

/** Complaints that are about us and not about the file: no time, no memory, no file. Worth another try. */
const OUR_FAULT = /^timeout|out of memory|Input file is missing|No space left/i;

/**
 * What a decoder's complaint means for the sender. The decoders tell causes apart by prose only, so whether the file was
 * cut short is mostly read from the file: each format says where it ends. What is not about the file is given back as it came.
 */
export async function toRefusal(error: unknown, source: string | Buffer): Promise<Error> {
  if (!(error instanceof Error) || error instanceof MediaRejected || OUR_FAULT.test(error.message)) return error instanceof Error ? error : new Error(String(error));
  const detail = (error.message.trim().split("\n").at(-1) ?? "").slice(0, 200);
  return new MediaRejected(PIXELS_MISSING.test(error.message) || (await isCutShort(source)) ? "truncated" : "corrupt", detail, { cause: error });
}

const TAIL_BYTES = 64 * 1024;

async function isCutShort(source: string | Buffer): Promise<boolean> {
  const { head, tail, size } = typeof source === "string" ? await readEnds(source) : { head: source.subarray(0, TAIL_BYTES), tail: source.subarray(-TAIL_BYTES), size: source.length };
  if (head.length < 12) return true;
  if (head.readUInt16BE(0) === 0xffd8) return !tail.includes(Buffer.from([0xff, 0xd9]));
  if (head.toString("latin1", 1, 4) === "PNG") return !tail.includes("IEND");
  if (head.toString("latin1", 0, 4) === "RIFF") return head.readUInt32LE(4) + 8 > size;
  if (head.toString("latin1", 0, 3) === "GIF") return tail.at(-1) !== 0x3b;
  if (head.toString("latin1", 4, 8) === "ftyp") return endOfBoxes(head, size) > size;
  return false;
}

/** Where the last top-level box of an ISO file claims to end, as far as the first bytes let us follow. */
function endOfBoxes(head: Buffer, size: number): number {
  let at = 0;
  while (at + 8 <= head.length && at < size) {
    const length = head.readUInt32BE(at);
    if (length < 8) return size;
    at += length;
  }
  return at;
}

async function readEnds(path: string): Promise<{ head: Buffer; tail: Buffer; size: number }> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(Math.min(TAIL_BYTES, size));
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, size));
    await file.read(head, 0, head.length, 0);
    await file.read(tail, 0, tail.length, size - tail.length);
    return { head, tail, size };
  } finally {
    await file.close();
  }
}
