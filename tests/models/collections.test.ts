import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listCollectionRules, type CollectionRule } from "@models/collection.server";
import "@models/all.server";

/** A unique rule that does not begin with the shard key cannot be kept by a sharded cluster. */
function beginsWith(fields: string[], shardKey: string[]): boolean {
  return shardKey.every((field, index) => fields[index] === field);
}

const rules = listCollectionRules();
const sharded = rules.filter((rule): rule is CollectionRule & { shardKey: Record<string, 1 | "hashed"> } => rule.shardKey !== "reference");

test("every file that declares a collection is read by models/all.server.ts", () => {
  const folder = join(import.meta.dirname, "../../models");
  const all = readFileSync(join(folder, "all.server.ts"), "utf8");
  const declaring = readdirSync(folder).filter((name) => name.endsWith(".server.ts") && /= defineCollection</.test(readFileSync(join(folder, name), "utf8")));
  expect(declaring.length).toBeGreaterThan(15);
  expect(declaring.filter((name) => !all.includes(`"./${name.replace(/\.ts$/, "")}"`))).toEqual([]);
});

describe.each(rules.map((rule) => [rule.name, rule] as const))("%s", (_name, rule) => {
  test("states a shard key and the page that asks by it", () => {
    expect(rule.why.length).toBeGreaterThan(10);
    if (rule.shardKey !== "reference") expect(Object.keys(rule.shardKey).length).toBeGreaterThan(0);
  });

  test("has no unique rule that another shard could break", () => {
    if (rule.shardKey === "reference") return expect(rule.indexes.every((index) => !index.options?.unique)).toBe(true);
    const shardKey = Object.keys(rule.shardKey);
    for (const index of rule.indexes.filter((known) => known.options?.unique)) {
      expect(beginsWith(Object.keys(index.fields), shardKey), `${rule.name} ${JSON.stringify(index.fields)}`).toBe(true);
    }
  });
});

test("a shard key other than _id has an index that begins with it", () => {
  for (const rule of sharded) {
    const shardKey = Object.keys(rule.shardKey);
    if (shardKey.length === 1 && shardKey[0] === "_id") continue;
    const served = rule.indexes.some((index) => beginsWith(Object.keys(index.fields), shardKey));
    expect(served, rule.name).toBe(true);
  }
});
