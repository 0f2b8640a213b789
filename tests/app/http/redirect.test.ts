import { expect, test } from "vitest";
import { refererPath, safeRedirect } from "~/http/redirect.server";

test.each([
  "https://evil.example",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "\\\\evil.example",
  "/\t/evil.example",
  "/\n/evil.example",
  "/%0d%0aLocation:x".replace(/%0d%0a/, "\r\n"),
  " /posts",
  "javascript:alert(1)",
  "data:text/html,x",
  "/..//evil.example",
  "/.//evil.example",
  "/a/..//evil.example",
  "evil.example",
  "",
  "?a=1",
  "#x",
  `/${"a".repeat(2_001)}`,
  "/logout",
  "/logout?x=1",
  "/login",
  "/gate?intent=x",
  "/intents/resume",
  "/join",
  "/code?c=1",
  "/login.data",
  null,
  undefined,
  42,
  ["/posts"],
  { toString: () => "/posts" },
])("given %j, then the fallback is taken", (to) => {
  expect(safeRedirect(to)).toBe("/");
});

test.each([
  ["/", "/"],
  ["/posts/abc", "/posts/abc"],
  ["/posts/abc?sort=newest#comments", "/posts/abc?sort=newest#comments"],
  ["/topics/基金", "/topics/%E5%9F%BA%E9%87%91"],
  ["/a/../b", "/b"],
  ["/posts/abc.data", "/posts/abc"],
  ["/logouts", "/logouts"],
  ["/search?q=https://example.com", "/search?q=https://example.com"],
  ["/@evil.example", "/@evil.example"],
])("given %j, then it leads to %s", (to, path) => {
  expect(safeRedirect(to)).toBe(path);
});

test("given a page of ours as referer, then its path is used; a page of others is not", () => {
  const request = (referer: string) => new Request("http://localhost:3000/x", { headers: { Referer: referer } });
  expect(refererPath(request("http://localhost:3000/posts/1?a=2"))).toBe("/posts/1?a=2");
  expect(refererPath(request("http://evil.example/posts/1"), "/home")).toBe("/home");
  expect(refererPath(request("http://localhost:3000/login"), "/home")).toBe("/home");
});
