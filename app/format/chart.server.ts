import type { Element, ElementContent } from "hast";
import { parse } from "yaml";
import { z } from "zod";
import type { Locale } from "~/i18n/locales";
import { cleanLine } from "./clean-text";

/**
 * A chart written as data in a fenced block, drawn here as SVG with a text equivalent and its numbers in a table.
 * Classes only, no style attributes: the page's Content-Security-Policy has no unsafe-inline. Drawn for a width of
 * 328 px (a 360 px screen less its margins), where a unit of the drawing is about one pixel.
 */
export interface Chart {
  type: "line" | "bar";
  title: string;
  unit: string;
  x: (string | number)[];
  xUnit: string;
  series: { name: string; values: number[] }[];
  source: string;
}

export type ParsedChart = { chart: Chart } | { problem: ChartProblem };
export type ChartProblem = "syntax" | "shape" | "length";

const CHART_SOURCE_MAX = 6_000;
const X_MAX = 40;
const SERIES_MAX = 4;

const line = (max: number) =>
  z
    .union([z.string(), z.number()])
    .transform((value) => cleanLine(String(value)))
    .refine((value) => value.length <= max);

const ChartSchema = z.object({
  type: z.enum(["line", "bar"]),
  title: line(80).refine((value) => value !== ""),
  unit: line(12).default(""),
  x: z.array(z.union([z.number().refine(Number.isFinite), line(16)])).min(2).max(X_MAX),
  xUnit: line(12).default(""),
  series: z
    .array(z.object({ name: line(24), values: z.array(z.number().refine((value) => Number.isFinite(value) && Math.abs(value) < 1e12)) }))
    .min(1)
    .max(SERIES_MAX),
  source: line(160).default(""),
});

/** Reads the YAML of a chart block. Aliases are off: a few bytes of them can stand for gigabytes. */
export function parseChart(source: string): ParsedChart {
  if (source.length > CHART_SOURCE_MAX) return { problem: "length" };
  let data: unknown;
  try {
    data = parse(source, { maxAliasCount: 0, schema: "core", prettyErrors: false });
  } catch {
    // The writer sees the block as text with a sentence; the parser's own message is about YAML, not about charts.
    return { problem: "syntax" };
  }
  const result = ChartSchema.safeParse(data);
  if (!result.success) return { problem: "shape" };
  if (result.data.series.some(({ values }) => values.length !== result.data.x.length)) return { problem: "length" };
  return { chart: result.data };
}

interface ChartWords {
  data: string;
  source: string;
  to: string;
  broken: Record<ChartProblem, string>;
}

/** Words inside a stored drawing are of the post's language, not of the page around it. */
const WORDS: Record<Locale, ChartWords> = {
  "zh-CN": {
    data: "看数据",
    source: "算式或来源：",
    to: "到",
    broken: {
      syntax: "这张图没有画出来：数据不是合法的 YAML。",
      shape: "这张图没有画出来：需要 type、title、x 和 series，x 至少两个，series 最多四条。",
      length: "这张图没有画出来：每条 series 的 values 要和 x 一样多。",
    },
  },
  en: {
    data: "Show the numbers",
    source: "Formula or source: ",
    to: "to",
    broken: {
      syntax: "This chart was not drawn: its data is not valid YAML.",
      shape: "This chart was not drawn: it needs type, title, x and series, with two x values or more and four series at most.",
      length: "This chart was not drawn: each series needs as many values as there are x values.",
    },
  },
};

const WIDTH = 328;
const TOP = 22;
const PLOT_HEIGHT = 168;
const FONT = 12;

/** The figure of a chart as it stands in the post. */
export function drawChart(chart: Chart, lang: Locale): Element {
  const words = WORDS[lang];
  const format = new Intl.NumberFormat(lang, { maximumFractionDigits: 4 });
  const drawing = chart.type === "line" ? drawLines(chart, format) : drawBars(chart, format);
  const caption = [chart.title, chart.unit ? `（${chart.unit}）` : ""].join("");
  return el("figure", { className: ["chart"] }, [
    el("p", { className: ["chart-title"] }, [text(lang === "en" && chart.unit ? `${chart.title} (${chart.unit})` : caption)]),
    drawing(describe(chart, words, format)),
    ...(chart.source ? [el("figcaption", {}, [text(`${words.source}${chart.source}`)])] : []),
    el("details", {}, [el("summary", {}, [text(words.data)]), dataTable(chart, format)]),
  ]);
}

/** What stands in place of a chart that could not be read: its text, and why. */
export function brokenChart(source: string, problem: ChartProblem, lang: Locale): Element[] {
  return [
    el("p", { className: ["chart-broken"] }, [text(WORDS[lang].broken[problem])]),
    el("pre", {}, [el("code", {}, [text(source)])]),
  ];
}

function describe(chart: Chart, words: ChartWords, format: Intl.NumberFormat): string {
  const first = chart.x[0];
  const last = chart.x.at(-1);
  const lines = chart.series.map(({ name, values }) =>
    chart.type === "line"
      ? `${name} ${format.format(values[0] ?? 0)} ${words.to} ${format.format(values.at(-1) ?? 0)}${chart.unit}`
      : `${name} ${values.map((value, index) => `${chart.x[index]}: ${format.format(value)}${chart.unit}`).join(", ")}`,
  );
  const range = chart.type === "line" ? ` ${first}${chart.xUnit} ${words.to} ${last}${chart.xUnit}.` : "";
  return `${chart.title}.${range} ${lines.join("; ")}`;
}

function dataTable(chart: Chart, format: Intl.NumberFormat): Element {
  return el("div", { className: ["table-scroll"], tabIndex: 0 }, [
    el("table", {}, [
      el("thead", {}, [
        el("tr", {}, [
          el("th", { scope: "col" }, [text(chart.xUnit)]),
          ...chart.series.map(({ name }) => el("th", { scope: "col", className: ["num"] }, [text(name)])),
        ]),
      ]),
      el(
        "tbody",
        {},
        chart.x.map((x, index) =>
          el("tr", {}, [
            el("th", { scope: "row" }, [text(String(x))]),
            ...chart.series.map(({ values }) => el("td", { className: ["num"] }, [text(format.format(values[index] ?? 0))])),
          ]),
        ),
      ),
    ]),
  ]);
}

type Drawing = (label: string) => Element;

function drawLines(chart: Chart, format: Intl.NumberFormat): Drawing {
  const scale = scaleOf(chart, { zero: false });
  const ticks = scale.ticks.map((value) => format.format(value));
  const left = Math.max(...ticks.map(widthOf)) + 8;
  const labels = chart.series.map(({ name, values }) => {
    const value = `${format.format(values.at(-1) ?? 0)}${chart.unit ? ` ${chart.unit}` : ""}`;
    return { name: shorten(name, 96), value };
  });
  const labelWidth = Math.min(104, Math.max(...labels.flatMap(({ name, value }) => [widthOf(name), widthOf(value)])));
  const right = WIDTH - labelWidth - 8;
  const xs = positionsOf(chart.x).map((share) => left + share * (right - left));
  const y = (value: number) => TOP + PLOT_HEIGHT * (1 - scale.share(value));
  const ends = spread(chart.series.map(({ values }) => y(values.at(-1) ?? 0)), 30, TOP + 8, TOP + PLOT_HEIGHT + 4);
  const children: ElementContent[] = [
    ...gridOf(scale.ticks, ticks, y, left, right),
    ...chart.series.flatMap(({ values }, index) => [
      el("path", { className: ["line", `s${index + 1}`], d: values.map((value, i) => `${i === 0 ? "M" : "L"}${round(xs[i] ?? 0)} ${round(y(value))}`).join("") }, []),
      el("circle", { className: ["dot", `s${index + 1}`], cx: round(xs.at(-1) ?? 0), cy: round(y(values.at(-1) ?? 0)), r: 3 }, []),
      svgText(right + 8, (ends[index] ?? 0) - 2, labels[index]?.name ?? "", ["name", `s${index + 1}`]),
      svgText(right + 8, (ends[index] ?? 0) + 12, labels[index]?.value ?? "", ["value"]),
    ]),
    svgText(left, TOP + PLOT_HEIGHT + 20, `${chart.x[0]}${spaced(chart.xUnit)}`, ["axis"]),
    svgText(right, TOP + PLOT_HEIGHT + 20, `${chart.x.at(-1)}${spaced(chart.xUnit)}`, ["axis"], "end"),
  ];
  return (label) => svg(TOP + PLOT_HEIGHT + 28, label, chart.title, children);
}

function drawBars(chart: Chart, format: Intl.NumberFormat): Drawing {
  const scale = scaleOf(chart, { zero: true });
  const ticks = scale.ticks.map((value) => format.format(value));
  const left = Math.max(...ticks.map(widthOf)) + 8;
  const legend = chart.series.length > 1 ? legendOf(chart) : { children: [], height: 0 };
  const top = TOP + legend.height;
  const y = (value: number) => top + PLOT_HEIGHT * (1 - scale.share(value));
  const slot = (WIDTH - left) / chart.x.length;
  const bar = (slot * 0.72) / chart.series.length;
  const children: ElementContent[] = [...legend.children, ...gridOf(scale.ticks, ticks, y, left, WIDTH)];
  const zero = y(0);
  // A figure wider than its place would run into its neighbour: all are shown or none, and the table below has them anyway.
  const place = chart.series.length === 1 ? slot : bar;
  const isLabelled = chart.series.every(({ values }) => values.every((value) => widthOf(format.format(value)) <= place - 1));
  chart.series.forEach(({ values }, s) => {
    values.forEach((value, i) => {
      const x = left + slot * i + slot * 0.14 + bar * s;
      const tip = y(value);
      children.push(
        el("rect", { className: ["bar-fill", `s${s + 1}`], x: round(x), y: round(Math.min(tip, zero)), width: round(Math.max(1, bar - 1)), height: round(Math.max(1, Math.abs(zero - tip))), rx: 2 }, []),
      );
      if (isLabelled) children.push(svgText(x + bar / 2, value < 0 ? tip + 13 : tip - 4, format.format(value), ["value"], "middle"));
    });
  });
  const names = chart.x.map(String);
  const every = Math.max(1, Math.ceil(Math.max(...names.map(widthOf)) / Math.max(slot - 2, 1)));
  const room = slot * every;
  names.forEach((name, i) => {
    if (i % every === 0) children.push(svgText(left + slot * (i + 0.5), top + PLOT_HEIGHT + 18, shorten(name, Math.max(room, 24)), ["axis"], "middle"));
  });
  if (chart.xUnit) children.push(svgText(WIDTH, top + PLOT_HEIGHT + 34, chart.xUnit, ["axis"], "end"));
  return (label) => svg(top + PLOT_HEIGHT + (chart.xUnit ? 40 : 26), label, chart.title, children);
}

/** Series names above a bar chart, two to a row. */
function legendOf(chart: Chart): { children: ElementContent[]; height: number } {
  const children = chart.series.flatMap(({ name }, index) => {
    const x = (index % 2) * (WIDTH / 2);
    const y = Math.floor(index / 2) * 18;
    return [
      el("rect", { className: ["bar-fill", `s${index + 1}`], x, y: y + 2, width: 10, height: 10, rx: 2 }, []),
      svgText(x + 16, y + 11, shorten(name, WIDTH / 2 - 20), ["name"]),
    ];
  });
  return { children, height: Math.ceil(chart.series.length / 2) * 18 };
}

interface Scale {
  ticks: number[];
  share(value: number): number;
}

/** A round scale with three to six lines. Bars begin at zero; lines too, unless zero is far from all their values. */
function scaleOf(chart: Chart, { zero }: { zero: boolean }): Scale {
  const values = chart.series.flatMap((series) => series.values);
  let low = Math.min(...values);
  let high = Math.max(...values);
  if (zero || (low >= 0 && low <= high * 0.6)) low = Math.min(0, low);
  if (zero) high = Math.max(0, high);
  if (low === high) high = low + Math.max(1, Math.abs(low));
  const step = niceStep((high - low) / 4);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
  const bottom = first * step;
  const span = (last - first) * step;
  return { ticks, share: (value) => (value - bottom) / span };
}

function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= rough - 1e-12) ?? 10;
  return factor * power;
}

/** Numbers that grow keep their distances; anything else stands evenly. */
function positionsOf(x: (string | number)[]): number[] {
  const numbers = x.filter((value): value is number => typeof value === "number");
  const grows = numbers.length === x.length && numbers.every((value, index) => index === 0 || value > (numbers[index - 1] ?? value));
  const first = numbers[0] ?? 0;
  const span = (numbers.at(-1) ?? 1) - first;
  return x.map((value, index) => (grows && typeof value === "number" ? (value - first) / span : index / (x.length - 1)));
}

/** Moves labels apart to at least `gap`, keeping their order and staying between `min` and `max`. */
function spread(wanted: number[], gap: number, min: number, max: number): number[] {
  const order = wanted.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  let previous = min - gap;
  for (const item of order) previous = item.value = Math.max(item.value, previous + gap);
  let next = max + gap;
  for (const item of [...order].reverse()) next = item.value = Math.min(item.value, next - gap);
  const moved = [...wanted];
  for (const { value, index } of order) moved[index] = value;
  return moved;
}

function gridOf(values: number[], labels: string[], y: (value: number) => number, left: number, right: number): ElementContent[] {
  return values.flatMap((value, index) => [
    el("path", { className: ["grid"], d: `M${left} ${round(y(value))}H${round(right)}` }, []),
    svgText(left - 6, y(value) + 4, labels[index] ?? "", ["axis"], "end"),
  ]);
}

function svg(height: number, label: string, title: string, children: ElementContent[]): Element {
  return el("svg", { viewBox: `0 0 ${WIDTH} ${round(height)}`, role: "img", ariaLabel: label }, [el("title", {}, [text(title)]), ...children]);
}

function svgText(x: number, y: number, value: string, className: string[], anchor?: "middle" | "end"): Element {
  return el("text", { x: round(x), y: round(y), className, ...(anchor ? { textAnchor: anchor } : {}) }, [text(value)]);
}

/** Estimated width at the drawing's font size: a Chinese character is square, a digit a little over half. */
function widthOf(value: string): number {
  let width = 0;
  for (const character of value) width += /[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uff60]/.test(character) ? FONT : FONT * 0.58;
  return width;
}

function shorten(value: string, width: number): string {
  if (widthOf(value) <= width) return value;
  let kept = "";
  for (const character of value) {
    if (widthOf(kept + character) > width - FONT) break;
    kept += character;
  }
  return `${kept}…`;
}

function spaced(unit: string): string {
  return unit ? ` ${unit}` : "";
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function el(tagName: string, properties: Element["properties"], children: ElementContent[]): Element {
  return { type: "element", tagName, properties, children };
}

function text(value: string): ElementContent {
  return { type: "text", value };
}
