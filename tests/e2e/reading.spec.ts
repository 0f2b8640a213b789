import { describe, expect, test } from "vitest";
import { accessibilityProblems, expectConsole, hydrated, openPage, scrollsSideways, useBrowser } from "./support/browser";
import { firstPost, logIn } from "./support/people";
import { publishPost } from "./support/posts";

useBrowser();

const PAGES = ["/", "/latest", "/hot", "/topics", "/topics/funds", "/members/nanshan", "/tickers/SH510300", "/search?q=%E5%9F%BA%E9%87%91", "/about", "/rules", "/privacy", "/sharing", "/login", "/join"];

describe.each([
  ["zh-CN", 360, "light"],
  ["en", 1280, "dark"],
] as const)("every reading page, %s at %i px, %s", (locale, width, colorScheme) => {
  test.each(PAGES)("%s passes axe, does not scroll sideways and has one h1", async (path) => {
    const page = await openPage({ locale, width, colorScheme });
    await page.goto(path);
    await hydrated(page);
    expect(await scrollsSideways(page)).toBe(false);
    expect(await page.locator("h1").count()).toBe(1);
    expect(await accessibilityProblems(page)).toEqual([]);
  });
});

test("a post page passes axe and is complete with scripts off", async () => {
  const plain = await openPage({ javaScript: false });
  const post = await firstPost(plain);
  await plain.goto(post);
  expect(await plain.locator(".read").innerText()).not.toBe("");
  expect(await plain.locator(".cm").count()).toBeGreaterThan(0);
  const page = await openPage({ width: 1280 });
  await page.goto(post);
  await hydrated(page);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test.each([null, "azhuo"])("load more appends, remembers on Back though the feed has moved on, and the footer stays reachable (%s)", async (handle) => {
  const page = await openPage({ width: 1280 });
  if (handle) await logIn(page, handle);
  await page.goto("/latest");
  await hydrated(page);
  const first = await page.locator(".row h2 a").count();
  await page.locator(".more a").click();
  await page.waitForFunction((before) => document.querySelectorAll(".row h2 a").length > before, first);
  const hrefs = await page.locator("ol .row h2 a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(new Set(hrefs).size).toBe(hrefs.length);
  await page.locator("ol .row h2 a").nth(first + 2).click();
  await page.waitForURL(/\/(?:posts|clips)\//);
  await publishPost(`读者走开时发的一篇，${handle ?? "guest"}`);
  await page.goBack();
  await page.waitForFunction((count) => document.querySelectorAll("ol .row h2 a").length >= count, hrefs.length);
  const rows = () => page.locator("ol .row h2 a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  expect(await rows()).toEqual(hrefs);
  // The skip link changes the address too; what has been loaded stays.
  await page.evaluate(() => (window.location.hash = "main"));
  expect(await rows()).toEqual(hrefs);
  // The tab asks for the newest.
  await page.locator(".tabs a[aria-current]").click();
  await page.waitForFunction((oldest) => document.querySelector("ol .row h2 a")?.getAttribute("href") !== oldest, hrefs[0]);
  expect((await rows()).length).toBe(first);
});

test("the language switch keeps the page", async () => {
  const page = await openPage();
  await page.goto("/topics/funds");
  await page.locator("footer button[lang=en]").click();
  await page.waitForSelector("html[lang=en]");
  expect(new URL(page.url()).pathname).toBe("/topics/funds");
  await page.goto("/latest");
  expect(await page.locator("html").getAttribute("lang")).toBe("en");
});

test.each([
  ["/posts/unknown", 404],
  ["/members/nobody_here", 404],
  ["/topics/nothing", 404],
  ["/latest?cursor=%7B%22%24gt%22%3A1%7D", 422],
  ["/hot?cursor=0~20", 410],
  ["/no/such/page", 404],
])("%s says what happened and shows the way on (%i)", async (path, status) => {
  expectConsole(/Failed to load resource/);
  const page = await openPage();
  const answer = await page.goto(path);
  expect(answer?.status()).toBe(status);
  expect(await page.locator("h1").innerText()).not.toBe("");
  expect(await page.locator("main a.btn").count()).toBeGreaterThan(1);
});

test("keyboard: skip link, then the main column; a like by Enter", async () => {
  const page = await openPage({ width: 1280 });
  await logIn(page, "zhouzhou");
  const post = await firstPost(page, "/topics/fraud");
  await page.goto(post);
  await hydrated(page);
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
  const like = page.locator(".bar button[name=liked]");
  const was = await like.getAttribute("aria-pressed");
  await like.focus();
  await page.keyboard.press("Enter");
  await page.waitForSelector(`.bar button[name=liked][aria-pressed=${was === "true" ? "false" : "true"}]`);
});

test("a new post announces itself in a pill and moves nothing", async () => {
  const reader = await openPage({ width: 1280 });
  await reader.clock.install();
  await reader.goto("/latest");
  await hydrated(reader);
  const before = await reader.locator("ol .row h2 a").first().getAttribute("href");
  await publishPost("读者正在看的时候发出的一篇");
  await reader.clock.runFor(31_000);
  await reader.waitForSelector(".pill");
  expect(await reader.locator("ol .row h2 a").first().getAttribute("href")).toBe(before);
});
