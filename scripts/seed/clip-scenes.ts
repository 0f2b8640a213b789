import { z } from "zod";

/**
 * The scenes that a clip is written in. A scene is one picture that builds itself up while its captions pass: columns,
 * bars, lines, a table, one big number, steps, plain lines, or a seesaw. Every value that is drawn carries the formula
 * that gives it (`is`; `n` stands for the place on the x axis), and scripts/check-figures.ts recomputes each.
 */
const words = z.string().min(1).max(60);
/** Market direction takes the colours of the reader's market; everything else keeps its meaning in both. */
const Tone = z.enum(["ink", "calm", "cost", "rise", "fall", "muted"]);
/** Which caption a part comes in with, from 1; parts without it are spread over the captions. */
const at = z.int().min(1).max(8).optional();

const base = {
  kicker: words.optional(),
  headline: words,
  /** Captions of the scene in order; " / " breaks a line. */
  say: z.array(z.string().min(1).max(80)).min(1).max(6),
};

const Amount = { value: z.number().min(0), is: z.string().min(1) };

const Columns = z.strictObject({
  kind: z.literal("columns"),
  ...base,
  /** Stands behind every value, such as "%". */
  unit: z.string().max(6).default(""),
  name: words.optional(),
  columns: z.array(z.strictObject({ label: z.string().max(8).default(""), ...Amount, text: words.optional(), tone: Tone.default("calm"), at })).min(2).max(12),
  /** The same small amount under every column. */
  under: z.strictObject({ name: words, ...Amount, tone: Tone.default("cost"), at }).optional(),
});

const Bars = z.strictObject({
  kind: z.literal("bars"),
  ...base,
  rows: z
    .array(z.strictObject({ label: words, text: words, tone: Tone.optional(), parts: z.array(z.strictObject({ ...Amount, tone: Tone.default("calm") })).min(1).max(3), at }))
    .min(2)
    .max(4),
});

const Lines = z.strictObject({
  kind: z.literal("lines"),
  ...base,
  x: z.array(z.number()).min(2).max(13),
  xUnit: z.string().max(10),
  series: z.array(z.strictObject({ name: z.string().max(14), text: words, values: z.array(z.number().min(0)), is: z.string(), tone: Tone, at })).min(1).max(3),
});

const Table = z.strictObject({
  kind: z.literal("table"),
  ...base,
  head: z.array(z.string().max(16)).max(3).default([]),
  rows: z.array(z.strictObject({ cells: z.array(z.string().max(26)).min(2).max(3), tone: Tone.default("ink"), total: z.boolean().default(false), at })).min(2).max(6),
});

const Big = z.strictObject({
  kind: z.literal("big"),
  ...base,
  number: z.string().max(12),
  tone: Tone.default("ink"),
  notes: z.array(z.strictObject({ text: words, tone: Tone.default("muted"), at })).max(4).default([]),
});

const Steps = z.strictObject({
  kind: z.literal("steps"),
  ...base,
  steps: z.array(z.strictObject({ text: words, note: words.optional(), tone: Tone.default("calm"), at })).min(2).max(5),
});

const Seesaw = z.strictObject({
  kind: z.literal("seesaw"),
  ...base,
  left: z.strictObject({ name: words, from: words, to: words }),
  right: z.strictObject({ name: words, from: words, to: words }),
  /** The side that goes up, and the caption it goes up with. */
  up: z.enum(["left", "right"]),
  at: z.int().min(1).max(8).default(2),
});

export const Scene = z.discriminatedUnion("kind", [Columns, Bars, Lines, Table, Big, Steps, Seesaw]);

export type Tone = z.infer<typeof Tone>;
export type Scene = z.infer<typeof Scene>;
export type ColumnsScene = z.infer<typeof Columns>;
export type BarsScene = z.infer<typeof Bars>;
export type LinesScene = z.infer<typeof Lines>;
export type TableScene = z.infer<typeof Table>;
export type BigScene = z.infer<typeof Big>;
export type StepsScene = z.infer<typeof Steps>;
export type SeesawScene = z.infer<typeof Seesaw>;

/** Everything to be read in the picture of a scene, in reading order; captions are not in it. */
export function wordsOf(scene: Scene): string[] {
  return [scene.kicker ?? "", scene.headline, ...partsOf(scene)].filter(Boolean);
}

function partsOf(scene: Scene): string[] {
  switch (scene.kind) {
    case "columns":
      return [scene.name ?? "", ...scene.columns.map((column) => `${column.label} ${columnText(scene, column)}`.trim()), scene.under?.name ?? ""];
    case "bars":
      return scene.rows.map(({ label, text }) => `${label} ${text}`);
    case "lines":
      return [...scene.series.map(({ name, text }) => `${name} ${text}`), `${scene.x[0]}–${scene.x.at(-1)} ${scene.xUnit}`];
    case "table":
      return [...scene.head, ...scene.rows.map(({ cells }) => cells.join(" "))];
    case "big":
      return [scene.number, ...scene.notes.map(({ text }) => text)];
    case "steps":
      return scene.steps.flatMap(({ text, note }) => [text, note ?? ""]);
    case "seesaw":
      return [scene.left, scene.right].flatMap(({ name, from, to }) => [`${name} ${from} → ${to}`]);
  }
}

/** What stands above a column: its own words, or its value; nothing when there are too many to be read. */
export function columnText({ columns, unit }: ColumnsScene, { text, value }: ColumnsScene["columns"][number]): string {
  if (text !== undefined) return text;
  return columns.length > 7 ? "" : `${value.toLocaleString("en", { maximumFractionDigits: 4 })}${unit}`;
}

/** Every drawn value with the formula behind it. */
export function valuesOf(scene: Scene): { value: number; is: string }[] {
  switch (scene.kind) {
    case "columns":
      return [...scene.columns, ...(scene.under ? [scene.under] : [])].map(({ value, is }) => ({ value, is }));
    case "bars":
      return scene.rows.flatMap(({ parts }) => parts.map(({ value, is }) => ({ value, is })));
    case "lines":
      return scene.series.flatMap(({ values, is }) => values.map((value, index) => ({ value, is: is.replace(/\bn\b/g, `(${scene.x[index] ?? Number.NaN})`) })));
    default:
      return [];
  }
}
