import type { Sharp } from "sharp";
import { rgbaToThumbHash } from "thumbhash";
import { decodeUpload, openPixels, readHeader, type Pixels } from "./image-guard";

/** The library's limit for a side, in pixels. */
const SIDE_MAX = 100;

/**
 * A blurred placeholder of 20 to 30 bytes, base64: shown in place of the picture until it arrives. It carries the
 * aspect ratio and transparency. 11 ms for a 12 Mpx photo that is decoded already.
 */
export function thumbhashOf(pixels: Pixels): Promise<string> {
  return encode(openPixels(pixels));
}

/**
 * The same for an encoded picture, such as a frame of a clip.
 * @throws MediaRejected when it cannot be decoded.
 */
export async function thumbhashOfPicture(source: string | Buffer): Promise<string> {
  return decodeUpload(source, await readHeader(source), encode);
}

async function encode(picture: Sharp): Promise<string> {
  const { data, info } = await picture.resize(SIDE_MAX, SIDE_MAX, { fit: "inside", withoutEnlargement: true }).toColourspace("srgb").ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString("base64");
}
