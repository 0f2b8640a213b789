import { chartCountsOf, chartProblemsOf } from "./chart-figures";
import { clipProblemsOf, figureCountOf } from "./clip-figures";
import { evaluateFigure, isRight, numberIn } from "./figures";
import { listSeedClips } from "./seed/clip-content";
import { loadSeedContent, type SeedPost } from "./seed/content";

/** Recomputes every number the articles and clips state and every value their charts draw; the exit code says whether all are right. */
export function problemsOf(post: SeedPost): string[] {
  return [...figureProblems(post), ...chartProblemsOf(post)];
}

function figureProblems(post: SeedPost): string[] {
  return post.figures.flatMap(({ says, is, digits }) => {
    if (!post.body.includes(says) && !post.title.includes(says)) return [`${post.file}: "${says}" is not in the text`];
    const computed = evaluateFigure(is);
    return isRight(numberIn(says), computed, digits) ? [] : [`${post.file}: says "${says}", but ${is} = ${computed}`];
  });
}

if (process.argv[1]?.endsWith("check-figures.ts")) {
  const { posts } = loadSeedContent();
  const clips = await listSeedClips();
  const problems = [...posts.flatMap(problemsOf), ...clips.flatMap(clipProblemsOf)];
  for (const problem of problems) console.error(problem);
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const drawn = posts.map(chartCountsOf);
  const figures = sum([...posts.map((post) => post.figures.length), ...drawn.map(({ computed }) => computed), ...clips.map(figureCountOf)]);
  const given = sum(drawn.map((counts) => counts.given));
  console.log(`${figures} figures in ${posts.length} posts and ${clips.length} clips, ${problems.length} wrong; ${given} values of charts are given, not computed`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
