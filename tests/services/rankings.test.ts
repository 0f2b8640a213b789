import { describe, expect, test } from "vitest";
import type { RankSignals } from "@models/post.server";
import { arrange, scoreHot, scoreRecommended } from "~/services/rankings.server";

const NOW = new Date("2026-03-02T04:00:00.000Z");

function signals(given: Partial<RankSignals>): RankSignals {
  return {
    _id: "p",
    authorId: "a",
    state: "published",
    topics: ["funds"],
    publishedAt: NOW,
    likeCount: 0,
    saveCount: 0,
    commentCount: 0,
    viewCount: 0,
    editorsChoice: false,
    ...given,
  };
}

const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);

describe("the formula of the ranked feeds", () => {
  test.each([
    ["nothing yet, just posted", signals({}), 1 / 2 ** 1.5],
    ["ten likes, two hours old", signals({ likeCount: 10, publishedAt: hoursAgo(2) }), 11 / 4 ** 1.5],
    ["comments count twice, saves three times", signals({ commentCount: 2, saveCount: 1, publishedAt: hoursAgo(14) }), 8 / 16 ** 1.5],
    ["a time in the future counts as now", signals({ publishedAt: hoursAgo(-5) }), 1 / 2 ** 1.5],
  ])("hot: %s", (_case, post, expected) => {
    expect(scoreHot(post, NOW)).toBeCloseTo(expected, 12);
  });

  test.each([
    ["just posted, tier 0", signals({}), 0, 1],
    ["a week old halves the fresh part", signals({ publishedAt: hoursAgo(168) }), 0, 0.65],
    ["an editor's choice adds 1.5, a tier a quarter each", signals({ editorsChoice: true }), 4, 3.5],
    ["62 engagements are six doublings", signals({ likeCount: 62 }), 0, 6],
  ])("recommended: %s", (_case, post, tier, expected) => {
    expect(scoreRecommended(post, tier, NOW)).toBeCloseTo(expected, 12);
  });

  test("given one author with the five best posts, when arranged, then others stand between them", () => {
    const scored = [
      ...Array.from({ length: 5 }, (_, i) => ({ post: signals({ _id: `a${i}`, authorId: "loud", topics: [`t${i}`] }), score: 10 - i * 0.1, reason: { kind: "editors" as const } })),
      ...Array.from({ length: 5 }, (_, i) => ({ post: signals({ _id: `b${i}`, authorId: `q${i}`, topics: [`u${i}`] }), score: 7 - i * 0.1, reason: { kind: "saved" as const } })),
    ];
    const order = arrange(scored).map((item) => item.postId);
    expect(order).toHaveLength(10);
    expect(order[0]).toBe("a0");
    expect(order[1]?.startsWith("b")).toBe(true);
  });

  test("given the same scores, when arranged twice, then the order is the same", () => {
    const scored = ["c", "a", "b"].map((id) => ({ post: signals({ _id: id, authorId: id, topics: [id] }), score: 1, reason: { kind: "saved" as const } }));
    expect(arrange(scored).map((item) => item.postId)).toEqual(["a", "b", "c"]);
    expect(arrange([...scored].reverse()).map((item) => item.postId)).toEqual(["a", "b", "c"]);
  });
});
