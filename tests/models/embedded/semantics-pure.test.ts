import { readFileSync } from "node:fs";
import { EJSON, serialize } from "bson";
import { describe, expect, test } from "vitest";
import { runPipeline } from "@models/embedded/aggregate/index";
import { compare, identical } from "@models/embedded/bson/compare";
import { decode, encode } from "@models/embedded/bson/values";
import type { Doc, Value } from "@models/embedded/bson/values";
import { CommandError } from "@models/embedded/errors";
import { compileFilter } from "@models/embedded/query/match";
import type { Matcher } from "@models/embedded/query/match";
import { compileProjection } from "@models/embedded/query/project";
import { compileSort } from "@models/embedded/query/sort";
import { compileUpdate, upsertSeed } from "@models/embedded/update/index";

/**
 * The recorded answers of MongoDB (golden/*.json), as far as they need no storage, replayed on the pure
 * functions: each row gets the same answer or a refusal (238), never another answer, and nine of ten are answered.
 */
const SECTIONS = ["match", "sort", "project", "update", "upsert", "agg"];
const NOW = new Date("2026-01-01T00:00:00Z");

interface Answer {
  docs?: Doc[];
  ids?: Value[];
  n?: number;
  nModified?: number;
  after?: Doc[];
  error?: number;
}

interface Row {
  id: string;
  docs: Doc[];
  lookup: Doc[];
  op: Doc;
  expect: Doc;
  sorted: boolean;
}

function asDoc(value: Value): Doc {
  return value as Doc;
}

function asDocs(value: Value): Doc[] {
  return (value ?? []) as Doc[];
}

function number(value: Value, otherwise = 0): number {
  return typeof value === "number" ? value : otherwise;
}

function readRows(section: string): Row[] {
  const text = readFileSync(new URL(`golden/${section}.json`, import.meta.url), "utf8");
  // Only integers go through EJSON as Int32 here, so the library's own serializer keeps every type.
  const parsed = EJSON.parse(text, { relaxed: false }) as Record<string, unknown>[];
  return parsed.flatMap((raw) => {
    const op = raw["op"] as Record<string, unknown>;
    const pure = "find" in op || "update" in op || "aggregate" in op;
    if (!pure || "indexes" in raw || "validator" in raw || "plan" in (raw["expect"] as object) || "indexesAfter" in (raw["expect"] as object)) return [];
    const command = Object.keys(op);
    // Negative skips and limits are refused by the command, not by these functions.
    if (Number(op["limit"] ?? 0) < 0 || Number(op["skip"] ?? 0) < 0) return [];
    if (command.some((name) => ["hint", "collation", "batchSize", "foo"].includes(name))) return [];
    const row = decode(serialize({ docs: raw["docs"] ?? [], lookup: raw["lookup"] ?? [], expect: raw["expect"], op }));
    return [{ id: String(raw["id"]), docs: asDocs(row["docs"]), lookup: asDocs(row["lookup"]), op: asDoc(row["op"]), expect: asDoc(row["expect"]), sorted: hasOrder(op) }];
  });
}

function hasOrder(op: Record<string, unknown>): boolean {
  return "sort" in op || JSON.stringify(op["pipeline"] ?? []).includes('"$sort"');
}

function find(docs: Doc[], op: Doc): Answer {
  const filter = compileFilter(asDoc(op["filter"] ?? {}), { now: NOW });
  const sort = op["sort"] === undefined ? undefined : compileSort(asDoc(op["sort"]));
  const project = op["projection"] === undefined ? undefined : compileProjection(asDoc(op["projection"]), filter, { now: NOW });
  let found = docs.filter((doc) => filter.matches(doc));
  if (sort) found = sort.sort(found);
  found = found.slice(number(op["skip"]));
  if (op["limit"] !== undefined) found = found.slice(0, number(op["limit"]));
  return { docs: project ? found.map(project) : found };
}

function update(docs: Doc[], op: Doc): Answer {
  const [statement] = asDocs(op["updates"]);
  if (!statement) return {};
  const multi = statement["multi"] === true;
  const arrayFilters = statement["arrayFilters"] as Doc[] | undefined;
  const updater = compileUpdate(statement["u"] as Doc | Doc[], { now: NOW, multi, ...(arrayFilters ? { arrayFilters } : {}) });
  const query = asDoc(statement["q"]);
  const filter = compileFilter(query, { now: NOW });
  const after = docs.map((doc) => ({ doc }));
  const hits = after.filter(({ doc }) => filter.matches(doc)).slice(0, multi ? docs.length : 1);
  let nModified = 0;
  for (const hit of hits) {
    const result = updater.apply(hit.doc, { inserting: false, position: positionFor(filter, hit.doc, updater.paths) });
    hit.doc = result.doc;
    if (result.modified) nModified += 1;
  }
  if (hits.length === 0 && statement["upsert"] === true) {
    after.push({ doc: updater.apply(upsertSeed(query, updater), { inserting: true }).doc });
    return { n: 1, nModified: 0, after: after.map(({ doc }) => doc) };
  }
  return { n: hits.length, nModified, after: after.map(({ doc }) => doc) };
}

function positionFor(filter: Matcher, doc: Doc, paths: string[]): number | undefined {
  return paths.some((path) => path.split(".").includes("$")) ? filter.position(doc) : undefined;
}

function aggregate(row: Row): Answer {
  const fetch = (collection: string, filter: Doc): Doc[] => {
    const matcher = compileFilter(filter, { now: NOW });
    const from = collection === "l" ? row.lookup : collection === "c" ? row.docs : [];
    return from.filter((doc) => matcher.matches(doc));
  };
  return { docs: [...runPipeline(row.docs, asDocs(row.op["pipeline"]), { fetch, now: NOW, collection: "c" })] };
}

function answer(row: Row): Answer {
  try {
    if ("find" in row.op) return find(row.docs, row.op);
    return "update" in row.op ? update(row.docs, row.op) : aggregate(row);
  } catch (error) {
    if (error instanceof CommandError) return { error: error.code };
    throw error;
  }
}

/** As the recording was compared: by type and field order, as a set where the operation gives no order. */
function same(actual: Doc[], expected: Doc[], ordered: boolean): boolean {
  const byValue = (docs: Doc[]): Doc[] => (ordered ? docs : [...docs].sort(compare)).map((doc) => decode(encode(doc)));
  return identical(byValue(actual), byValue(expected));
}

function disagreement(row: Row, actual: Answer): string | undefined {
  const { expect: wanted } = row;
  const errors = asDocs(wanted["errors"]);
  const code = wanted["error"] === undefined ? errors[0]?.["code"] : asDoc(wanted["error"])["code"];
  const shown = (): string => `${EJSON.stringify(actual, { relaxed: false })} instead of ${EJSON.stringify(wanted, { relaxed: false })}`;
  if (code !== undefined || actual.error !== undefined) return code === actual.error ? undefined : shown();
  if (wanted["ids"] !== undefined) {
    const ids = (actual.docs ?? []).map((doc) => doc["_id"]);
    return identical(ids, wanted["ids"]) ? undefined : shown();
  }
  if (wanted["docs"] !== undefined) return same(actual.docs ?? [], asDocs(wanted["docs"]), row.sorted) ? undefined : shown();
  if (wanted["n"] !== actual.n || wanted["nModified"] !== actual.nModified) return shown();
  const after = wanted["after"] === undefined ? row.docs : asDocs(wanted["after"]);
  const fieldsAsSet = row.id.startsWith("upsert-");
  if (fieldsAsSet) return same((actual.after ?? []).map(sortFields), after.map(sortFields), false) ? undefined : shown();
  return same(actual.after ?? [], after, false) ? undefined : shown();
}

/** The order of fields that an upsert takes from its filter is not defined. */
function sortFields(doc: Doc): Doc {
  return Object.fromEntries(Object.entries(doc).sort(([a], [b]) => (a < b ? -1 : 1))) as Doc;
}

describe("recorded answers of MongoDB", () => {
  test.each(SECTIONS)("given each recorded row of %s, when it is replayed, then the answer is MongoDB's or a refusal", (section) => {
    const wrong: string[] = [];
    const refused: string[] = [];
    const rows = readRows(section);
    for (const row of rows) {
      const actual = answer(row);
      if (actual.error === 238) refused.push(row.id);
      else {
        const difference = disagreement(row, actual);
        if (difference !== undefined) wrong.push(`${row.id}: ${EJSON.stringify(row.op, { relaxed: false })} → ${difference}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(refused.length, `refused: ${refused.join(" ")}`).toBeLessThan(rows.length / 10);
  });
});
