import { describe, expect, test } from "vitest";
import { parseCaptions, serializeCaptions } from "@media/captions";
import { addCue, adoptDrafts, findCueProblem, formatCueTime, parseCueTime, splitCue, toCues, toDrafts } from "~/components/media/cue-list";

const drafts = () => toDrafts([
  { startMs: 500, endMs: 3_000, text: "费率差一个点，十年差多少" },
  { startMs: 4_000, endMs: 61_500, text: "<i>算给你看</i>\n两行" },
]);

describe("times", () => {
  test.each([
    ["0:01.5", 1_500],
    ["1:01.250", 61_250],
    ["61.5", 61_500],
    ["00:01:01,500", 61_500],
    [" 7 ", 7_000],
    ["0：02", 2_000],
  ])("%s is %i ms, and comes back as written by the editor", (text, ms) => {
    expect(parseCueTime(text)).toBe(ms);
    expect(parseCueTime(formatCueTime(ms))).toBe(ms);
  });
  test.each(["", "abc", "1:75", "1:2:3:4", "-1", "1:"])("%j is no time", (text) => expect(parseCueTime(text)).toBeNull());
});

describe("lines", () => {
  test("come back from the file they are saved as", () => {
    const cues = toCues(drafts());
    expect(parseCaptions(serializeCaptions(cues), { durationSec: null })).toEqual(cues);
  });

  test("are saved only when each has a time, an order and words; the first that has not is named", () => {
    const [first, second] = drafts();
    if (!first || !second) throw new Error("two lines");
    expect(findCueProblem([first, second])).toBeNull();
    expect(findCueProblem([first, { ...second, start: "x" }])).toEqual({ key: "cueBadTime", index: 1 });
    expect(findCueProblem([{ ...first, end: first.start }, second])).toEqual({ key: "cueOrder", index: 0 });
    expect(findCueProblem([first, { ...second, text: " \n" }])).toEqual({ key: "cueEmpty", index: 1 });
  });

  test("an empty line inside the words does not cut them off", () => {
    const [cue] = toCues([{ id: 1, start: "0", end: "1", text: "一\n\n\n二" }]);
    expect(parseCaptions(serializeCaptions(cue ? [cue] : []), { durationSec: null })[0]?.text).toBe("一\n二");
  });

  test("a new one fits between its neighbours, and the first begins where the video stands", () => {
    const added = addCue(drafts(), 0, 9_999);
    expect(added.map(({ start, end }) => [start, end])[1]).toEqual(["0:03.000", "0:04.000"]);
    expect(addCue(drafts(), 1, null).at(-1)).toMatchObject({ start: "1:01.500", end: "1:03.500", text: "" });
    expect(addCue([], -1, 7_200)[0]).toMatchObject({ start: "0:07.200", end: "0:09.200" });
    expect(new Set(added.map(({ id }) => id)).size).toBe(3);
  });

  test("those kept by an earlier page get numbers of their own", () => {
    const nextId = () => addCue([], -1, null)[0]?.id ?? 0;
    const kept = [1, 2, 3].map((ahead) => ({ id: nextId() + ahead, start: "0:00.000", end: "0:01.000", text: String(ahead) }));
    const all = addCue(addCue(adoptDrafts(kept), 2, null), 3, null);
    expect(new Set(all.map(({ id }) => id)).size).toBe(5);
    expect(all.map(({ text }) => text).slice(0, 3)).toEqual(["1", "2", "3"]);
  });

  test("split at the cursor they share the time by their words, and lose none", () => {
    const split = splitCue(drafts(), 0, 7);
    expect(split.map(({ text }) => text).slice(0, 2)).toEqual(["费率差一个点，", "十年差多少"]);
    expect(split[0]?.end).toBe(split[1]?.start);
    expect([split[0]?.start, split[1]?.end]).toEqual(["0:00.500", "0:03.000"]);
    expect(findCueProblem(split)).toBeNull();
    expect(splitCue([{ id: 1, start: "x", end: "2", text: "a b" }], 0, 1)).toHaveLength(1);
  });
});
