import { parse } from "yaml";
import { z } from "zod";
import { digitsOf, evaluateFigure, isRight, numberIn } from "./figures";
import type { ChartFigure, SeedPost } from "./seed/content";

/**
 * Recomputes what the charts of a post draw: every series has a formula in the front matter, or is said there to be
 * given, and every value is what its formula gives. A series that nobody explains is a problem, too.
 */
const VALUES_MIN = 2;
const VALUES_MAX = 12;

const Chart = z.looseObject({
  x: z.array(z.union([z.number(), z.string()])).min(VALUES_MIN).max(VALUES_MAX),
  series: z.array(z.looseObject({ name: z.string(), values: z.array(z.number()) })).min(1),
});
type Chart = z.infer<typeof Chart>;
type Series = Chart["series"][number];

export function chartProblemsOf(post: SeedPost): string[] {
  const charts = sourcesOf(post).map((source) => Chart.safeParse(parse(source)));
  const drawn = charts.flatMap((chart) => chart.data?.series.map(({ name }) => name) ?? []);
  return [
    ...charts.flatMap(({ error }) => (error ? [`${post.file}: a chart does not fit its shape: ${z.prettifyError(error)}`] : [])),
    ...drawn.filter((name, index) => drawn.indexOf(name) !== index).map((name) => `${post.file}: two series are called "${name}"`),
    ...post.charts.filter(({ series }) => !drawn.includes(series)).map(({ series }) => `${post.file}: no chart has a series "${series}"`),
    ...charts.flatMap(({ data }) => data?.series.flatMap((series) => seriesProblems(post, data.x, series)) ?? []),
  ];
}

/** Values that a formula gives, and values that are given: `{ computed, given }`. */
export function chartCountsOf(post: SeedPost): { computed: number; given: number } {
  const series = sourcesOf(post).flatMap((source) => Chart.safeParse(parse(source)).data?.series ?? []);
  const given = series.filter(({ name }) => post.charts.some((figure) => figure.series === name && "given" in figure));
  const count = (some: readonly Series[]) => some.reduce((sum, { values }) => sum + values.length, 0);
  return { computed: count(series) - count(given), given: count(given) };
}

function sourcesOf({ body }: SeedPost): string[] {
  return [...body.matchAll(/```chart\n([\s\S]*?)```/g)].map(([, source = ""]) => source);
}

function seriesProblems(post: SeedPost, x: Chart["x"], { name, values }: Series): string[] {
  if (values.length !== x.length) return [`${post.file}: series "${name}" has ${values.length} values for ${x.length} x values`];
  const figure = post.charts.find(({ series }) => series === name);
  if (!figure) return [`${post.file}: series "${name}" is neither computed nor given`];
  if ("given" in figure) return [];
  if (typeof figure.is !== "string" && figure.is.length !== values.length) return [`${post.file}: series "${name}" has ${figure.is.length} formulas for ${values.length} values`];
  // All values of a series are written to the same digit: YAML drops the last zero of 24.0.
  const digits = Math.max(...values.map(digitsOf));
  return values.flatMap((value, index) => {
    const computed = valueAt(figure.is, x, index);
    return isRight(value, computed, digits) ? [] : [`${post.file}: series "${name}" draws ${value} at ${x[index]}, but the formula gives ${computed}`];
  });
}

/** In one formula for the whole series, `n` is the number of the x value: 12 for "12 期". */
function valueAt(is: Extract<ChartFigure, { is: unknown }>["is"], x: Chart["x"], index: number): number {
  if (typeof is !== "string") return evaluateFigure(is[index] ?? "");
  return /\bn\b/.test(is) ? evaluateFigure(is, { n: numberIn(String(x[index])) }) : evaluateFigure(is);
}
