import { inflateSync } from "node:zlib";
import { MediaRejected } from "./types";

/**
 * What must be known of a file before a decoder may open it, read from its own table of contents: decoders unfold a PNG's
 * texts while they read its header (eight of 40 kB took 1.7 GB), and show the first half of half a GIF without a word.
 * Bounded work over at most 30 MB.
 */
const UNFOLDED_BYTES_MAX = 8 * 1024 ** 2;
const CHUNKS_MAX = 50_000;
const TEXT_CHUNKS_MAX = 500;

/** @throws MediaRejected too_many_pixels; too_large when texts or profile unfold beyond 8 MiB; corrupt when there are absurdly many parts. */
export function checkPng(bytes: Buffer, pixelsMax: number): void {
  if (bytes.length < 33) throw new MediaRejected("truncated");
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (width * height > pixelsMax) throw new MediaRejected("too_many_pixels", `${width}x${height}`);
  let at = 8;
  let chunks = 0;
  let texts = 0;
  let budget = UNFOLDED_BYTES_MAX;
  while (at + 8 <= bytes.length) {
    const length = bytes.readUInt32BE(at);
    const type = bytes.toString("latin1", at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (type === "tEXt" || type === "zTXt" || type === "iTXt" || type === "iCCP") {
      texts++;
      budget -= unfoldedBytes(type, body, budget);
    }
    if (budget < 0) throw new MediaRejected("too_large", `${type} unfolds beyond ${UNFOLDED_BYTES_MAX} bytes`);
    if (++chunks > CHUNKS_MAX || texts > TEXT_CHUNKS_MAX) throw new MediaRejected("corrupt", "too many chunks");
    if (type === "IEND") return;
    at += length + 12;
  }
}

/** More than `budget` says only that it is more. */
function unfoldedBytes(type: string, body: Buffer, budget: number): number {
  const packed = packedPart(type, body);
  if (!packed) return body.length;
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, budget) }).length;
  } catch (error) {
    // Damaged data unfolds to nothing of use; decoders leave such a text out.
    return (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? budget + 1 : body.length;
  }
}

/** Behind the keyword and the method; in iTXt, only when its flag says so, behind two more words. */
function packedPart(type: string, body: Buffer): Buffer | null {
  const keywordEnd = body.indexOf(0);
  if (keywordEnd < 0 || type === "tEXt") return null;
  if (type !== "iTXt") return body.subarray(keywordEnd + 2);
  if (body[keywordEnd + 1] !== 1) return null;
  const languageEnd = body.indexOf(0, keywordEnd + 3);
  const translatedEnd = languageEnd < 0 ? -1 : body.indexOf(0, languageEnd + 1);
  return translatedEnd < 0 ? null : body.subarray(translatedEnd + 1);
}

/**
 * Walks a GIF's blocks. A file that ends between two of them is whole enough: some programs forget the trailer.
 * @throws MediaRejected truncated, corrupt, or too_many_frames.
 */
export function checkGif(bytes: Buffer, framesMax: number): void {
  if (bytes.length < 13) throw new MediaRejected("truncated");
  let at = 13 + tableBytes(bytes[10]!);
  let frames = 0;
  while (at < bytes.length) {
    const kind = bytes[at];
    if (kind === 0x3b) return;
    if (kind === 0x21) at = skipSubBlocks(bytes, at + 2);
    else if (kind === 0x2c) {
      if (++frames > framesMax) throw new MediaRejected("too_many_frames", `more than ${framesMax}`);
      at = skipSubBlocks(bytes, at + 11 + tableBytes(bytes[at + 9] ?? 0));
      // Bytes behind the last picture that are no block: decoders stop there too.
    } else if (frames > 0) return;
    else throw new MediaRejected("corrupt", "no picture in the GIF");
  }
  if (at > bytes.length || frames === 0) throw new MediaRejected("truncated");
}

/**
 * Counts a WebP's frames by its chunks: the decoder opens them all, 20 µs each.
 * @throws MediaRejected truncated or too_many_frames.
 */
export function checkWebp(bytes: Buffer, framesMax: number): void {
  if (bytes.length < 20 || bytes.readUInt32LE(4) + 8 > bytes.length) throw new MediaRejected("truncated");
  let frames = 0;
  let chunks = 0;
  for (let at = 12; at + 8 <= bytes.length; at += 8 + bytes.readUInt32LE(at + 4) + (bytes.readUInt32LE(at + 4) % 2)) {
    if (bytes.toString("latin1", at, at + 4) === "ANMF" && ++frames > framesMax) throw new MediaRejected("too_many_frames", `more than ${framesMax}`);
    if (++chunks > CHUNKS_MAX) throw new MediaRejected("corrupt", "too many chunks");
  }
}

function tableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** The place behind the closing empty block; behind the file when that is missing. */
function skipSubBlocks(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== 0) at += bytes[at]! + 1;
  return at + 1;
}
