import sharp from "sharp";
import type { Locale } from "../i18n/locales";
import { beanAt } from "./mark.server";

/**
 * The picture that other sites show beside a link: 1200 × 630, drawn from the same tokens as the pages
 * (app/styles/tokens.css, light scheme). Glyphs come from the fonts of the machine; Chinese needs one with CJK.
 */
export const CARD_SIZE = { width: 1200, height: 630 } as const;

const INK = "#1d1b18";
const INK_3 = "#6f685c";
const PAPER = "#fbfaf7";
const LINE = "#e7e2d8";
const ACT = "#0d5c4b";
const ACT_SOFT = "#e2efea";
const BEAN = "#c98a04";
const FONT = "'PingFang SC','Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','DejaVu Sans',sans-serif";

const MARGIN = 80;
const TITLE_SIZE = 64;
const TITLE_LINES_MAX = 3;
const TITLE_LEAD = 1.32;
const NAME_LENGTH_MAX = 24;

export interface CardFacts {
  title: string;
  author: string;
  topic: string | null;
  locale: Locale;
}

export function drawCard({ title, author, topic, locale }: CardFacts): Promise<Buffer> {
  const lines = wrap(title, (CARD_SIZE.width - 2 * MARGIN) / TITLE_SIZE, TITLE_LINES_MAX);
  const titleTop = 300 - ((lines.length - 1) * TITLE_SIZE * TITLE_LEAD) / 2;
  const brand = locale === "en" ? "Goldbean" : "金豆社区";
  const parts = [
    `<rect width="1200" height="630" fill="${PAPER}"/>`,
    beanAt({ x: MARGIN + 17, y: 92, height: 42, fill: BEAN }),
    text({ x: MARGIN + 50, y: 104, size: 34, weight: 700, fill: INK }, brand),
    ...(topic ? [chip(topic)] : []),
    ...lines.map((line, index) => text({ x: MARGIN, y: Math.round(titleTop + index * TITLE_SIZE * TITLE_LEAD), size: TITLE_SIZE, weight: 700, fill: INK }, line)),
    `<rect x="${MARGIN}" y="506" width="${CARD_SIZE.width - 2 * MARGIN}" height="2" fill="${LINE}"/>`,
    text({ x: MARGIN, y: 566, size: 32, weight: 500, fill: INK_3 }, cut(author, NAME_LENGTH_MAX)),
  ];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" viewBox="0 0 1200 630">${parts.join("")}</svg>`;
  return sharp(Buffer.from(svg)).png({ compressionLevel: 9, palette: true }).toBuffer();
}

function chip(topic: string): string {
  const label = cut(topic, NAME_LENGTH_MAX);
  const width = Math.round(widthOf(label) * 28) + 44;
  const x = CARD_SIZE.width - MARGIN - width;
  return `<rect x="${x}" y="64" width="${width}" height="56" rx="28" fill="${ACT_SOFT}"/>${text({ x: x + 22, y: 102, size: 28, weight: 600, fill: ACT }, label)}`;
}

interface Style {
  x: number;
  y: number;
  size: number;
  weight: number;
  fill: string;
}

function text({ x, y, size, weight, fill }: Style, content: string): string {
  return `<text x="${x}" y="${y}" font-family="${FONT}" font-size="${size}" font-weight="${weight}" fill="${fill}">${escapeXml(content)}</text>`;
}

/** XML 1.0 has no control characters; they would make the whole picture unreadable. */
function escapeXml(content: string): string {
  const readable = [...content].filter((character) => character >= " " && !/[\ufffe\uffff]|\p{Surrogate}/u.test(character)).join("");
  return readable.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const graphemes = new Intl.Segmenter("zh-CN", { granularity: "grapheme" });
const words = new Intl.Segmenter("zh-CN", { granularity: "word" });
/** Curly quotes, dashes and the ellipsis are as wide as a character in a Chinese font. */
const WIDE = /[\u2014\u2018-\u201d\u2026\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\u3000-\u303f]|\p{Extended_Pictographic}/u;
/** Chinese typography: these never begin a line. */
const NEVER_FIRST = /^[，。！？；：、）》」』”’%％…,.!?;:)\]]/;

/** Estimated width in em: a Chinese character is 1; Latin letters of a bold system face are about 0.58. */
export function widthOf(content: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(content)) width += WIDE.test(segment) ? 1 : segment === " " ? 0.3 : /[A-Z0-9MW@]/.test(segment) ? 0.68 : 0.56;
  return width;
}

/** Breaks between words (Chinese between any two), never before closing punctuation; the last line ends in … when cut. */
export function wrap(content: string, widthMax: number, linesMax: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces(content.trim().replace(/\s+/g, " "), widthMax)) {
    if (widthOf(line + piece) <= widthMax) {
      line += piece;
      continue;
    }
    lines.push(line.trimEnd());
    line = piece.trimStart();
    if (lines.length === linesMax) {
      const last = lines[linesMax - 1] ?? "";
      return [...lines.slice(0, -1), `${fit(last, widthMax - 1)}…`];
    }
  }
  return line.trim() ? [...lines, line.trimEnd()] : lines;
}

/** Words with the punctuation that must stay behind them; a word longer than a line is broken anywhere. */
function pieces(content: string, widthMax: number): string[] {
  const found: string[] = [];
  for (const { segment } of words.segment(content)) {
    const previous = found.at(-1);
    if (previous !== undefined && NEVER_FIRST.test(segment)) found[found.length - 1] = previous + segment;
    else if (widthOf(segment) > widthMax) found.push(...[...graphemes.segment(segment)].map((part) => part.segment));
    else found.push(segment);
  }
  return found;
}

function fit(content: string, widthMax: number): string {
  let kept = "";
  for (const { segment } of graphemes.segment(content)) {
    if (widthOf(kept + segment) > widthMax) break;
    kept += segment;
  }
  return kept;
}

function cut(content: string, lengthMax: number): string {
  const parts = [...graphemes.segment(content)].map(({ segment }) => segment);
  return parts.length <= lengthMax ? content : `${parts.slice(0, lengthMax - 1).join("")}…`;
}
