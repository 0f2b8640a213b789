import { expect, test } from "vitest";
import { asksToTrade } from "~/format/finance-words";
import { problemsOf } from "../../scripts/check-figures";
import { loadSeedContent, type SeedPost } from "../../scripts/seed/content";

/** Loading already refuses an unknown member, topic or instrument and a file that does not fit its shape. */
const { members, topics, instruments, posts } = loadSeedContent();
const commentsOf = ({ comments }: SeedPost) => comments.flatMap((comment) => [comment, ...comment.replies]);

test("the seed holds as much as the product promises", () => {
  expect(posts.length).toBeGreaterThanOrEqual(60);
  expect(posts.filter(({ lang }) => lang === "zh-CN").length).toBeGreaterThanOrEqual(40);
  expect(posts.filter(({ lang }) => lang === "en").length).toBeGreaterThanOrEqual(20);
  expect(members.length).toBeGreaterThanOrEqual(20);
  expect(posts.flatMap(commentsOf).length).toBeGreaterThanOrEqual(300);
  expect(new Set(posts.flatMap((post) => post.topics)).size).toBeGreaterThanOrEqual(12);
  expect(instruments.length).toBeGreaterThanOrEqual(100);
});

test("every number in the articles is what its formula gives, and every chart is even", () => {
  expect(posts.flatMap(problemsOf)).toEqual([]);
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
