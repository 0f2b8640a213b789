import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { MongoClient } from "mongodb";
import { Replay } from "./replay";
import { GOLDEN_DIRECTORY, parseRows, writeRows, type Row } from "./rows";

export type Question = Omit<Row, "expect">;

/** Asks MongoDB each question and returns the rows with its answers. */
export async function recordRows(client: MongoClient, questions: Question[]): Promise<Row[]> {
  const db = client.db("test");
  const replay = new Replay(db);
  const rows: Row[] = [];
  for (const { id, docs, lookup, indexes, validator, op } of questions) {
    const row: Row = { id, docs, ...(lookup && { lookup }), ...(indexes && { indexes }), ...(validator && { validator }), op, expect: {} };
    row.expect = await replay.observe(row);
    rows.push(row);
  }
  await db.dropDatabase();
  return rows;
}

/** Writes rows to the golden file of their kind: the id up to its number (`match-12` goes to match.json). */
export function writeGolden(rows: Row[], directory = GOLDEN_DIRECTORY): string[] {
  const byKind = new Map<string, Row[]>();
  for (const row of rows) {
    const kind = row.id.replace(/-\d+$/, "");
    byKind.set(kind, [...(byKind.get(kind) ?? []), row]);
  }
  for (const [kind, group] of byKind) writeRows(join(directory, `${kind}.json`), group);
  return [...byKind.keys()];
}

/** Adds a shrunk disagreement to found.json, unless the same question is there already. */
export function addFound(row: Omit<Row, "id">, directory = GOLDEN_DIRECTORY): void {
  const path = join(directory, "found.json");
  const rows = existsSync(path) ? parseRows(readFileSync(path, "utf8")) : [];
  const question = (one: Omit<Row, "id" | "expect">) => JSON.stringify([one.docs, one.lookup, one.indexes, one.op]);
  if (rows.some((one) => question(one) === question(row))) return;
  writeRows(path, [...rows, { id: `found-${rows.length + 1}`, ...row }]);
}
