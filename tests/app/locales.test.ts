import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

/** Both languages say the same things, nothing is missing and nothing is left over. */
const ROOT = join(import.meta.dirname, "../..");
const LOCALES = ["zh-CN", "en"] as const;

function messagesOf(locale: string): Map<string, string> {
  const folder = join(ROOT, "app/locales", locale);
  const all = new Map<string, string>();
  for (const file of readdirSync(folder)) {
    const messages = JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, string>;
    for (const [key, text] of Object.entries(messages)) all.set(`${file.replace(/\.json$/, "")}.${key}`, text);
  }
  return all;
}

/** "feed.newPosts_one" and "feed.newPosts_other" are one sentence. */
const baseOf = (key: string): string => key.replace(/_(zero|one|two|few|many|other)$/, "");

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.tsx?$/.test(name) ? [readFileSync(path, "utf8")] : [];
  });
}

const catalogues = Object.fromEntries(LOCALES.map((locale) => [locale, messagesOf(locale)])) as Record<(typeof LOCALES)[number], Map<string, string>>;
const code = ["app", "models", "media", "scripts"].flatMap((folder) => {
  try {
    return sources(join(ROOT, folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
});
/** Comments give examples of keys that need not exist, and the names of log events look like keys. */
const text = code.join("\n").replace(/\/\*\*[\s\S]*?\*\/|\bevent: "[\w.]+"/g, "");

/** Keys written whole, e.g. "feed.more", and the beginnings of composed ones, e.g. `post.sort.${sort}`. */
const namespaces = [...new Set([...catalogues.en.keys()].map((key) => key.split(".")[0]))].join("|");
const literals = new Set([...text.matchAll(new RegExp(`["'\`]((?:${namespaces})\\.[\\w.-]+)["'\`]`, "g"))].map((match) => match[1] as string));
const prefixes = [...new Set([...text.matchAll(new RegExp(`\`((?:${namespaces})\\.[\\w.]*)\\$\\{`, "g"))].map((match) => match[1] as string))];

describe("locale files", () => {
  test("both languages have the same sentences", () => {
    const keys = (locale: (typeof LOCALES)[number]) => [...new Set([...catalogues[locale].keys()].map(baseOf))].sort();
    expect(keys("en")).toEqual(keys("zh-CN"));
  });

  test("placeholders are the same in both languages", () => {
    const placeholders = (locale: (typeof LOCALES)[number]) => {
      const found = new Map<string, string>();
      for (const [key, message] of catalogues[locale]) found.set(baseOf(key), [...new Set([...message.matchAll(/\{(\w+)\}/g)].map((m) => m[1]))].sort().join(","));
      return found;
    };
    const en = placeholders("en");
    for (const [key, names] of placeholders("zh-CN")) expect(`${key}: ${en.get(key)}`).toBe(`${key}: ${names}`);
  });

  test("every key that the code asks for exists", () => {
    const known = new Set([...catalogues["zh-CN"].keys()].map(baseOf));
    // "poll.voters" and "poll.votes" are paths in a post.
    const missing = [...literals].filter((key) => !key.startsWith("poll.vot")).filter((key) => !known.has(key) && !prefixes.includes(key) && ![...known].some((other) => other.startsWith(`${key}.`)));
    expect(missing).toEqual([]);
  });

  test("every sentence is used", () => {
    // app/server/plain-page.ts reads system.json itself, by typed names.
    const unused = [...new Set([...catalogues["zh-CN"].keys()].map(baseOf))].filter((key) => !key.startsWith("system.")).filter((key) => !literals.has(key) && !prefixes.some((prefix) => key.startsWith(prefix)));
    expect(unused).toEqual([]);
  });

  test("English is plural where it counts", () => {
    for (const key of catalogues.en.keys()) if (key.endsWith("_other")) expect(catalogues.en.has(key.replace(/_other$/, "_one")), key).toBe(true);
  });
});
