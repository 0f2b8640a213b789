import { open, type FileHandle } from "node:fs/promises";

/**
 * Reads the boxes of an MP4 or MOV (ISO/IEC 14496-12), just enough to tell a file that was cut short, to see that its
 * tracks are encrypted, and to name the codecs of our own files. ffprobe hides the first two.
 */
export interface Mp4Outline {
  /** The last box says it is longer than the file, or there is media without an index. */
  cutShort: boolean;
  /** Four-character codes of the sample entries, such as "avc1" or "encv". */
  sampleEntries: SampleEntry[];
}

export interface SampleEntry {
  type: string;
  /** The whole entry, header included. */
  bytes: Buffer;
}

/** A clip recorded in fragments has one pair of boxes a second; more than this is no clip of ours. */
const TOP_BOXES_MAX = 4000;
const MOOV_BYTES_MAX = 32 * 1024 * 1024;
const HEADER_BYTES = 16;

/** @returns what could be read; damaged boxes end the reading and throw nothing */
export async function readOutline(path: string): Promise<Mp4Outline> {
  const file = await open(path, "r");
  try {
    return await walkFile(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

async function walkFile(file: FileHandle, fileBytes: number): Promise<Mp4Outline> {
  let offset = 0;
  let cutShort = false;
  let sawMedia = false;
  let moov: Buffer | null = null;
  for (let count = 0; offset < fileBytes && count < TOP_BOXES_MAX; count++) {
    const header = await readAt(file, offset, HEADER_BYTES);
    if (header.length < 8) break;
    const { type, size } = boxAt(header, 0, fileBytes - offset);
    if (size < 8) break;
    cutShort ||= offset + size > fileBytes;
    sawMedia ||= type === "mdat";
    if (type === "moov" && size <= MOOV_BYTES_MAX) moov = await readAt(file, offset, size);
    offset += size;
  }
  return { cutShort: cutShort || (sawMedia && moov === null), sampleEntries: moov ? sampleEntriesOf(moov) : [] };
}

async function readAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

interface Box {
  type: string;
  size: number;
  headerBytes: number;
}

function boxAt(bytes: Buffer, at: number, left: number): Box {
  const short = bytes.readUInt32BE(at);
  const type = bytes.toString("latin1", at + 4, at + 8);
  if (short === 1 && bytes.length >= at + 16) return { type, size: Number(bytes.readBigUInt64BE(at + 8)), headerBytes: 16 };
  return { type, size: short === 0 ? left : short, headerBytes: 8 };
}

/** Children of a box's body; what does not fit ends the list. */
function children(body: Buffer): { type: string; bytes: Buffer; body: Buffer }[] {
  const found = [];
  for (let at = 0; at + 8 <= body.length && found.length < TOP_BOXES_MAX; ) {
    const { type, size, headerBytes } = boxAt(body, at, body.length - at);
    if (size < headerBytes || at + size > body.length) break;
    found.push({ type, bytes: body.subarray(at, at + size), body: body.subarray(at + headerBytes, at + size) });
    at += size;
  }
  return found;
}

/** Full box header, then the count of entries. */
const STSD_HEAD_BYTES = 8;

function sampleEntriesOf(moov: Buffer): SampleEntry[] {
  const below = (body: Buffer, path: string[]): Buffer[] => {
    const [next, ...rest] = path;
    const matching = children(body).filter((child) => child.type === next);
    return matching.flatMap((child) => (rest.length > 0 ? below(child.body, rest) : [child.body]));
  };
  return below(moov, ["moov", "trak", "mdia", "minf", "stbl", "stsd"]).flatMap((body) =>
    children(body.subarray(STSD_HEAD_BYTES)).map(({ type, bytes }) => ({ type, bytes })),
  );
}

/** Header, reserved, data reference; then 70 bytes of picture fields or 20 of sound fields, then child boxes. */
const VIDEO_ENTRY_BYTES = 86;
const AUDIO_ENTRY_BYTES = 36;

/**
 * The codec of one track as RFC 6381 writes it, from the decoder's own configuration record.
 * @returns such as "avc1.64001f", "av01.0.05M.08" or "mp4a.40.2"
 * @throws Error for an entry that our encoders do not write
 */
export function codecString({ type, bytes }: SampleEntry): string {
  const box = (name: string, from: number): Buffer => {
    const found = children(bytes.subarray(from)).find((child) => child.type === name);
    if (!found) throw new Error(`no ${name} in ${type}`);
    return found.body;
  };
  // AAC-LC: the only object type that we encode.
  if (type === "mp4a" && box("esds", AUDIO_ENTRY_BYTES)) return "mp4a.40.2";
  if (type === "avc1") return `avc1.${box("avcC", VIDEO_ENTRY_BYTES).toString("hex", 1, 4)}`;
  if (type === "av01") return av1String(box("av1C", VIDEO_ENTRY_BYTES));
  throw new Error(`unexpected sample entry ${type}`);
}

/** AV1 codec ISO media file format binding, section 5: profile and level, then tier, then depth. */
function av1String(record: Buffer): string {
  const [, second = 0, third = 0] = record;
  const depth = third & 0x40 ? (third & 0x20 ? 12 : 10) : 8;
  const level = String(second & 0x1f).padStart(2, "0");
  return `av01.${second >> 5}.${level}${third & 0x80 ? "H" : "M"}.${String(depth).padStart(2, "0")}`;
}

/** Coded size in the sample entry of a video track. */
export function codedSize({ bytes }: SampleEntry): { width: number; height: number } {
  return { width: bytes.readUInt16BE(32), height: bytes.readUInt16BE(34) };
}
