import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

test("every file that declares a collection is in the list that indexes and backups go by", () => {
  const declaring = readdirSync("models").filter((file) => file.endsWith(".server.ts") && file !== "collection.server.ts" && /defineCollection</.test(readFileSync(`models/${file}`, "utf8")));
  const listed = [...readFileSync("models/all.server.ts", "utf8").matchAll(/import "\.\/(.+)";/g)].map(([, name]) => `${name}.ts`);
  expect(listed.sort()).toEqual(declaring.sort());
});
