import { expect, test } from "vitest";
import type { RankSignals } from "@models/post.server";
import { reasonOfClip, scoreClip } from "~/services/clip-ranking";

const NOW = new Date("2026-03-02T04:00:00.000Z");
const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);

function signals(given: Partial<RankSignals>): RankSignals {
  return { _id: "p", authorId: "a", state: "published", topics: ["funds"], publishedAt: NOW, likeCount: 0, saveCount: 0, commentCount: 0, viewCount: 0, editorsChoice: false, clip: { captions: [] }, ...given };
}

test.each([
  ["nothing yet, just posted", signals({}), 0, 1],
  ["two weeks old: seven tenths of the first part", signals({ publishedAt: hoursAgo(336) }), 0, 0.7],
  ["captions are worth half a point", signals({ clip: { captions: [{ lang: "en", file: "c.vtt" }] } }), 0, 1.5],
  ["62 likes in 104 views: six doublings, and half of them acted", signals({ likeCount: 62, viewCount: 104 }), 0, 6 + 1.5],
  ["what one view led to is capped", signals({ saveCount: 10, viewCount: 1 }), 0, 5 + 3],
  ["an editor's choice and a tier add as in the other feeds", signals({ editorsChoice: true }), 4, 1 + 1.5 + 1],
  ["a time in the future counts as now", signals({ publishedAt: hoursAgo(-9) }), 0, 1],
])("%s", (_case, post, tier, expected) => {
  expect(scoreClip(post, tier, NOW)).toBeCloseTo(expected, 12);
});

test.each([
  ["an editor chose it", signals({ editorsChoice: true }), 0, { kind: "editors" }],
  ["it is of today", signals({ publishedAt: hoursAgo(3) }), 0, { kind: "fresh", hours: 24 }],
  ["those who saw it keep it", signals({ publishedAt: hoursAgo(60), saveCount: 20, viewCount: 40 }), 0, { kind: "saved" }],
  ["it is talked about", signals({ publishedAt: hoursAgo(60), commentCount: 6, likeCount: 9, viewCount: 900 }), 0, { kind: "discussed", comments: 6 }],
  ["its author is known", signals({ publishedAt: hoursAgo(60), viewCount: 900 }), 3, { kind: "author" }],
  ["nothing but its week", signals({ publishedAt: hoursAgo(100), viewCount: 900 }), 0, { kind: "window", hours: 168 }],
])("why: %s", (_case, post, tier, expected) => {
  expect(reasonOfClip(post, tier, NOW)).toEqual(expected);
});
