import { Invalid } from "@models/errors";
import { CAPTIONS_LENGTH_MAX } from "@models/media-reasons";
import { cleanCueText, plainCueText } from "./cue-text";
import { decodeText } from "./text-encoding";

/**
 * Captions that an author sends, WebVTT or SubRip, read and written anew: only times, words and plain markup survive.
 * What cannot be read is said with its line, because the author is sitting in front of the editor. Pure; needs no ffmpeg.
 */
/** Three minutes hold some 60 cues; karaoke files hold one per syllable. */
export const CUES_MAX = 2_000;
/** Rare characters of GB18030. */
const BYTES_PER_CHARACTER_MAX = 4;

export interface Cue {
  startMs: number;
  endMs: number;
  /** WebVTT cue text: escaped, with b, i, u, c, v, ruby, rt and lang at most. Lines are separated by "\n". */
  text: string;
}

/** `messageKey` with `line` (from 1) among the `params` where one line is at fault; `fields.captions` is the same key. */
export class CaptionsInvalid extends Invalid {
  constructor(
    messageKey: string,
    readonly line: number | null = null,
    params: Record<string, number> = {},
  ) {
    super(`captions${line === null ? "" : `, line ${line}`}: ${messageKey}`, { messageKey, params: { ...params, ...(line === null ? {} : { line }) }, fields: { captions: messageKey } });
  }
}

/**
 * Cues in order of time, cut at the clip's end when its length is known.
 * @param source text, or bytes in UTF-8, UTF-16, GB18030 or Latin-1
 * @throws CaptionsInvalid
 */
export function parseCaptions(source: string | Uint8Array, { durationSec }: { durationSec: number | null }): Cue[] {
  const text = typeof source === "string" ? limited(source) : decodeCaptions(source);
  if (text.includes("\0")) throw new CaptionsInvalid("media.captions.unreadable");
  const found = readBlocks(text).flatMap(readCue);
  if (found.length === 0) throw new CaptionsInvalid("media.captions.noCues");
  if (found.length > CUES_MAX) throw new CaptionsInvalid("media.captions.tooMany", null, { max: CUES_MAX });
  const endMs = durationSec === null ? Infinity : Math.round(durationSec * 1000);
  const cues = found
    .filter(({ startMs }) => startMs < endMs)
    .map((cue) => ({ ...cue, endMs: Math.min(cue.endMs, endMs) }))
    .sort((a, b) => a.startMs - b.startMs || a.endMs - b.endMs);
  if (cues.length === 0) throw new CaptionsInvalid("media.captions.afterTheEnd");
  return cues;
}

/**
 * The text of a captions file, in whichever encoding it was saved.
 * @throws CaptionsInvalid for one that is too long; more bytes than the longest text can have are not decoded at all
 */
export function decodeCaptions(bytes: Uint8Array): string {
  if (bytes.length > CAPTIONS_LENGTH_MAX * BYTES_PER_CHARACTER_MAX) throw new CaptionsInvalid("media.captions.tooLong");
  return limited(decodeText(bytes));
}

function limited(text: string): string {
  if (text.length > CAPTIONS_LENGTH_MAX) throw new CaptionsInvalid("media.captions.tooLong");
  return text;
}

/** A WebVTT file that a browser reads; `parseCaptions` of it gives the same cues. */
export function serializeCaptions(cues: readonly Cue[]): string {
  return ["WEBVTT", ...cues.map(({ startMs, endMs, text }) => `${formatTime(startMs)} --> ${formatTime(endMs)}\n${text}`)].join("\n\n") + "\n";
}

/** What is said, for readers and for search: a line for each cue, "Name: words" where a speaker is named. */
export function captionsToTranscript(cues: readonly Cue[]): string {
  const lines = cues.map(({ text }) => plainCueText(text)).filter((line) => line !== "");
  // Captions that roll up repeat the line above; a transcript says it once.
  return lines.filter((line, at) => line !== lines[at - 1]).join("\n");
}

interface Block {
  lines: string[];
  /** Of the first one, from 1. */
  line: number;
}

/** Groups of lines between empty ones, without what is no cue: the header, notes, styles and regions. */
function readBlocks(text: string): Block[] {
  const blocks: Block[] = [];
  let open: Block | null = null;
  text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\r|\n/)
    .forEach((content, at) => {
      if (content.trim() === "") open = null;
      else if (open) open.lines.push(content);
      else blocks.push((open = { lines: [content], line: at + 1 }));
    });
  return blocks.filter(({ lines }, at) => !isNoCue(lines, at === 0));
}

function isNoCue(lines: readonly string[], isFirst: boolean): boolean {
  const [first = ""] = lines;
  if (isFirst && /^WEBVTT(?:[ \t]|$)/.test(first)) return !lines.some(isTimeLine);
  if (/^NOTE(?:[ \t]|$)/.test(first)) return true;
  if (lines.some(isTimeLine)) return false;
  // A number alone is what is left of a cue whose words were deleted.
  return /^(?:STYLE|REGION)[ \t]*$/.test(first) || (lines.length === 1 && /^\d+$/.test(first.trim()));
}

const isTimeLine = (line: string): boolean => line.includes("-->");

/** A block may hold several cues when the empty line between them was forgotten. */
function readCue({ lines, line }: Block): Cue[] {
  const starts = lines.flatMap((content, at) => (isTimeLine(content) ? [at] : []));
  if (starts.length === 0) throw new CaptionsInvalid("media.captions.noTime", line);
  return starts.flatMap((start, index) => {
    const times = readTimes(lines[start] ?? "", line + start);
    const next = starts[index + 1];
    const words = lines.slice(start + 1, next);
    // The number of the next cue belongs to it.
    if (next !== undefined && /^\d+$/.test(words.at(-1)?.trim() ?? "")) words.pop();
    const text = cleanCueText(words);
    return text === "" ? [] : [{ ...times, text }];
  });
}

const TIME = String.raw`(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})(?:[.,](\d{1,3}))?`;
const TIMES = new RegExp(String.raw`^\s*${TIME}\s*-->\s*${TIME}(?:\s.*)?$`);

function readTimes(content: string, line: number): { startMs: number; endMs: number } {
  const parts = TIMES.exec(content);
  if (!parts) throw new CaptionsInvalid("media.captions.badTime", line);
  const startMs = toMs(parts.slice(1, 5));
  const endMs = toMs(parts.slice(5, 9));
  if (Number.isNaN(startMs) || Number.isNaN(endMs)) throw new CaptionsInvalid("media.captions.badTime", line);
  if (endMs <= startMs) throw new CaptionsInvalid("media.captions.endsBeforeStart", line);
  return { startMs, endMs };
}

/** NaN for 61 seconds. */
function toMs([hours, minutes, seconds, fraction = ""]: (string | undefined)[]): number {
  if (Number(minutes) > 59 || Number(seconds) > 59) return Number.NaN;
  return ((Number(hours ?? 0) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, "0"));
}

function formatTime(ms: number): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, "0");
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}
