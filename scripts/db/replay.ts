import type { Document } from "bson";
import type { Db, MongoClient } from "mongodb";
import { compareAnswers, type Verdict } from "./compare";
import { canonical, contents, indexNames, isReadOnly, observe, setUp, type Row } from "./rows";

export interface Replayed {
  row: Row;
  verdict: Verdict;
  actual: Document;
}

/**
 * Runs rows one after the other on one database and judges each answer.
 * Rows that only read share the setup of the row before them when it is the same: most recorded rows come in such groups.
 */
export async function replayRows(client: MongoClient, rows: Row[], lanes = 8): Promise<Replayed[]> {
  const byLane = new Map<string, { row: Row; order: number }[]>();
  rows.forEach((row, order) => {
    const lane = laneOf(row, lanes);
    byLane.set(lane, [...(byLane.get(lane) ?? []), { row, order }]);
  });
  const results: Replayed[] = new Array<Replayed>(rows.length);
  await Promise.all(
    [...byLane].map(async ([lane, work]) => {
      const replay = new Replay(client.db(lane));
      for (const { row, order } of work) {
        const actual = await replay.observe(row);
        results[order] = { row, actual, verdict: compareAnswers(row.expect, actual) };
      }
      await client.db(lane).dropDatabase();
    }),
  );
  return results;
}

/** Rows with one setup stay together; rows that name the database `test` run there. */
function laneOf(row: Row, lanes: number): string {
  if (canonical(row.op).includes("test.")) return "test";
  const text = setupText(row);
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (hash * 31 + text.charCodeAt(index)) | 0;
  const lane = Math.abs(hash) % lanes;
  return lane === 0 ? "test" : `test${lane}`;
}

function setupText(row: Row): string {
  return canonical([row.docs, row.lookup ?? [], row.indexes ?? [], row.validator ?? null]);
}

export class Replay {
  private current: string | null = null;
  private before: { docs: Document[]; indexes: string[]; lookup: Document[] } = { docs: [], indexes: [], lookup: [] };

  constructor(private readonly db: Db) {}

  /** Sets the row up where needed, runs it and returns the answer in the recorded form. */
  async observe(row: Row): Promise<Document> {
    const wanted = setupText(row);
    if (this.current !== wanted) {
      this.current = null;
      try {
        await setUp(this.db, row);
      } catch (error) {
        // A setup that the engine refuses (an unsupported index) is a refusal of the row; anything else shows as a difference.
        return { error: { code: Number((error as { code?: unknown }).code ?? 0), message: `setup: ${(error as Error).message}` } };
      }
      this.before = { docs: await contents(this.db), indexes: await indexNames(this.db), lookup: row.lookup ? await contents(this.db, "l") : [] };
      this.current = wanted;
    }
    if (!isReadOnly(row.op)) this.current = null;
    return observe(this.db, row.op, this.before);
  }
}
