import { widthOf, wrap } from "../../app/seo/share-card.server";
import { drawBars, drawColumns, drawLines, drawSeesaw } from "./clip-charts";
import type { TimedScene } from "./clip-content";
import { colorOf, INK, letters, STAGE, type Box, type Lang } from "./clip-drawing";
import { MOTION, textPart, type Part, type Place } from "./clip-parts";
import type { BigScene, Scene, StepsScene, TableScene } from "./clip-scenes";

/**
 * Where the parts of a scene stand and how each comes in. Pure: a scene in, parts with their markup and times out.
 * Times are seconds from the start of the scene; a part stays until the scene ends.
 */
export function layOut({ scene, cues, startSec }: TimedScene, { lang, isFirst }: { lang: Lang; isFirst: boolean }): Part[] {
  const starts = cues.map((cue) => cue.startSec - startSec);
  const captionSec = (number: number) => starts[Math.min(number, starts.length) - 1] ?? 0;
  const partSec = (own: number | undefined, index: number, count: number) => captionSec(own ?? Math.floor((index * starts.length) / count) + 1);
  const { parts, bottom } = head(scene, lang, isFirst);
  return [...parts, ...body(scene, { lang, top: bottom, captionSec, partSec })];
}

function body(scene: Scene, place: Place): Part[] {
  switch (scene.kind) {
    case "columns":
      return drawColumns(scene, place);
    case "bars":
      return drawBars(scene, place);
    case "lines":
      return drawLines(scene, place);
    case "table":
      return drawTable(scene, place);
    case "big":
      return drawBig(scene, place);
    case "steps":
      return drawSteps(scene, place);
    case "seesaw":
      return drawSeesaw(scene, place);
  }
}

const KICKER = { size: 34, baseline: 240 };
const HEADLINE = { "zh-CN": { size: 52, lead: 68 }, en: { size: 46, lead: 60 } } as const;
const HEADLINE_LINES_MAX = 2;

/** The first picture is whole at once: it is also the poster. */
function head(scene: Scene, lang: Lang, isFirst: boolean): { parts: Part[]; bottom: number } {
  const { size, lead } = HEADLINE[lang];
  const lines = balance(scene.headline, (STAGE.headRight - STAGE.left) / size);
  const first = scene.kicker ? KICKER.baseline + size + 16 : KICKER.baseline + size - 22;
  const markup = [
    scene.kicker ? letters(lang, { x: STAGE.left, y: KICKER.baseline, size: KICKER.size, fill: INK.kicker }, scene.kicker) : "",
    ...lines.map((line, index) => letters(lang, { x: STAGE.left, y: first + index * lead, size, weight: 700, fill: INK.text }, line)),
  ].join("");
  const bottom = first + (lines.length - 1) * lead + 24;
  const box = { x: 80, y: 196, width: 560, height: bottom - 196 };
  return { parts: [{ box, markup, enterSec: 0, enterFor: MOTION.fadeSec, enter: isFirst ? "there" : "fade" }], bottom };
}

/** Two lines of about the same length read better than a full one and a leftover word. */
function balance(words: string, widthMax: number): string[] {
  const wide = wrap(words, widthMax, HEADLINE_LINES_MAX);
  if (wide.length < HEADLINE_LINES_MAX) return wide;
  let best = wide;
  for (let width = widthMax - 0.5; width > widthMax / 2; width -= 0.5) {
    const lines = wrap(words, width, HEADLINE_LINES_MAX + 1);
    if (lines.length > HEADLINE_LINES_MAX) break;
    best = lines;
  }
  return best;
}

function drawTable({ head: heads, rows }: TableScene, { lang, top, partSec }: Place): Part[] {
  const width = STAGE.right - STAGE.left;
  const edges = rows[0]?.cells.length === 3 ? [STAGE.left, STAGE.left + width * 0.67, STAGE.right] : [STAGE.left, STAGE.right];
  const size = 32;
  const cell = (content: string, column: number, y: number, weight: 400 | 700, fill: string, px: number) =>
    letters(lang, { x: edges[column] ?? STAGE.left, y, size: px, weight, fill, anchor: column === 0 ? "start" : "end" }, content);
  const headHeight = heads.length > 0 ? 52 : 0;
  const rowHeight = Math.min(76, Math.floor((STAGE.bottom - top - 16 - headHeight) / rows.length));
  const headPart = heads.length > 0 ? [textPart(rowBox(top + 8, headHeight), heads.map((content, column) => cell(content, column, top + 44, 400, INK.muted, 26)).join(""), 0)] : [];
  const rowParts = rows.flatMap(({ cells, tone, total, at }, index) => {
    const y = top + 8 + headHeight + index * rowHeight;
    const enterSec = partSec(at, index, rows.length);
    const rule = `<rect x="${STAGE.left}" y="${y}" width="${width}" height="2" fill="${total ? INK.soft : INK.hair}"/>`;
    const fill = colorOf(tone, lang);
    const words = cells.map((content, column) => cell(content, column, y + rowHeight / 2 + 13, column > 0 || total ? 700 : 400, column === 0 && !total ? INK.soft : fill, size));
    return [textPart(rowBox(y, 4), rule, enterSec), ...words.map((word) => textPart(rowBox(y + 4, rowHeight - 4), word, enterSec))];
  });
  return [...headPart, ...rowParts];
}

function rowBox(y: number, height: number): Box {
  return { x: 80, y: Math.floor(y), width: 492, height: Math.ceil(height) };
}

/** Widths are estimated, so a big number keeps a twelfth of the width in reserve. */
const BIG_SIZE_MAX = 132;

function drawBig({ number, tone, notes }: BigScene, { lang, top, captionSec, partSec }: Place): Part[] {
  const size = Math.min(BIG_SIZE_MAX, Math.floor((0.92 * (STAGE.right - STAGE.left)) / widthOf(number)));
  const baseline = top + 60 + size;
  const figure = letters(lang, { x: STAGE.left - 4, y: baseline, size, weight: 700, fill: colorOf(tone, lang) }, number);
  return [
    textPart({ x: 80, y: baseline - size, width: 492, height: size + 30 }, figure, captionSec(1)),
    ...notes.map(({ text, tone: noteTone, at }, index) => {
      const y = baseline + 76 + index * 54;
      return textPart(rowBox(y - 40, 54), letters(lang, { x: STAGE.left, y, size: 32, fill: noteTone === "muted" ? INK.soft : colorOf(noteTone, lang) }, text), partSec(at, index, notes.length));
    }),
  ];
}

/** A path downwards: dots on a line, words beside them. */
function drawSteps({ steps }: StepsScene, { lang, top, partSec }: Place): Part[] {
  const gap = Math.min(100, Math.floor((STAGE.bottom - top - 20) / steps.length));
  const size = lang === "en" ? 30 : 34;
  return steps.map(({ text, note, tone, at }, index) => {
    const y = top + 20 + index * gap;
    const center = y + 26;
    const color = colorOf(tone, lang);
    const path = index === 0 ? "" : `<rect x="${STAGE.left + 11}" y="${y - 8}" width="3" height="${center - y - 8}" fill="${INK.hair}"/>`;
    const tail = index === steps.length - 1 ? "" : `<rect x="${STAGE.left + 11}" y="${center + 18}" width="3" height="${gap - 44}" fill="${INK.hair}"/>`;
    const dot = `<circle cx="${STAGE.left + 12.5}" cy="${center}" r="10" fill="${color}"/>`;
    const words = letters(lang, { x: STAGE.left + 48, y: center + 12, size, weight: 700, fill: tone === "calm" ? INK.text : color }, text);
    const more = note ? letters(lang, { x: STAGE.left + 48, y: center + 50, size: 26, fill: INK.muted }, note) : "";
    return textPart(rowBox(y - 8, gap), path + tail + dot + words + more, partSec(at, index, steps.length));
  });
}
