import { open } from "node:fs/promises";

/**
 * AVIF and HEIC may state their colours as four numbers ("nclx", ITU-T H.273) in place of an ICC profile, and then no
 * decoder turns them into sRGB. Phones send two kinds: Display P3, and HDR (BT.2020 or P3 with a PQ or HLG curve). Read as
 * if they were sRGB the first look faded and the second grey, so both are converted here, on the reduced picture.
 */
export interface StatedColors {
  primaries: number;
  transfer: number;
}

const P3 = 12;
const BT2020 = 9;
const PQ = 16;
const HLG = 18;

/** The boxes stand in front of the pixels; 64 kB hold those of every sample we have seen. */
const HEADER_BYTES = 64 * 1024;

/** The colours that a HEIF file states by number, or null when sRGB is meant or nothing is said. */
export async function readStatedColors(path: string): Promise<StatedColors | null> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    const { bytesRead } = await file.read(head, 0, HEADER_BYTES, 0);
    const at = head.subarray(0, bytesRead).indexOf("colrnclx");
    if (at < 0 || at + 12 > bytesRead) return null;
    const stated = { primaries: head.readUInt16BE(at + 8), transfer: head.readUInt16BE(at + 10) };
    return isWide(stated) ? stated : null;
  } finally {
    await file.close();
  }
}

function isWide({ primaries, transfer }: StatedColors): boolean {
  return primaries === P3 || primaries === BT2020 || isHdr(transfer);
}

function isHdr(transfer: number): boolean {
  return transfer === PQ || transfer === HLG;
}

/** Linear light, rows for red, green and blue. Derived from the chromaticities in H.273; all share the white point D65. */
const TO_SRGB: Record<number, readonly number[]> = {
  [P3]: [1.22494, -0.22494, 0, -0.042057, 1.042057, 0, -0.019638, -0.078636, 1.098274],
  [BT2020]: [1.660491, -0.587641, -0.07285, -0.12455, 1.1329, -0.00835, -0.018151, -0.100579, 1.11873],
};
const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Nits of diffuse white (ITU-R BT.2408), and the brightest light that still gets a shade of its own. */
const WHITE_NITS = 203;
const PEAK_NITS = 1000;
/** Up to here light is kept as it is; above, it is bent towards 1. */
const KNEE = 0.75;
const SHADES = 16_384;

/**
 * Eight-bit sRGB from samples with stated colours. Samples run to 255 or 65535 by their array's type; alpha is copied.
 * 4 Mpx take about 0.2 s of CPU time.
 */
export function toSrgb(samples: Uint8Array | Uint16Array, channels: 3 | 4, stated: StatedColors): Buffer {
  const top = samples instanceof Uint16Array ? 65_535 : 255;
  const light = lightOf(stated.transfer, top);
  const shade = shadeOf();
  const m = TO_SRGB[stated.primaries] ?? IDENTITY;
  const bends = isHdr(stated.transfer);
  const out = Buffer.alloc(samples.length);
  for (let at = 0; at < samples.length; at += channels) {
    const r = light[samples[at]!]!;
    const g = light[samples[at + 1]!]!;
    const b = light[samples[at + 2]!]!;
    const red = m[0]! * r + m[1]! * g + m[2]! * b;
    const green = m[3]! * r + m[4]! * g + m[5]! * b;
    const blue = m[6]! * r + m[7]! * g + m[8]! * b;
    // All three by the same factor, so that bright colours keep their hue.
    const brightest = Math.max(red, green, blue);
    const factor = bends && brightest > KNEE ? bend(brightest) / brightest : 1;
    out[at] = shade[index(red * factor)]!;
    out[at + 1] = shade[index(green * factor)]!;
    out[at + 2] = shade[index(blue * factor)]!;
    if (channels === 4) out[at + 3] = Math.round((samples[at + 3]! / top) * 255);
  }
  return out;
}

function index(light: number): number {
  return Math.min(SHADES - 1, Math.max(0, Math.round(light * (SHADES - 1))));
}

/** Reinhard's curve with a white point, begun at the knee with slope 1 and ending at 1 for the peak. */
function bend(light: number): number {
  const span = 1 - KNEE;
  const over = (light - KNEE) / span;
  const peak = (PEAK_NITS / WHITE_NITS - KNEE) / span;
  return Math.min(1, KNEE + (span * over * (1 + over / (peak * peak))) / (1 + over));
}

/** Sample → linear light, where 1 is diffuse white. */
function lightOf(transfer: number, top: number): Float32Array {
  const table = new Float32Array(top + 1);
  for (let sample = 0; sample <= top; sample++) {
    const signal = sample / top;
    table[sample] = transfer === PQ ? pqNits(signal) / WHITE_NITS : transfer === HLG ? hlgNits(signal) / WHITE_NITS : srgbLight(signal);
  }
  return table;
}

/** SMPTE ST 2084. */
function pqNits(signal: number): number {
  const power = signal ** (1 / 78.84375);
  return 10_000 * (Math.max(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125);
}

/** ITU-R BT.2100 on a display of 1000 nits, channel by channel: exact for greys, near enough for a still picture. */
function hlgNits(signal: number): number {
  const scene = signal <= 0.5 ? (signal * signal) / 3 : (Math.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12;
  return PEAK_NITS * scene ** 1.2;
}

function srgbLight(signal: number): number {
  return signal <= 0.04045 ? signal / 12.92 : ((signal + 0.055) / 1.055) ** 2.4;
}

function shadeOf(): Uint8Array {
  const table = new Uint8Array(SHADES);
  for (let step = 0; step < SHADES; step++) {
    const light = step / (SHADES - 1);
    table[step] = Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
  }
  return table;
}
