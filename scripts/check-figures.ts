import { parse } from "yaml";
import { clipProblemsOf, figureCountOf } from "./clip-figures";
import { evaluateFigure, numberIn } from "./figures";
import { listSeedClips } from "./seed/clip-content";
import { loadSeedContent, type SeedPost } from "./seed/content";

/** Recomputes every number the articles and clips state and the shape of every chart; the exit code says whether all are right. */
export function problemsOf(post: SeedPost): string[] {
  return [...figureProblems(post), ...chartProblems(post)];
}

function figureProblems(post: SeedPost): string[] {
  return post.figures.flatMap(({ says, is, digits }) => {
    if (!post.body.includes(says) && !post.title.includes(says)) return [`${post.file}: "${says}" is not in the text`];
    const computed = evaluateFigure(is);
    const stated = numberIn(says);
    // Half a unit of the last digit, with room for the last bit of the division.
    const right = Math.abs(computed - stated) <= 0.5 * 10 ** -digits + 1e-9;
    return right ? [] : [`${post.file}: says "${says}", but ${is} = ${computed}`];
  });
}

function chartProblems(post: SeedPost): string[] {
  return [...post.body.matchAll(/```chart\n([\s\S]*?)```/g)].flatMap(([, source = ""]) => {
    const chart = parse(source) as { x?: unknown[]; series?: { name?: string; values?: unknown[] }[] };
    const length = chart.x?.length ?? 0;
    if (length < 2 || length > 12) return [`${post.file}: a chart has ${length} x values`];
    return (chart.series ?? [])
      .filter((series) => series.values?.length !== length)
      .map((series) => `${post.file}: series "${series.name}" has ${series.values?.length} values for ${length} x values`);
  });
}

if (process.argv[1]?.endsWith("check-figures.ts")) {
  const { posts } = loadSeedContent();
  const clips = await listSeedClips();
  const problems = [...posts.flatMap(problemsOf), ...clips.flatMap(clipProblemsOf)];
  for (const problem of problems) console.error(problem);
  const figures = posts.reduce((sum, post) => sum + post.figures.length, 0) + clips.reduce((sum, clip) => sum + figureCountOf(clip), 0);
  console.log(`${figures} figures in ${posts.length} posts and ${clips.length} clips, ${problems.length} wrong`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
