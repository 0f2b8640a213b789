import type { Box, Drawing, Lang } from "./clip-drawing";

/** The parts that scenes are laid out in, and how they move. Times are seconds from the start of the scene. */
export interface Part extends Drawing {
  enterSec: number;
  enterFor: number;
  /** fade: appears while moving up a little; up, right: grows out of its lower or left edge; wipe: is uncovered from the left; flip: there from the start, then its `frames` one after another. */
  enter: "there" | "fade" | "up" | "right" | "wipe" | "flip";
  /** Later pictures of a flip, in the same box. */
  frames?: string[];
}

/** Moves take 160 to 400 ms; a line draws itself in twice that, so that the eye can follow it. */
export const MOTION = { fadeSec: 0.24, growSec: 0.4, drawSec: 0.8, staggerSec: 0.04, leaveSec: 0.16 } as const;

export interface Place {
  lang: Lang;
  /** Top of what is left below the headline. */
  top: number;
  /** Start of the caption with this number, from 1. */
  captionSec: (number: number) => number;
  /** Start of part `index` of `count`: its own caption, or an even share of all captions. */
  partSec: (own: number | undefined, index: number, count: number) => number;
}

/** Text that fades in; the box leaves room for what hangs below the baseline. */
export function textPart(box: Box, markup: string, enterSec: number): Part {
  return { box, markup, enterSec, enterFor: MOTION.fadeSec, enter: "fade" };
}
