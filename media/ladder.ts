import type { RungName } from "./types";

/** One version to encode. Sizes are even, upright, and never above the source's. */
export interface Rung {
  name: RungName;
  codec: "h264" | "av1";
  width: number;
  height: number;
  /** Frames in two seconds, so that every rung can be cut, and joined, at the same places. */
  gopFrames: number;
}

/** Nominal short sides. A rung is named after the one it fills at most: a 480p source ends with a "540" of 480. */
const SHORT_SIDES = [360, 540, 720] as const;
const TOP_SHORT_SIDE = 1080;
/** A source a little below 1080 (1072, or a crop) still gains from its own size. */
const TOP_FROM = 1000;
/** A rung that is hardly larger than the one below it costs an encode and shows nothing. */
const WORTH_IT = 1.15;
const GOP_SEC = 2;

/**
 * The versions of a clip, smallest first; the optional ones (1080, then AV1) last.
 * @param size upright, square pixels
 * @param fps of the output
 */
export function ladder({ width, height, fps }: { width: number; height: number; fps: number }): Rung[] {
  const own = Math.min(width, height);
  const gopFrames = Math.round(fps * GOP_SEC);
  const rung = (name: RungName, shortSide: number, codec: Rung["codec"] = "h264"): Rung => ({ name, codec, ...fit(width, height, shortSide), gopFrames });
  const shorts = SHORT_SIDES.filter((side) => side <= own);
  const reached = shorts.at(-1);
  const next = SHORT_SIDES.find((side) => side > own);
  const base = shorts.map((side) => rung(`${side}`, side));
  if (next && (reached === undefined || own >= reached * WORTH_IT)) base.push(rung(`${next}`, own));
  if (own >= TOP_FROM) base.push(rung("1080", Math.min(own, TOP_SHORT_SIDE)));
  if (own >= 720) base.push(rung("av1-720", 720, "av1"));
  return base;
}

/** Those that make a clip complete; the others are extras for when the machine has nothing better to do. */
export function isBase({ name }: Rung): boolean {
  return name === "360" || name === "540" || name === "720";
}

function fit(width: number, height: number, shortSide: number): { width: number; height: number } {
  const scale = Math.min(1, shortSide / Math.min(width, height));
  const even = (side: number): number => Math.max(2, 2 * Math.round((side * scale) / 2 - (scale === 1 && side % 2 ? 0.5 : 0)));
  return { width: even(width), height: even(height) };
}
