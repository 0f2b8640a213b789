import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import enFirst from "~/i18n/messages.en.first";
import enLater from "~/i18n/messages.en.later";
import zhFirst from "~/i18n/messages.zh-CN.first";
import zhLater from "~/i18n/messages.zh-CN.later";

const namespacesOf = (messages: Record<string, string>) => [...new Set(Object.keys(messages).map((key) => key.split(".")[0] ?? ""))].sort();

test.each([
  ["zh-CN", zhFirst, zhLater],
  ["en", enFirst, enLater],
])("%s: every file of sentences is either first or later, and what only the process itself says is neither", (locale, first, later) => {
  const files = readdirSync(join(import.meta.dirname, "../../../app/locales", locale)).map((name) => name.replace(".json", ""));
  expect([...namespacesOf(first), ...namespacesOf(later), "system"].sort()).toEqual(files.sort());
});

test("both languages begin with the same sentences", () => {
  expect(namespacesOf(zhFirst)).toEqual(namespacesOf(enFirst));
});
