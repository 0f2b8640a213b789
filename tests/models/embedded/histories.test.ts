import { describe, expect, test } from "vitest";
import { anomaliesOf } from "../../../scripts/db/history-check";
import { prepareHistory, runHistory, type Entry, type History, type HistoryOptions } from "../../../scripts/db/histories";
import { runKilledHistory } from "../../../scripts/db/history-run";
import { useEngine } from "./support/engine";

const SEED = Number(process.env.HISTORY_SEED ?? 20_261_124);
const OPTIONS: HistoryOptions = { seed: SEED, sessions: 8, steps: 40, keys: 5, counters: 4 };

describe("the judge itself", () => {
  const entry = (session: number, steps: Entry["steps"], outcome: Entry["outcome"], beganAt = 0, endedAt = 100): Entry => ({ session, kind: "transaction", steps, outcome, beganAt, endedAt });
  const history = (entries: Entry[], lists: Record<string, number[]>, rest: Partial<History> = {}): History => ({
    entries,
    lists: new Map(Object.entries(lists)),
    counterTotal: 0,
    ticksAcknowledged: 0,
    ticksStored: 0,
    conflicts: 0,
    repeats: 0,
    ...rest,
  });

  test.each([
    ["a lost append", history([entry(0, [{ append: "x", value: 1 }], "committed")], { x: [] }), /lost append/],
    ["a doubled append", history([entry(0, [{ append: "x", value: 1 }], "committed")], { x: [1, 1] }), /doubled append/],
    ["an aborted append that stayed", history([entry(0, [{ append: "x", value: 1 }], "aborted")], { x: [1] }), /dirty write/],
    ["a read of an aborted append", history([entry(0, [{ append: "x", value: 1 }], "aborted"), entry(1, [{ read: "x", list: [1] }], "committed")], { x: [] }), /dirty read/],
    ["a read that changes", history([entry(0, [{ append: "x", value: 1 }], "committed"), entry(1, [{ read: "x", list: [] }, { read: "x", list: [1] }], "committed")], { x: [1] }), /non-repeatable/],
    ["a stale read", history([entry(0, [{ append: "x", value: 1 }], "committed", 0, 1), entry(1, [{ read: "x", list: [] }], "committed", 2, 3)], { x: [1] }), /stale read/],
    [
      "half of a transaction",
      history([entry(0, [{ append: "x", value: 1 }, { append: "y", value: 2 }], "committed"), entry(1, [{ read: "x", list: [1] }, { read: "y", list: [] }], "committed")], { x: [1], y: [2] }),
      /read skew/,
    ],
    [
      "a lost update",
      history([entry(0, [{ read: "x", list: [] }, { append: "x", value: 1 }], "committed"), entry(1, [{ read: "x", list: [] }, { append: "x", value: 2 }], "committed")], { x: [1, 2] }),
      /read skew/,
    ],
    ["counters that do not add up", history([], {}, { counterTotal: 3 }), /half transfer/],
    ["a lost increment", history([], {}, { ticksAcknowledged: 2, ticksStored: 1 }), /increments/],
  ])("given %s, then it is named", (_name, broken, expected) => {
    expect(anomaliesOf(broken).join("\n")).toMatch(expected);
  });

  test("given write skew, which snapshot isolation allows, then nothing is named", () => {
    const allowed = history(
      [entry(0, [{ read: "x", list: [] }, { append: "y", value: 1 }], "committed"), entry(1, [{ read: "y", list: [] }, { append: "x", value: 2 }], "committed")],
      { x: [2], y: [1] },
    );
    expect(anomaliesOf(allowed)).toEqual([]);
  });
});

describe("histories on the running engine", () => {
  const engine = useEngine();

  test("given eight sessions with conflicts and aborts, then no snapshot is broken and nothing is lost", async () => {
    const { uri } = engine();
    await prepareHistory(uri, OPTIONS);
    const history = await runHistory({ uri: () => Promise.resolve(uri) }, OPTIONS);
    expect(anomaliesOf(history), `seed ${SEED}`).toEqual([]);
    expect(history.entries.filter(({ outcome }) => outcome === "committed").length).toBeGreaterThan(100);
    expect(history.conflicts, "a history without conflicts proves little").toBeGreaterThan(0);
  });
});

test("given the engine killed twice in the middle, then repeats tell the truth and nothing is lost, doubled or half", async () => {
  const report = await runKilledHistory(OPTIONS, [3, 14]);
  expect(report.anomalies, `seed ${SEED}`).toEqual([]);
  expect(report.kills).toBe(2);
  expect(report.repeats).toBeGreaterThan(0);
});
