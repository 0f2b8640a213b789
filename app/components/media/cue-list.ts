import type { Cue } from "@media/captions";

/** The lines of a captions editor, as they are typed: times as text, so that half a time can stand while it is written. */
export interface CueDraft {
  id: number;
  start: string;
  end: string;
  text: string;
}

export type CueProblem = { key: "cueBadTime" | "cueOrder" | "cueEmpty"; index: number };

let lastId = 0;
const newId = (): number => (lastId += 1);

export function toDrafts(cues: readonly Cue[]): CueDraft[] {
  return cues.map(({ startMs, endMs, text }) => ({ id: newId(), start: formatCueTime(startMs), end: formatCueTime(endMs), text }));
}

/** Lines kept by an earlier page, whose numbers this page may have given away already. */
export function adoptDrafts(kept: readonly CueDraft[]): CueDraft[] {
  return kept.map((draft) => ({ ...draft, id: newId() }));
}

/** 61_500 → "1:01.500". */
export function formatCueTime(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  const seconds = Math.floor(whole / 1_000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}.${String(whole % 1_000).padStart(3, "0")}`;
}

/** "1:01.5", "61.5", "00:01:01,500" → milliseconds; null for anything else. */
export function parseCueTime(text: string): number | null {
  const match = /^\s*(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,3})(?:[.,](\d{1,3}))?\s*$/.exec(text.replace(/：/g, ":"));
  if (!match) return null;
  const [hours, minutes, seconds, fraction] = [Number(match[1] ?? 0), Number(match[2] ?? 0), Number(match[3]), Number((match[4] ?? "").padEnd(3, "0"))];
  if (match[2] !== undefined && seconds > 59) return null;
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000 + fraction;
}

/** The first thing that keeps the lines from being saved; null when nothing does. */
export function findCueProblem(drafts: readonly CueDraft[]): CueProblem | null {
  for (const [index, { start, end, text }] of drafts.entries()) {
    const [startMs, endMs] = [parseCueTime(start), parseCueTime(end)];
    if (startMs === null || endMs === null) return { key: "cueBadTime", index };
    if (endMs <= startMs) return { key: "cueOrder", index };
    if (text.trim() === "") return { key: "cueEmpty", index };
  }
  return null;
}

/** Call it when `findCueProblem` finds nothing. Empty lines inside a text would end it, so they are closed up. */
export function toCues(drafts: readonly CueDraft[]): Cue[] {
  return drafts.map(({ start, end, text }) => ({ startMs: parseCueTime(start) ?? 0, endMs: parseCueTime(end) ?? 0, text: text.trim().replace(/\n\s*\n/g, "\n") }));
}

const LINE_MS = 2_000;

/** A line after the one at `index` (-1: the first), beginning where that ends, or where the video stands. */
export function addCue(drafts: readonly CueDraft[], index: number, atMs: number | null): CueDraft[] {
  const before = drafts[index];
  const startMs = before ? Math.max(parseCueTime(before.end) ?? 0, 0) : (atMs ?? 0);
  const next = drafts[index + 1];
  const nextMs = next ? parseCueTime(next.start) : null;
  const endMs = nextMs !== null && nextMs > startMs ? Math.min(startMs + LINE_MS, nextMs) : startMs + LINE_MS;
  const made = { id: newId(), start: formatCueTime(startMs), end: formatCueTime(endMs), text: "" };
  return [...drafts.slice(0, index + 1), made, ...drafts.slice(index + 1)];
}

/** Two lines from one, at the cursor; the time is shared by the length of the words. */
export function splitCue(drafts: readonly CueDraft[], index: number, cursor: number): CueDraft[] {
  const cue = drafts[index];
  const [startMs, endMs] = [cue && parseCueTime(cue.start), cue && parseCueTime(cue.end)];
  if (!cue || startMs == null || endMs == null || endMs - startMs < 2) return [...drafts];
  const at = cursor > 0 && cursor < cue.text.length ? cursor : Math.ceil(cue.text.length / 2);
  const share = cue.text.length === 0 ? 0.5 : at / cue.text.length;
  const middle = formatCueTime(startMs + Math.max(1, Math.round((endMs - startMs) * share)));
  const parts = [
    { ...cue, end: middle, text: cue.text.slice(0, at).trim() },
    { id: newId(), start: middle, end: cue.end, text: cue.text.slice(at).trim() },
  ];
  return [...drafts.slice(0, index), ...parts, ...drafts.slice(index + 1)];
}
