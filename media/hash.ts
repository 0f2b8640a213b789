import { bmvbhashEven } from "blockhash-core";
import phashOf from "sharp-phash";
import { decodeUpload, openPixels, readHeader, type Pixels } from "./image-guard";
import type { PictureHash } from "./types";

/**
 * Perceptual hashes: what stays of a picture when it is scaled, pressed or a little brighter. Both are taken from the
 * same 256 × 256 copy on white, so that a picture hashes alike whatever it came as, and again from its mirror image,
 * because mirroring is the cheapest disguise. `media/match.ts` says how near is too near.
 */
const SIDE = 256;
const BLOCKS_PER_SIDE = 16;

/**
 * Hashes an encoded picture: a path, or its bytes (a frame of a clip).
 * @throws MediaRejected when it cannot be decoded.
 */
export async function hashPicture(source: string | Buffer): Promise<PictureHash> {
  const header = await readHeader(source);
  return hashSquare(
    await decodeUpload(source, header, (picture) =>
      picture.autoOrient().flatten({ background: "#ffffff" }).resize(SIDE, SIDE, { fit: "fill" }).toColourspace("srgb").raw({ depth: "uchar" }).toBuffer(),
    ),
  );
}

/** One hash for each picture, in order. One after another: a clip's frames are few, and each is small. */
export async function hashFrames(sources: readonly (string | Buffer)[]): Promise<PictureHash[]> {
  const hashes: PictureHash[] = [];
  for (const source of sources) hashes.push(await hashPicture(source));
  return hashes;
}

/** As `hashPicture`, for pixels that are decoded already. */
export async function hashPixels(pixels: Pixels): Promise<PictureHash> {
  const data = await openPixels(pixels).flatten({ background: "#ffffff" }).resize(SIDE, SIDE, { fit: "fill" }).raw().toBuffer();
  return hashSquare(data);
}

async function hashSquare(rgb: Buffer): Promise<PictureHash> {
  const mirrored = mirror(rgb);
  return {
    phash: await hashBySpectrum(rgb),
    blockhash: hashByBlocks(rgb),
    mirroredPhash: await hashBySpectrum(mirrored),
    mirroredBlockhash: hashByBlocks(mirrored),
  };
}

/** 64 signs of the low frequencies, as 16 hex digits. */
async function hashBySpectrum(rgb: Buffer): Promise<string> {
  const bits = await phashOf(rgb, { raw: { width: SIDE, height: SIDE, channels: 3 } });
  return BigInt(`0b${bits}`).toString(16).padStart(16, "0");
}

/** 256 blocks, brighter or darker than the median of their band, as 64 hex digits. */
function hashByBlocks(rgb: Buffer): string {
  const data = new Uint8Array(SIDE * SIDE * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) data.set(rgb.subarray(from, from + 3), to);
  return bmvbhashEven({ width: SIDE, height: SIDE, data }, BLOCKS_PER_SIDE);
}

function mirror(rgb: Buffer): Buffer {
  const mirrored = Buffer.alloc(rgb.length);
  for (let at = 0; at < rgb.length; at += 3) {
    const x = (at / 3) % SIDE;
    rgb.copy(mirrored, at + (SIDE - 1 - 2 * x) * 3, at, at + 3);
  }
  return mirrored;
}
