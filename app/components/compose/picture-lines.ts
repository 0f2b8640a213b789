/**
 * The pictures of a text as the composer edits them: read out of the Markdown and written back into it, so that the
 * text stays the one place where they are. Mirrors app/format/markdown-pictures.server.ts. Pure.
 */
export interface PictureLine {
  assetId: string;
  alt: string;
  decorative: boolean;
  /** Where it stands in the text. */
  from: number;
  to: number;
  /** As written, title included. */
  source: string;
}

const PICTURE = /!\[((?:\\.|[^\]\\\n])*)\]\(media:([0-9a-f]{32})(#decorative)?([ \t]+"(?:\\.|[^"\\\n])*")?\)/g;
const ALT_MAX = 300;

export function listPictureLines(body: string): PictureLine[] {
  return [...body.matchAll(PICTURE)].map((match) => ({
    assetId: match[2] ?? "",
    alt: (match[1] ?? "").replace(/\\(.)/g, "$1"),
    decorative: match[3] !== undefined,
    from: match.index,
    to: match.index + match[0].length,
    source: match[0],
  }));
}

export function pictureSource({ assetId, alt = "", decorative = false, title = "" }: { assetId: string; alt?: string; decorative?: boolean; title?: string }): string {
  const said = alt.replace(/\s+/g, " ").slice(0, ALT_MAX).replace(/[\\[\]`*_<]/g, "\\$&");
  return `![${decorative ? "" : said}](media:${assetId}${decorative ? "#decorative" : ""}${title})`;
}

/** Says something else about the picture at `at`; its caption stays. */
export function describePicture(body: string, at: number, said: { alt: string; decorative: boolean }): string {
  const line = listPictureLines(body)[at];
  if (!line) return body;
  const title = /([ \t]+"(?:\\.|[^"\\\n])*")\)$/.exec(line.source)?.[1] ?? "";
  return body.slice(0, line.from) + pictureSource({ assetId: line.assetId, ...said, title }) + body.slice(line.to);
}

/** Pictures change places; the words around them stay where they are. */
export function swapPictures(body: string, at: number, other: number): string {
  const lines = listPictureLines(body);
  const [first, second] = [lines[Math.min(at, other)], lines[Math.max(at, other)]];
  if (!first || !second || first === second) return body;
  return body.slice(0, first.from) + second.source + body.slice(first.to, second.from) + first.source + body.slice(second.to);
}

/** Takes the picture out, and the empty lines it leaves. */
export function removePicture(body: string, at: number): string {
  const line = listPictureLines(body)[at];
  if (!line) return body;
  const before = body.slice(0, line.from);
  const after = body.slice(line.to);
  return /(^|\n)$/.test(before) && /^(\n|$)/.test(after) ? (before.replace(/\n+$/, "") + (before === "" || after.trim() === "" ? "" : "\n\n") + after.replace(/^\n+/, "")) : before + after;
}

/**
 * Where a new picture goes: beside its neighbours in `batch`, the pictures that were chosen with it, in the order of
 * choosing. The server takes them on in any order. With none of them in the text: after the line of the cursor.
 */
export function placeForPicture(body: string, cursor: number, assetId: string, batch: readonly string[]): number {
  const lines = new Map(listPictureLines(body).map((line) => [line.assetId, line]));
  const at = batch.indexOf(assetId);
  const earlier = batch.slice(0, Math.max(0, at)).findLast((id) => lines.has(id));
  const later = batch.slice(at + 1).find((id) => lines.has(id));
  const from = lines.get(earlier ?? "")?.to;
  if (from === undefined && later !== undefined) return lines.get(later)?.from ?? body.length;
  const end = body.indexOf("\n", from ?? cursor);
  return end === -1 ? body.length : end;
}

/** The text to insert at `at`, with the empty lines that make it a paragraph of its own. */
export function pictureParagraph(body: string, at: number, source: string): string {
  const before = body.slice(0, at);
  const after = body.slice(at);
  const gapBefore = before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  const gapAfter = after === "" ? "\n\n" : after.startsWith("\n\n") ? "" : after.startsWith("\n") ? "\n" : "\n\n";
  return gapBefore + source + gapAfter;
}
