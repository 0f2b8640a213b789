import { expect, test } from "vitest";
import { asksToTrade } from "~/format/finance-words";
import { chartCountsOf } from "../../scripts/chart-figures";
import { problemsOf } from "../../scripts/check-figures";
import { loadSeedContent, type SeedPost } from "../../scripts/seed/content";

/** Loading already refuses an unknown member, topic or instrument and a file that does not fit its shape. */
const { members, topics, instruments, posts } = loadSeedContent();
const commentsOf = ({ comments }: SeedPost) => comments.flatMap((comment) => [comment, ...comment.replies]);

function post(slug: string): SeedPost {
  const found = posts.find((one) => one.slug === slug);
  if (!found) throw new Error(`no post ${slug}`);
  return found;
}

test("the seed holds as much as the product promises", () => {
  expect(posts.length).toBeGreaterThanOrEqual(60);
  expect(posts.filter(({ lang }) => lang === "zh-CN").length).toBeGreaterThanOrEqual(40);
  expect(posts.filter(({ lang }) => lang === "en").length).toBeGreaterThanOrEqual(20);
  expect(members.length).toBeGreaterThanOrEqual(20);
  expect(posts.flatMap(commentsOf).length).toBeGreaterThanOrEqual(300);
  expect(new Set(posts.flatMap((post) => post.topics)).size).toBeGreaterThanOrEqual(12);
  expect(instruments.length).toBeGreaterThanOrEqual(100);
});

test("every number in the articles and every value of their charts is what its formula gives", () => {
  expect(posts.flatMap(problemsOf)).toEqual([]);
});

test("given a post with a wrong figure, a wrong value or a series from nowhere, then each is found", () => {
  const right = post("three-decades-of-fees");
  expect(problemsOf({ ...right, body: right.body.replaceAll("57.4 万", "57.5 万") })).toEqual([expect.stringContaining('"57.4 万" is not in the text')]);
  expect(problemsOf({ ...right, body: right.body.replace("17.1, 22.3,", "17.1, 22.4,") })).toEqual([expect.stringMatching(/series "每年 0\.5%" draws 22\.4 at 15, but the formula gives 22\.32/)]);
  // A whole number among tenths is a tenth, too: 43 is within half a unit of 42.9, and still wrong.
  expect(problemsOf({ ...right, body: right.body.replace("32.1, 42.9,", "32.1, 43,") })).toEqual([expect.stringContaining("draws 43 at 25")]);
  const [, ...others] = right.charts;
  expect(problemsOf({ ...right, charts: others })).toEqual([expect.stringContaining('series "无费" is neither computed nor given')]);
  expect(problemsOf({ ...right, charts: [...right.charts, { series: "每年 2%", is: "10 * 1.04^n" }] })).toEqual([expect.stringContaining('no chart has a series "每年 2%"')]);
});

test("given a chart with a formula for each value, an uneven one or one of another shape, then a wrong one is found", () => {
  const right = post("tracking-difference");
  expect(problemsOf({ ...right, body: right.body.replace("[1.629, 1.568]", "[1.629, 1.586]") })).toEqual([expect.stringContaining("draws 1.586 at 基金 4.6%")]);
  expect(problemsOf({ ...right, body: right.body.replace("[1.629, 1.568]", "[1.629]") })).toEqual([expect.stringContaining("has 1 values for 2 x values")]);
  expect(problemsOf({ ...right, body: right.body.replace("[1.629, 1.568]", "[1.629, 很多]") })).toContainEqual(expect.stringContaining("does not fit its shape"));
  expect(problemsOf({ ...right, charts: [{ series: "终值", is: ["1.05^10"] }] })).toEqual([expect.stringContaining("has 1 formulas for 2 values")]);
});

test("a series that is given and not computed says what it is, and is counted apart", () => {
  const drawn = post("dca-smile-backtest");
  expect(chartCountsOf(drawn)).toEqual({ computed: 0, given: 24 });
  expect(posts.filter(({ charts }) => charts.some((figure) => "given" in figure)).map(({ slug }) => slug)).toEqual(["dca-smile-backtest"]);
});

test("no post, member, topic or instrument appears twice", () => {
  for (const keys of [posts.map(({ slug }) => slug), members.map(({ handle }) => handle), topics.map(({ slug }) => slug), instruments.map(({ id }) => id)]) {
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  }
});

test("every topic has a post in Chinese", () => {
  const covered = new Set(posts.filter(({ lang }) => lang === "zh-CN").flatMap((post) => post.topics));
  expect(topics.map(({ slug }) => slug).filter((slug) => !covered.has(slug))).toEqual([]);
});

test("nobody writes before they joined, and no reply stands before what it answers", () => {
  const joinedHoursAgo = new Map(members.map(({ handle, joinedDaysAgo }) => [handle, joinedDaysAgo * 24]));
  const tooEarly = posts.flatMap((post) => [
    ...[{ by: post.author, at: 0 }, ...commentsOf(post)]
      .filter(({ by, at }) => post.hoursAgo - at > (joinedHoursAgo.get(by) ?? 0))
      .map(({ by, at }) => `${post.file}: ${by} at ${at}`),
    ...post.comments.filter(({ at, replies }) => replies.some((reply) => reply.at <= at)).map(({ by }) => `${post.file}: a reply to ${by}`),
  ]);
  expect(tooEarly).toEqual([]);
});

test("no poll asks whether to trade", () => {
  expect(posts.filter(({ poll }) => poll && asksToTrade(poll)).map(({ file }) => file)).toEqual([]);
});
