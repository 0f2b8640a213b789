/** Length as people see it: one emoji family or one Chinese character is one. Safe in the browser. */
const segmenter = new Intl.Segmenter("zh-CN", { granularity: "grapheme" });

/** Anything longer than this many UTF-16 units per character seen is a flood of marks, not writing. */
const UNITS_PER_GRAPHEME_MAX = 16;
const WINDOW_UNITS = 512;
const COMBINING = /[\u0300-\u036f\u0483-\u0489\u0591-\u05ff\u0600-\u06ff\u0900-\u0dff\u0e00-\u0eff\u1100-\u11ff\u1ab0-\u1aff\u1dc0-\u1dff\u200d\u20d0-\u20ff\ufe00-\ufe2f\r]|[\ud800-\udfff]/;

/** Number of characters as seen. Text without emoji, marks or joined scripts (most Chinese and English) is counted by its length. */
export function countGraphemes(text: string): number {
  if (!COMBINING.test(text)) return text.length;
  let count = 0;
  for (const _end of graphemeEnds(text)) count += 1;
  return count;
}

/** The first `max` characters as seen; never cuts an emoji in two. */
export function takeGraphemes(text: string, max: number): string {
  if (text.length <= max) return text;
  let count = 0;
  let kept = 0;
  for (const end of graphemeEnds(text)) {
    if (count === max) return text.slice(0, kept);
    count += 1;
    kept = end;
  }
  return text;
}

/**
 * Where each character ends. The segmenter's time grows with the square of the text (220,000 units of emoji took 11 s
 * in Node 20), so it is given one window after the other; the last character of a window may go on in the next.
 */
function* graphemeEnds(text: string): Generator<number> {
  let start = 0;
  while (start < text.length) {
    const window = text.slice(start, start + WINDOW_UNITS);
    const isLast = start + window.length >= text.length;
    const starts = Array.from(segmenter.segment(window), ({ index }) => index);
    for (const index of starts.slice(1)) yield start + index;
    const carried = starts.length > 1 && !isLast ? (starts.at(-1) ?? 0) : window.length;
    if (carried === window.length) yield start + window.length;
    start += carried;
  }
}

/** Upper bound in UTF-16 units for a text of at most `max` characters; checked before the slower count. */
export function unitsMax(max: number): number {
  return max * UNITS_PER_GRAPHEME_MAX;
}
