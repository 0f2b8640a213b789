/** The small pictures of a clip: a WebVTT whose cues name rectangles of one image. */
export interface StoryboardCell {
  startSec: number;
  endSec: number;
  url: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

const CELLS_MAX = 400;
const TIMEOUT_MS = 5_000;

/** Empty when it cannot be had: a hint that is missing costs nothing. */
export async function readStoryboard(url: string): Promise<StoryboardCell[]> {
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return reply.ok ? parseStoryboard(await reply.text(), url) : [];
  } catch {
    return [];
  }
}

export function parseStoryboard(text: string, url: string): StoryboardCell[] {
  const cells: StoryboardCell[] = [];
  const pattern = /([\d:.]+) --> ([\d:.]+)[^\n]*\n([^\s#"\\()]+)#xywh=(\d+),(\d+),(\d+),(\d+)/g;
  for (const [, start = "", end = "", file = "", x, y, width, height] of text.matchAll(pattern)) {
    if (cells.length >= CELLS_MAX) break;
    // Beside the track, and nowhere else.
    const folder = url.slice(0, url.lastIndexOf("/") + 1);
    cells.push({ startSec: secondsOf(start), endSec: secondsOf(end), url: folder + file.slice(file.lastIndexOf("/") + 1), x: Number(x), y: Number(y), width: Number(width), height: Number(height) });
  }
  return cells;
}

function secondsOf(clock: string): number {
  return clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
