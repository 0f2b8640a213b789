import { expect, test } from "vitest";
import { isHidden, NOTHING_HIDDEN, withHidden, withoutHidden, type Hidden } from "~/components/clips/hidden";
import { parseStoryboard } from "~/components/clips/storyboard";
import { clipPath } from "~/components/clips/types";
import { formatClock } from "~/format/clock";

const CLIP = { id: "c1", author: { id: "a1" }, topic: { slug: "funds" } };

test.each([
  ["clips", "c1"],
  ["authors", "a1"],
  ["topics", "funds"],
] as const)("given a wish about %s, then the clip is hidden until it is taken back", (kind, id) => {
  const hidden = withHidden(NOTHING_HIDDEN, kind, id);
  expect(isHidden(CLIP, hidden)).toBe(true);
  expect(isHidden(CLIP, withoutHidden(hidden, kind, id))).toBe(false);
  expect(isHidden({ ...CLIP, topic: null }, withHidden(NOTHING_HIDDEN, "topics", "funds"))).toBe(false);
});

test("given more wishes than are kept, then the oldest goes and the newest stays, each once", () => {
  let hidden: Hidden = NOTHING_HIDDEN;
  for (let i = 0; i < 320; i += 1) hidden = withHidden(hidden, "clips", `c${i}`);
  hidden = withHidden(hidden, "clips", "c319");
  expect(hidden.clips).toHaveLength(300);
  expect([hidden.clips[0], hidden.clips.at(-1)]).toEqual(["c20", "c319"]);
});

test("given a storyboard, then its cells are rectangles of a file beside it, and of nothing else", () => {
  const text = "WEBVTT\n\n00:00:00.000 --> 00:00:05.000\nstoryboard.jpg#xywh=0,0,90,160\n\n01:05.500 --> 01:06.000\nhttps://elsewhere.example/x/y.jpg#xywh=90,0,90,160\n";
  expect(parseStoryboard(text, "/m/abc/storyboard.vtt")).toEqual([
    { startSec: 0, endSec: 5, url: "/m/abc/storyboard.jpg", x: 0, y: 0, width: 90, height: 160 },
    { startSec: 65.5, endSec: 66, url: "/m/abc/y.jpg", x: 90, y: 0, width: 90, height: 160 },
  ]);
});

test("given a feed's mark, then addresses name it, and a second only where there is one", () => {
  expect(clipPath("c1", "", 0.4)).toBe("/clips/c1");
  expect(clipPath("c1", "topic-funds", 12.9)).toBe("/clips/c1?from=topic-funds&t=12");
  expect([formatClock(-1), formatClock(7.9), formatClock(760)]).toEqual(["0:00", "0:07", "12:40"]);
});
