import { describe, expect, test } from "vitest";
import { accessibilityProblems, hydrated, openPage, scrollsSideways, useBrowser, type Reader } from "./support/browser";
import { logInByCode, newHandle, newPhone } from "./support/people";
import { publishPost } from "./support/posts";

useBrowser();

/** The journey the house stands on: read → try to like → log in → the like is set once → comment → post. */
const READERS: [string, Reader & { locale: "zh-CN" | "en" }][] = [
  ["zh-CN, 360 px", { locale: "zh-CN", width: 360 }],
  ["en, 1280 px", { locale: "en", width: 1280 }],
];

const WORDS = {
  "zh-CN": { like: "登录后为这篇文章点赞", comment: "这段算式我照着算了一遍。", title: "我的第一篇笔记", body: "今天学会了看费率。" },
  en: { like: "Log in to like this post", comment: "I worked the sum through myself.", title: "My first note", body: "Today I learned to read a fee." },
};

describe.each(READERS)("with scripts, %s", (_name, reader) => {
  test("a guest reads, likes after login, comments and posts", async () => {
    const words = WORDS[reader.locale];
    const page = await openPage(reader);
    const post = await publishPost(words.comment, "nanshan");
    await page.goto(post);
    await hydrated(page);
    expect(await page.locator("html").getAttribute("lang")).toBe(reader.locale);
    expect(await scrollsSideways(page)).toBe(false);

    const like = page.locator(".bar button[name=liked]");
    const before = Number((await like.innerText()).replace(/\D/g, ""));
    expect(await like.getAttribute("aria-pressed")).toBe("false");
    await like.click();
    const sheet = page.locator("dialog[open]");
    await sheet.waitFor();
    expect(await sheet.locator("h2").innerText()).toBe(words.like);
    // Nothing is shown as liked that is not stored.
    expect(await like.getAttribute("aria-pressed")).toBe("false");
    expect(await accessibilityProblems(page)).toEqual([]);

    await logInByCode(page, newPhone());
    await page.waitForSelector(".top a[href^='/members/']");
    await page.waitForSelector(".bar button[name=liked][aria-pressed=true]");
    expect(Number((await like.innerText()).replace(/\D/g, ""))).toBe(before + 1);
    expect(new URL(page.url()).pathname).toBe(post);

    await page.fill("#say", words.comment);
    await page.locator("#compose button").last().click();
    await page.waitForSelector("#compose .note.good");
    await page.reload();
    await page.goto(`${post}?sort=newest`);
    expect(await page.locator(".cm .body").first().innerText()).toContain(words.comment);

    await page.goto("/posts/new");
    await hydrated(page);
    await page.fill("input[name=title]", words.title);
    await page.fill("textarea[name=body]", words.body);
    await page.locator("input[name=topics]").first().check();
    await page.locator("button[name=intent][value=publish]").first().click();
    await page.waitForURL(/\/posts\/(?!new)[\w-]+/);
    // The address changes a moment before the page that belongs to it.
    await page.locator("h1", { hasText: words.title }).waitFor();
  });
});

describe.each([["zh-CN"], ["en"]] as const)("without scripts, %s", (locale) => {
  test("the same journey by plain pages", async () => {
    const words = WORDS[locale];
    const page = await openPage({ locale, javaScript: false });
    const post = await publishPost(words.comment, "nanshan");
    await page.goto(post);
    const before = Number((await page.locator(".bar button[name=liked]").innerText()).replace(/\D/g, ""));
    await page.locator(".bar button[name=liked]").click();
    await page.waitForURL(/\/gate\?/);
    expect(await page.locator("h1").innerText()).toBe(words.like);
    await page.locator("a[href*='with=password']").click();
    await page.locator("a[href^='/join']").first().click();
    const handle = newHandle();
    await page.fill("input[name=handle]", handle);
    await page.fill("input[name=password]", `long-${handle}-words`);
    await page.locator("main button.primary").click();
    await page.waitForURL(new RegExp(post));
    expect(await page.locator(".bar button[name=liked]").getAttribute("aria-pressed")).toBe("true");
    expect(Number((await page.locator(".bar button[name=liked]").innerText()).replace(/\D/g, ""))).toBe(before + 1);

    await page.fill("#say", words.comment);
    await page.locator("#compose button").last().click();
    await page.waitForLoadState();
    await page.goto(`${post}?sort=newest`);
    expect(await page.locator(".cm .body").first().innerText()).toContain(words.comment);

    await page.goto("/posts/new");
    await page.fill("input[name=title]", words.title);
    await page.fill("textarea[name=body]", words.body);
    await page.locator("input[name=topics]").first().check();
    await page.locator("button[name=intent][value=publish]").first().click();
    await page.waitForURL(/\/posts\/(?!new)[\w-]+/);
    expect(await page.locator("h1").first().innerText()).toBe(words.title);
  });
});
