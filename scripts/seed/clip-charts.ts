import { colorOf, FRAME, INK, letters, STAGE, type Lang } from "./clip-drawing";
import { MOTION, textPart, type Part, type Place } from "./clip-parts";
import { columnText, type BarsScene, type ColumnsScene, type LinesScene, type SeesawScene } from "./clip-scenes";

/** The charts of the clips: zero-based, labelled directly, growing once and then still. */
const WIDTH = STAGE.right - STAGE.left;

export function drawColumns(scene: ColumnsScene, { lang, top, captionSec, partSec }: Place): Part[] {
  const { columns, under, name } = scene;
  const isLabelled = columns.some(({ label }) => label !== "");
  const base = STAGE.bottom - (isLabelled ? 48 : 6) - (under ? 74 : 0);
  const ceiling = top + (name ? 64 : 20) + (columns.length > 7 ? 0 : 44);
  const pitch = WIDTH / columns.length;
  const width = Math.min(92, Math.round(pitch * (columns.length > 7 ? 0.7 : 0.62)));
  const highest = Math.max(...columns.map(({ value }) => value));
  const small = columns.length > 5 ? 26 : 30;
  const parts: Part[] = name ? [textPart({ x: 80, y: top + 8, width: 492, height: 48 }, letters(lang, { x: STAGE.left, y: top + 42, size: 28, fill: INK.soft }, name), captionSec(1))] : [];
  for (const [index, column] of columns.entries()) {
    const height = Math.max(4, Math.round((column.value / highest) * (base - ceiling)));
    const x = Math.round(STAGE.left + index * pitch + (columns.length > 7 ? 0 : (pitch - width) / 2));
    const enterSec = captionSec(column.at ?? 1) + (column.at ? 0 : index * MOTION.staggerSec);
    const color = colorOf(column.tone, lang);
    parts.push({ box: { x, y: base - height, width, height }, markup: `<rect x="${x}" y="${base - height}" width="${width}" height="${height}" rx="5" fill="${color}"/>`, enterSec, enterFor: MOTION.growSec, enter: "up" });
    const middle = x + width / 2;
    const text = columnText(scene, column);
    const box = { x: Math.round(middle - pitch / 2 - 14), width: Math.round(pitch + 28) };
    if (text) parts.push(textPart({ ...box, y: base - height - 46, height: 44 }, letters(lang, { x: middle, y: base - height - 14, size: small, weight: 700, fill: color, anchor: "middle" }, text), enterSec + MOTION.growSec / 2));
    if (column.label) parts.push(textPart({ ...box, y: STAGE.bottom - 46, height: 46 }, letters(lang, { x: middle, y: STAGE.bottom - 12, size: 26, fill: INK.soft, anchor: "middle" }, column.label), captionSec(column.at ?? 1)));
    if (under) parts.push(chip({ x, width, y: base + 12, color: colorOf(under.tone, lang) }, partSec(under.at, 1, 2) + index * MOTION.staggerSec));
  }
  if (under) parts.push(textPart({ x: 80, y: base + 34, width: 492, height: 44 }, letters(lang, { x: STAGE.left, y: base + 66, size: 28, fill: colorOf(under.tone, lang) }, under.name), partSec(under.at, 1, 2)));
  return parts;
}

function chip({ x, y, width, color }: { x: number; y: number; width: number; color: string }, enterSec: number): Part {
  return textPart({ x, y, width, height: 18 }, `<rect x="${x}" y="${y}" width="${width}" height="18" rx="4" fill="${color}"/>`, enterSec);
}

export function drawBars({ rows }: BarsScene, { lang, top, partSec }: Place): Part[] {
  const gap = Math.min(rows.length > 2 ? 116 : 152, Math.floor((STAGE.bottom - top - 8) / rows.length));
  const thick = Math.min(60, gap - 78);
  const longest = Math.max(...rows.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0)));
  return rows.flatMap(({ label, text, tone: textTone, parts, at }, index) => {
    const y = top + 12 + index * gap;
    const enterSec = partSec(at, index, rows.length);
    const bars: Part[] = [];
    let x: number = STAGE.left;
    for (const [place, { value, tone }] of parts.entries()) {
      const width = Math.max(3, Math.round((value / longest) * WIDTH) - (place > 0 ? 3 : 0));
      bars.push({ box: { x, y: y + 52, width, height: thick }, markup: `<rect x="${x}" y="${y + 52}" width="${width}" height="${thick}" rx="5" fill="${colorOf(tone, lang)}"/>`, enterSec: enterSec + (place * MOTION.growSec) / 2, enterFor: MOTION.growSec, enter: "right" });
      x += width + 3;
    }
    const ink = colorOf(textTone ?? parts.at(-1)?.tone ?? "ink", lang);
    const words = letters(lang, { x: STAGE.left, y: y + 38, size: 30, fill: INK.soft }, label) + letters(lang, { x: STAGE.right, y: y + 38, size: 34, weight: 700, fill: ink, anchor: "end" }, text);
    return [textPart({ x: 80, y, width: 492, height: 50 }, words, enterSec), ...bars];
  });
}

const LINE_LABEL_WIDTH = 150;
const LABEL_GAP_MIN = 74;

export function drawLines({ x: xs, xUnit, series }: LinesScene, { lang, top, captionSec, partSec }: Place): Part[] {
  const right = STAGE.right - LINE_LABEL_WIDTH;
  const base = STAGE.bottom - 50;
  const ceiling = top + 34;
  const [first = 0, last = 1] = [xs[0], xs.at(-1)];
  const highest = Math.max(...series.flatMap(({ values }) => values));
  const placeX = (value: number) => STAGE.left + ((value - first) / (last - first)) * (right - STAGE.left);
  const placeY = (value: number) => base - (value / highest) * (base - ceiling);
  const axis = [
    `<rect x="${STAGE.left}" y="${base}" width="${right - STAGE.left}" height="2" fill="${INK.hair}"/>`,
    letters(lang, { x: STAGE.left, y: base + 38, size: 26, fill: INK.muted }, `${first}`),
    letters(lang, { x: right, y: base + 38, size: 26, fill: INK.muted, anchor: "end" }, `${last} ${xUnit}`),
  ].join("");
  const labelYs = spread(series.map(({ values }) => placeY(values.at(-1) ?? 0)), ceiling, base - 26);
  const parts: Part[] = [textPart({ x: 80, y: base - 4, width: 492, height: 54 }, axis, captionSec(1))];
  for (const [index, { name, text, values, tone, at }] of series.entries()) {
    const color = colorOf(tone, lang);
    const enterSec = partSec(at, index, series.length);
    const points = values.map((value, place) => `${placeX(xs[place] ?? first).toFixed(1)},${placeY(value).toFixed(1)}`);
    const end = { x: right, y: placeY(values.at(-1) ?? 0) };
    const line = `<polyline points="${points.join(" ")}" fill="none" stroke="${color}" stroke-width="6" stroke-linejoin="round" stroke-linecap="round"/><circle cx="${end.x}" cy="${end.y}" r="8" fill="${color}"/>`;
    parts.push({ box: { x: STAGE.left - 10, y: ceiling - 14, width: right - STAGE.left + 22, height: base - ceiling + 30 }, markup: line, enterSec, enterFor: MOTION.drawSec, enter: "wipe" });
    const y = Math.round(labelYs[index] ?? end.y);
    const label = letters(lang, { x: right + 18, y: y + 2, size: 32, weight: 700, fill: color }, text) + letters(lang, { x: right + 18, y: y + 34, size: 24, fill: INK.soft }, name);
    parts.push(textPart({ x: right + 12, y: y - 34, width: STAGE.right + 16 - right - 12, height: 80 }, label, enterSec + MOTION.drawSec * 0.8));
  }
  return parts;
}

/** Moves labels apart until each has room, the upper ones first, within the chart. */
function spread(wanted: readonly number[], top: number, bottom: number): number[] {
  const order = wanted.map((y, index) => ({ y, index })).sort((a, b) => a.y - b.y);
  for (const [place, label] of order.entries()) label.y = Math.max(label.y, place === 0 ? top : (order[place - 1]?.y ?? top) + LABEL_GAP_MIN);
  for (let place = order.length - 1; place >= 0; place -= 1) {
    const below = order[place + 1]?.y ?? bottom + LABEL_GAP_MIN;
    const label = order[place];
    if (label) label.y = Math.min(label.y, below - LABEL_GAP_MIN);
  }
  return [...order].sort((a, b) => a.index - b.index).map(({ y }) => y);
}

const TILT_DEGREES = 9;
const TILT_FRAMES = 9;

/** A beam on a pivot that tips over once: one side up, the other down. */
export function drawSeesaw({ left, right, up, at }: SeesawScene, { lang, top, captionSec }: Place): Part[] {
  const center = { x: (STAGE.left + STAGE.right) / 2, y: top + 230 };
  const reach = WIDTH / 2 - 12;
  const beam = (share: number) => {
    const angle = (up === "left" ? 1 : -1) * share * TILT_DEGREES;
    const drop = Math.sin((angle * Math.PI) / 180) * reach;
    const side = (facts: SeesawScene["left"], x: number, y: number, isUp: boolean) => weight({ x, y, facts, tone: isUp ? "rise" : "fall", share }, lang);
    return [
      `<rect x="${center.x - reach}" y="${center.y - 6}" width="${reach * 2}" height="12" rx="6" fill="${INK.soft}" transform="rotate(${angle} ${center.x} ${center.y})"/>`,
      side(left, center.x - reach + 74, center.y - drop * 0.7, up === "left"),
      side(right, center.x + reach - 84, center.y + drop * 0.7, up === "right"),
    ].join("");
  };
  const pivot = `<path d="M${center.x} ${center.y + 4}l44 104h-88z" fill="${INK.hair}"/>`;
  const box = { x: 80, y: top + 10, width: 492, height: STAGE.bottom - top - 10 };
  const shares = Array.from({ length: TILT_FRAMES }, (_, index) => 1 - (1 - index / (TILT_FRAMES - 1)) ** 3);
  return [{ box, markup: pivot + beam(0), frames: shares.map((share) => pivot + beam(share)), enterSec: captionSec(at), enterFor: TILT_FRAMES / FRAME.fps, enter: "flip" }];
}

interface Weight {
  x: number;
  y: number;
  facts: SeesawScene["left"];
  tone: "rise" | "fall";
  /** 0: before the beam moves; 1: after. */
  share: number;
}

function weight({ x, y, facts, tone, share }: Weight, lang: Lang): string {
  const hasMoved = share > 0.5;
  const color = hasMoved ? colorOf(tone, lang) : INK.text;
  return [
    letters(lang, { x, y: y - 92, size: 32, fill: INK.soft, anchor: "middle" }, facts.name),
    letters(lang, { x, y: y - 30, size: 50, weight: 700, fill: color, anchor: "middle" }, hasMoved ? facts.to : facts.from),
  ].join("");
}
