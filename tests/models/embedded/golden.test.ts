import { expect, test } from "vitest";
import { openClient, readGolden } from "../../../scripts/db/rows";
import { replayRows } from "../../../scripts/db/replay";
import { useEngine } from "./support/engine";

const engine = useEngine();
const files = readGolden();
/** The share of MongoDB's recorded answers that the engine must give itself; the rest it may refuse, but never answer otherwise. */
const ANSWERED_SHARE_MIN = 0.9;
const tally = { rows: 0, same: 0 };

test.each(files)("given the questions of $file, then each is answered as MongoDB does, or refused with 238", async ({ rows }) => {
  const client = await openClient(engine().uri);
  try {
    const replayed = await replayRows(client, rows);
    tally.rows += replayed.length;
    tally.same += replayed.filter(({ verdict }) => verdict === "same").length;
    const different = replayed.filter(({ verdict }) => verdict === "different").map(({ row, actual }) => ({ id: row.id, op: row.op, mongodb: row.expect, embedded: actual }));
    expect(different).toEqual([]);
  } finally {
    await client.close();
  }
});

test("given all recorded questions, then at least nine in ten are answered", () => {
  expect(tally.rows).toBeGreaterThan(900);
  expect(tally.same / tally.rows).toBeGreaterThanOrEqual(ANSWERED_SHARE_MIN);
});
