import { crc32, deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";

/**
 * Pictures made on the spot: ordinary ones with every oddity that phones send, and hostile ones. The latter are put
 * together byte by byte, because no encoder would write them.
 */
const NOISE_SEED = 7;

/** Numbers from 0 to 1, the same ones every time. */
export function seededRandom(seed = NOISE_SEED): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function makeNoise(bytes: number): Buffer {
  const random = seededRandom();
  return Buffer.from(Uint8Array.from({ length: bytes }, () => random() * 256));
}

export interface Scene {
  data: Buffer;
  width: number;
  height: number;
  channels: 3;
}

/** Soft hills of colour with fine grain, and a bright spot top left, so that turned and mirrored copies differ. */
export function makeScene(width: number, height: number, seed = NOISE_SEED): Scene {
  const random = seededRandom(seed);
  const data = Buffer.alloc(width * height * 3);
  const [a, b, c] = [3 + 5 * random(), 2 + 6 * random(), 6.3 * random()];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const hills = 50 * Math.sin(u * a * 2 + c) * Math.cos(v * b + c) + 25 * Math.sin((u + v) * 9 + a);
      const spot = 90 * Math.exp(-((u - 0.22) ** 2 + (v - 0.2) ** 2) * 40);
      const grain = (random() - 0.5) * 24;
      const at = (y * width + x) * 3;
      data[at] = clamp(110 + 60 * u + hills + spot + grain);
      data[at + 1] = clamp(100 + 50 * v + hills + spot + grain);
      data[at + 2] = clamp(130 - 40 * u + hills / 2 + spot + grain);
    }
  }
  return { data, width, height, channels: 3 };
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)));
}

export function draw({ data, width, height, channels }: Scene): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** Rows become columns. */
export function transpose({ data, width, height }: Scene): Scene {
  const turned = Buffer.alloc(data.length);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.copy(turned, (x * height + y) * 3, (y * width + x) * 3, (y * width + x + 1) * 3);
  return { data: turned, width: height, height: width, channels: 3 };
}

/** A page of text-like marks on white, as screenshots are: few colours, hard edges. */
export function makeScreenshot(width: number, height: number): Scene {
  const random = seededRandom();
  const data = Buffer.alloc(width * height * 3, 255);
  for (let line = 20; line + 14 < height; line += 24) {
    for (let column = 20; column + 8 < width; column += 11) {
      if (random() < 0.3) continue;
      for (let y = line; y < line + 12; y++) data.fill(32, (y * width + column) * 3, (y * width + column + 1 + Math.floor(random() * 4)) * 3);
    }
  }
  return { data, width, height, channels: 3 };
}

export async function animate(frames: number, width: number, height: number, format: "gif" | "webp"): Promise<Buffer> {
  const data = Buffer.alloc(width * height * frames * 3);
  for (let frame = 0; frame < frames; frame++) data.fill((frame * 37) % 256, frame * width * height * 3, (frame + 1) * width * height * 3);
  const strip = sharp(data, { raw: { width, height: height * frames, channels: 3, pageHeight: height }, limitInputPixels: false });
  return format === "gif" ? strip.gif({ delay: Array<number>(frames).fill(50), effort: 1 }).toBuffer() : strip.webp({ delay: Array<number>(frames).fill(50), effort: 0, quality: 10 }).toBuffer();
}

/** One PNG chunk with its checksum. */
function chunk(type: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  named.copy(out, 4);
  out.writeUInt32BE(crc32(named), body.length + 8);
  return out;
}

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** A valid greyscale PNG of zeros: enormous sides cost a few kilobytes. `rows` may be fewer than the header says. */
export function makeZeroPng({ width, height, rows = height, extra = [] }: { width: number; height: number; rows?: number; extra?: Buffer[] }): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const pixels = deflateSync(Buffer.alloc(rows * (Math.ceil(width / 8) + 1)), { level: 9 });
  return Buffer.concat([PNG_SIGNATURE, chunk("IHDR", header), ...extra, chunk("IDAT", pixels), chunk("IEND", Buffer.alloc(0))]);
}

/** A text chunk that unfolds to `bytes` spaces. */
export function makeTextBomb(bytes: number): Buffer {
  return chunk("zTXt", Buffer.concat([Buffer.from("Comment\0\0", "latin1"), deflateSync(Buffer.alloc(bytes, 32), { level: 9 })]));
}

/** A GIF whose frames repeat one tiny block: every frame claims the whole screen and holds almost nothing. */
export function makeGifBomb({ width, height, frames }: { width: number; height: number; frames: number }): Buffer {
  const screen = Buffer.from([0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
  screen.writeUInt16LE(width, 6);
  screen.writeUInt16LE(height, 8);
  const frame = Buffer.from([0x2c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0x44, 0x01, 0]);
  frame.writeUInt16LE(width, 5);
  frame.writeUInt16LE(height, 7);
  return Buffer.concat([screen, ...Array<Buffer>(frames).fill(frame), Buffer.from([0x3b])]);
}

/** Rewrites the size that a JPEG's frame header claims. */
export function forgeJpegSize(jpeg: Buffer, width: number, height: number): Buffer {
  const forged = Buffer.from(jpeg);
  const at = findFrameHeader(forged);
  forged.writeUInt16BE(height, at + 5);
  forged.writeUInt16BE(width, at + 7);
  return forged;
}

function findFrameHeader(jpeg: Buffer): number {
  for (let at = 2; at < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2)) if (jpeg[at] === 0xff && (jpeg[at + 1] === 0xc0 || jpeg[at + 1] === 0xc2)) return at;
  throw new Error("no frame header");
}

/** A JPEG segment put right behind the start marker, such as a comment (0xfe) or EXIF (0xe1). */
export function insertSegment(jpeg: Buffer, marker: number, body: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}

/** A GIF header that is also the start of a script: the width reads as a comment. */
export function makeGifScript(): Buffer {
  return Buffer.from("GIF89a/*\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff*/=1;alert(document.domain)//", "latin1");
}

/** The first bytes of a WebP that claims these sides; its picture is missing. */
export function makeWebpClaim(width: number, height: number): Buffer {
  const body = Buffer.alloc(10);
  body.writeUInt32LE(0, 0);
  body.writeUIntLE(width - 1, 4, 3);
  body.writeUIntLE(height - 1, 7, 3);
  const lossless = Buffer.alloc(5);
  lossless[0] = 0x2f;
  lossless.writeUInt32LE((((height - 1) & 0x3fff) << 14) | ((width - 1) & 0x3fff), 1);
  const bodies = [riff("VP8X", body), riff("VP8L", Buffer.concat([lossless, Buffer.alloc(64)]))];
  const inner = Buffer.concat([Buffer.from("WEBP", "latin1"), ...bodies]);
  const head = Buffer.alloc(8);
  head.write("RIFF", 0, "latin1");
  head.writeUInt32LE(inner.length, 4);
  return Buffer.concat([head, inner]);
}

function riff(name: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 0, "latin1");
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

export interface HostileFile {
  name: string;
  bytes: Buffer;
  /** Any of them is a right answer. */
  reasons: string[];
}

/** Files that must be refused quickly, cheaply and without a trace. */
export async function makeHostileFiles(): Promise<HostileFile[]> {
  const photo = await draw(makeScene(1200, 900)).jpeg({ quality: 90 }).toBuffer();
  const png = await draw(makeScene(600, 400)).png().toBuffer();
  const webp = await draw(makeScene(1200, 900)).webp().toBuffer();
  const avif = await draw(makeScene(600, 400)).avif({ effort: 0 }).toBuffer();
  const gif = await animate(12, 200, 150, "gif");
  const half = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length / 2));
  const NOT_TAKEN = ["type_not_allowed"];
  return [
    { name: "empty.jpg", bytes: Buffer.alloc(0), reasons: ["empty"] },
    { name: "words.jpg", bytes: Buffer.from("Dear reader, this is no picture.\n".repeat(40)), reasons: NOT_TAKEN },
    { name: "script.svg", bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script><image href="file:///etc/passwd"/></svg>'), reasons: NOT_TAKEN },
    { name: "vector.png", bytes: Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="99999" height="99999"/>'), reasons: NOT_TAKEN },
    { name: "page.html", bytes: Buffer.from("<!doctype html><script>alert(1)</script>"), reasons: NOT_TAKEN },
    { name: "paper.pdf", bytes: Buffer.from("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"), reasons: NOT_TAKEN },
    { name: "archive.jpg", bytes: Buffer.concat([Buffer.from("PK\x03\x04\x14\0\0\0\0\0", "latin1"), Buffer.alloc(400), Buffer.from("word/document.xml")]), reasons: NOT_TAKEN },
    { name: "icon.ico", bytes: Buffer.concat([Buffer.from([0, 0, 1, 0, 1, 0, 16, 16, 0, 0, 1, 0, 32, 0, 0, 4, 0, 0, 22, 0, 0, 0]), Buffer.alloc(1024)]), reasons: NOT_TAKEN },
    { name: "scan.tif", bytes: await draw(makeScene(64, 64)).tiff().toBuffer(), reasons: NOT_TAKEN },
    { name: "paint.bmp", bytes: Buffer.concat([Buffer.from("BM\x3a\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\x18\0", "latin1"), Buffer.alloc(28)]), reasons: NOT_TAKEN },
    { name: "noise.jpg", bytes: Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), makeNoise(5000)]), reasons: ["corrupt", "truncated"] },
    { name: "bomb.png", bytes: makeZeroPng({ width: 50_000, height: 50_000, rows: 100 }), reasons: ["too_many_pixels"] },
    { name: "long.png", bytes: makeZeroPng({ width: 2_000_000_000, height: 1, rows: 0 }), reasons: ["too_many_pixels"] },
    { name: "text-bomb.png", bytes: makeZeroPng({ width: 4000, height: 4000, extra: Array.from({ length: 8 }, () => makeTextBomb(40e6)) }), reasons: ["too_large"] },
    { name: "bomb.gif", bytes: makeGifBomb({ width: 8000, height: 8000, frames: 500 }), reasons: ["too_many_pixels"] },
    { name: "frames.gif", bytes: makeGifBomb({ width: 60, height: 60, frames: 10_000 }), reasons: ["too_many_frames"] },
    { name: "frames.webp", bytes: await animate(10_000, 8, 8, "webp"), reasons: ["too_many_frames"] },
    { name: "script.gif", bytes: makeGifScript(), reasons: ["corrupt", "truncated", "too_many_pixels"] },
    { name: "huge.webp", bytes: makeWebpClaim(16_383, 16_383), reasons: ["too_many_pixels"] },
    { name: "claim.webp", bytes: makeWebpClaim(4000, 4000), reasons: ["corrupt", "truncated"] },
    { name: "forged-65500.jpg", bytes: forgeJpegSize(photo, 65_500, 65_500), reasons: ["too_many_pixels"] },
    { name: "forged-7900.jpg", bytes: forgeJpegSize(photo, 7_900, 7_900), reasons: ["corrupt", "truncated"] },
    { name: "half.jpg", bytes: half(photo), reasons: ["truncated"] },
    { name: "half.png", bytes: half(png), reasons: ["truncated"] },
    { name: "half.webp", bytes: half(webp), reasons: ["truncated"] },
    { name: "half.avif", bytes: half(avif), reasons: ["truncated"] },
    { name: "half.gif", bytes: half(gif), reasons: ["truncated"] },
    { name: "photo.mp4", bytes: photo, reasons: ["type_mismatch"] },
  ];
}
