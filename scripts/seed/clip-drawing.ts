import sharp from "sharp";
import type { Tone } from "./clip-scenes";

/**
 * What the clips' pictures are drawn with: sizes, colours and letters from the dark scheme of app/styles/tokens.css on
 * the ground of the clip player, and the step from markup to pixels. Unit: pixels of a 720 × 1280 frame.
 */
export const FRAME = { width: 720, height: 1280, fps: 25 } as const;

/**
 * Where a picture may stand. A phone that fills its height cuts 65 px off both sides; its buttons stand right of 556 from
 * y 440 down, the tabs above 200, the captions and the title of the post below 768 (the lower 40%).
 */
export const STAGE = { left: 96, right: 556, headRight: 624, top: 200, bottom: 768 } as const;

export const GROUND = "#10211c";
export const INK = { text: "#ffffff", soft: "#cfe9e1", kicker: "#9bd9c8", hair: "#2f4a42", muted: "#8fb3a8" } as const;

const MARKET = { "zh-CN": { rise: "#f28b82", fall: "#7fcf9a" }, en: { rise: "#7fcf9a", fall: "#f28b82" } } as const;

export type Lang = keyof typeof MARKET;

export function colorOf(tone: Tone, lang: Lang): string {
  switch (tone) {
    case "ink":
      return INK.text;
    case "calm":
      return "#6fcdb4";
    case "cost":
      return "#f2a093";
    case "muted":
      return INK.muted;
    default:
      return MARKET[lang][tone];
  }
}

/** English takes the Korean cut of the same face: its quotation marks are narrow, where those of the Chinese cut are a character wide. */
const FONT = {
  "zh-CN": "'PingFang SC','Noto Sans CJK SC','Noto Sans SC','Source Han Sans SC','Microsoft YaHei','DejaVu Sans',sans-serif",
  en: "'Helvetica Neue','Noto Sans CJK KR','Segoe UI','DejaVu Sans',sans-serif",
} as const;

export interface Letters {
  x: number;
  /** Of the baseline. */
  y: number;
  size: number;
  weight?: 400 | 700;
  fill: string;
  anchor?: "start" | "middle" | "end";
}

/** Share of the size. */
const HANG = 0.5;

/** One line of text as SVG, in the faces of its language. */
export function letters(lang: Lang, { x, y, size, weight = 400, fill, anchor = "start" }: Letters, content: string): string {
  // The left half of a Chinese opening quotation mark is empty; it hangs in the margin, so that words stand under one another.
  const hang = lang === "zh-CN" && anchor === "start" && /^[“‘「《（]/.test(content) ? Math.round(size * HANG) : 0;
  return `<text x="${x - hang}" y="${y}" font-family="${FONT[lang]}" font-size="${size}" font-weight="${weight}" fill="${fill}" text-anchor="${anchor}">${spans(content, size)}</text>`;
}

/** 13 px on a phone that is 360 px wide. */
const UNIT_SIZE_MIN = 26;

/** A unit behind a figure is smaller than the figure: "57.4 万". */
function spans(content: string, size: number): string {
  const [, figure, unit] = /^([+\u2212≈]?[\d,.]+) ?([^\d\s]{1,3})$/.exec(content) ?? [];
  if (figure === undefined || unit === undefined || unit === "%" || size < UNIT_SIZE_MIN) return escapeXml(content);
  return `${escapeXml(figure)}<tspan font-size="${Math.max(UNIT_SIZE_MIN, Math.round(size * 0.72))}" dx="${Math.round(size * 0.12)}">${escapeXml(unit)}</tspan>`;
}

function escapeXml(content: string): string {
  return content.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Sprite extends Box {
  /** RGBA, not premultiplied, row by row. */
  pixels: Buffer;
}

export interface Drawing {
  box: Box;
  /** SVG markup in coordinates of the frame; what leaves the box is cut. */
  markup: string;
}

/** Pixels of many drawings by one rendering: they stand in rows on one sheet, which is then cut apart. */
export async function rasterise(drawings: readonly Drawing[]): Promise<Sprite[]> {
  const { places, height } = shelve(drawings.map(({ box }) => box));
  const parts = drawings.map(({ box, markup }, index) => {
    const place = places[index] ?? { x: 0, y: 0 };
    return `<svg x="${place.x}" y="${place.y}" width="${box.width}" height="${box.height}" viewBox="${box.x} ${box.y} ${box.width} ${box.height}" overflow="hidden">${markup}</svg>`;
  });
  const sheet = `<svg xmlns="http://www.w3.org/2000/svg" width="${FRAME.width}" height="${height}">${parts.join("")}</svg>`;
  const { data, info } = await sharp(Buffer.from(sheet)).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return drawings.map(({ box }, index) => {
    const place = places[index] ?? { x: 0, y: 0 };
    const pixels = Buffer.alloc(box.width * box.height * 4);
    for (let row = 0; row < box.height; row += 1) {
      const from = ((place.y + row) * info.width + place.x) * 4;
      data.copy(pixels, row * box.width * 4, from, from + box.width * 4);
    }
    return { ...box, pixels };
  });
}

/** Places boxes from left to right in rows as high as their highest. */
function shelve(boxes: readonly Box[]): { places: { x: number; y: number }[]; height: number } {
  let x = 0;
  let y = 0;
  let rowHeight = 0;
  const places = boxes.map(({ width, height }) => {
    if (x + width > FRAME.width) {
      x = 0;
      y += rowHeight;
      rowHeight = 0;
    }
    const place = { x, y };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    return place;
  });
  return { places, height: Math.max(1, y + rowHeight) };
}

/**
 * Whether the machine has glyphs for a language. Chinese is looked for with "一", which is one flat stroke in every
 * Chinese font, while the box that stands for a missing glyph is as high as it is wide.
 */
export async function canDraw(lang: Lang): Promise<boolean> {
  const size = 100;
  const glyph = letters(lang, { x: 20, y: 110, size, fill: "#fff" }, lang === "en" ? "H" : "一");
  const [sprite] = await rasterise([{ box: { x: 0, y: 0, width: 160, height: 160 }, markup: glyph }]);
  const ink = sprite ? inkOf(sprite) : null;
  if (!ink) return false;
  return lang === "en" || (ink.width > size * 0.6 && ink.height < size * 0.3);
}

/** The smallest box that holds everything visible of a sprite, in coordinates of the frame; null when it is empty. */
export function inkOf({ x, y, width, height, pixels }: Sprite): Box | null {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let index = 0; index < width * height; index += 1) {
    if ((pixels[index * 4 + 3] ?? 0) < 16) continue;
    const column = index % width;
    const row = Math.floor(index / width);
    left = Math.min(left, column);
    right = Math.max(right, column);
    top = Math.min(top, row);
    bottom = row;
  }
  return right < 0 ? null : { x: x + left, y: y + top, width: right - left + 1, height: bottom - top + 1 };
}
