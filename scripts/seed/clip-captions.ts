import { widthOf } from "../../app/seo/share-card.server";

/**
 * Captions of a clip: how long each is shown, where its lines break, and the WebVTT of all. Nobody speaks in the demo's
 * clips, so the captions are the words, and the pictures wait for them.
 */
export interface Cue {
  lines: string[];
  startSec: number;
  endSec: number;
}

/** Longest line, in Chinese characters (a Latin letter or digit is half of one) and in Latin letters. */
export const LINE_MAX = { "zh-CN": 16, en: 36 } as const;
const LINES_MAX = 2;
/** Reading goes on beside looking at a chart, so the pace is slower than that of film subtitles: 5.4 characters or 14 letters a second. */
const PER_SECOND = { "zh-CN": 5.4, en: 14 } as const;
const SETTLE_SEC = 0.6;
const CUE_SEC_MIN = 2;
const FPS = 25;
/** The last picture stays a moment longer before the clip starts over. */
export const SCENE_TAIL_SEC = 1.2;

interface Placing {
  lang: keyof typeof LINE_MAX;
  startSec: number;
  file: string;
}

/** Cues one after another from `startSec` on. Throws when a line is too long to be read on a phone. */
export function cueTimes(say: readonly string[], { lang, startSec, file }: Placing): Cue[] {
  let from = startSec;
  return say.map((words) => {
    const lines = breakLines(words, lang);
    for (const line of lines) if (lengthOf(line, lang) > LINE_MAX[lang]) throw new Error(`${file}: caption "${line}" is ${lengthOf(line, lang)} long, more than ${LINE_MAX[lang]}`);
    if (lines.length > LINES_MAX) throw new Error(`${file}: caption "${words}" has ${lines.length} lines`);
    const length = lines.reduce((sum, line) => sum + lengthOf(line, lang), 0);
    const seconds = onFrame(Math.max(CUE_SEC_MIN, SETTLE_SEC + length / PER_SECOND[lang]));
    const cue = { lines, startSec: from, endSec: onFrame(from + seconds) };
    from = cue.endSec;
    return cue;
  });
}

/** Everything starts on a frame. */
export function onFrame(seconds: number): number {
  return Math.round(seconds * FPS) / FPS;
}

export function lengthOf(line: string, lang: keyof typeof LINE_MAX): number {
  if (lang === "en") return [...line].length;
  return [...line].reduce((sum, character) => sum + (character <= "\u007f" ? 0.5 : 1), 0);
}

/** Where the writer broke it; English that is too long for a line is broken in two even halves. */
function breakLines(words: string, lang: keyof typeof LINE_MAX): string[] {
  const lines = words.split(/ ?\/ /).map((line) => line.trim());
  const [only = ""] = lines;
  if (lang !== "en" || lines.length > 1 || only.length <= LINE_MAX.en) return lines;
  const breaks = [...only.matchAll(/ /g)].map(({ index }) => [only.slice(0, index), only.slice(index + 1)] as const);
  const worst = (pair: readonly [string, string]) => Math.max(widthOf(pair[0]), widthOf(pair[1]));
  const [best] = [...breaks].sort((a, b) => worst(a) - worst(b));
  return best ? [...best] : lines;
}

/** WebVTT with one cue a caption; at most two lines each. */
export function toVtt(cues: readonly Cue[]): string {
  const blocks = cues.map(({ lines, startSec, endSec }, index) => `${index + 1}\n${stamp(startSec)} --> ${stamp(endSec)}\n${lines.map(escapeCue).join("\n")}\n`);
  return `WEBVTT\n\n${blocks.join("\n")}`;
}

function escapeCue(line: string): string {
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function stamp(seconds: number): string {
  const ms = Math.round(seconds * 1000);
  const part = (value: number, digits: number) => String(Math.floor(value)).padStart(digits, "0");
  return `${part(ms / 3_600_000, 2)}:${part((ms / 60_000) % 60, 2)}:${part((ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
}
