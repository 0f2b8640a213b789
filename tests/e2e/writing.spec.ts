import { describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { accessibilityProblems, expectConsole, hydrated, openPage, scrollsSideways, useBrowser } from "./support/browser";
import { logIn } from "./support/people";

useBrowser();

const POST_PAGE = /\/posts\/[\w-]{16,}$/;

async function openComposer(page: Page, path = "/posts/new"): Promise<void> {
  await page.goto(path);
  await hydrated(page);
  await page.waitForSelector(".tool");
}

function waitForSave(page: Page): Promise<unknown> {
  return page.waitForFunction(() => /草稿已存 \d/.test(document.querySelector(".compose-head .status")?.textContent ?? ""));
}

async function write(page: Page, words: { title: string; body: string }): Promise<void> {
  await page.fill("#title", words.title);
  await page.fill("#body", words.body);
  await page.locator("label.pick:has(input[value=funds])").click();
}

async function publish(page: Page): Promise<string> {
  await page.click("button[value=publish]");
  await page.waitForURL(POST_PAGE);
  return new URL(page.url()).pathname;
}

describe("the composer", () => {
  test("suggests codes, saves by itself, comes back after a reload, and its preview is what gets published", async () => {
    expectConsole(/422/);
    const page = await openPage();
    await logIn(page, "zhouzhou");
    await openComposer(page);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
    await page.fill("#title", "读懂费用页");
    await page.locator("#body").pressSequentially("## 看三行\n\n以 $茅台");
    await page.waitForSelector("#suggestions li");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>("#body")?.value.includes("$贵州茅台(SH600519)$"));
    await page.locator("#body").pressSequentially(" 为例，绝不是稳赚不赔。");
    expect(await page.locator(".compose-foot .err").first().innerText()).toContain("第 2 段“稳赚不赔”");
    await waitForSave(page);

    await page.click(".tools button[aria-pressed]");
    await page.waitForSelector(".preview .read .tick");
    const preview = await page.locator(".preview .read").innerHTML();
    await page.click(".tools button[aria-pressed]");

    // No topic yet: the refusal names it, and every word stays.
    await page.click("button[value=publish]");
    expect(await page.locator("#topics-error").innerText()).toBe("请选一个话题");
    await page.reload();
    await hydrated(page);
    expect(await page.inputValue("#body")).toContain("稳赚不赔");
    await page.locator("label.pick:has(input[value=funds])").click();
    await publish(page);
    expect(await page.locator("article .read").innerHTML()).toBe(preview);
    await openComposer(page);
    expect(await page.inputValue("#body")).toBe("");
  });

  test("keeps both texts when two tabs write one draft", async () => {
    const first = await openPage();
    await logIn(first, "xiaoman");
    await openComposer(first);
    await first.fill("#title", "两个标签页");
    await first.fill("#body", "起点");
    await waitForSave(first);
    const second = await first.context().newPage();
    await openComposer(second, new URL(first.url()).pathname + new URL(first.url()).search);
    await first.fill("#body", "左边写的");
    await second.fill("#body", "右边写的");
    await Promise.any([first, second].map((page) => page.waitForSelector(".notices .note.warn")));
    await first.goto("/drafts");
    const rows = (await first.locator(".drafts li").allInnerTexts()).join(" ");
    expect(rows).toContain("左边写的");
    expect(rows).toContain("右边写的");
    expect(await accessibilityProblems(first)).toEqual([]);
  });

  test("keeps the words when the network goes, and sends them once when it is back", async () => {
    expectConsole(/ERR_INTERNET_DISCONNECTED/);
    const page = await openPage({ width: 1280 });
    await logIn(page, "azhuo");
    await openComposer(page);
    await write(page, { title: "断网", body: "断网时写的字" });
    await page.context().setOffline(true);
    await page.click("button[value=publish]");
    await page.waitForSelector(".notices .note.warn");
    expect(await page.inputValue("#body")).toBe("断网时写的字");
    await page.context().setOffline(false);
    await publish(page);
    await page.goto("/members/azhuo");
    expect(await page.locator(".row h2", { hasText: "断网" }).count()).toBe(1);
  });

  test("keeps a guest's words over a reload, and asks for the login only to publish", async () => {
    const page = await openPage({ width: 1280 });
    await openComposer(page);
    await page.fill("#title", "游客写的");
    await page.fill("#body", "登录前写的字");
    await page.click("button[value=publish]");
    await page.waitForSelector("dialog[open]");
    await page.reload();
    await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>("#body")?.value === "登录前写的字");
  });
});

describe("what was written", () => {
  test("can be edited with a history, deleted and brought back", async () => {
    expectConsole(/410/);
    const page = await openPage();
    await logIn(page, "hezi");
    await openComposer(page);
    await write(page, { title: "会改的文章", body: "第一段。" });
    const path = await publish(page);
    await openComposer(page, `${path}/edit`);
    await page.fill("#body", "第一段。\n\n再加一段。");
    await page.click("button[value=publish]");
    await page.waitForSelector("article .read >> text=再加一段");
    await page.goto(`${path}/history`);
    expect((await page.locator(".diff ins").allInnerTexts()).join("")).toContain("再加一段。");
    expect(await accessibilityProblems(page)).toEqual([]);

    await page.goto(`${path}/delete`);
    await page.click("button[value=true]");
    await page.waitForSelector("button[value=false]");
    expect((await page.goto(path))?.status()).toBe(410);
    await page.goto("/drafts");
    await page.locator(".drafts li", { hasText: "会改的文章" }).locator("a.btn").click();
    await page.click("button[value=false]");
    await page.waitForURL(POST_PAGE);
    expect((await page.goto(path))?.status()).toBe(200);
  });

  test("an edit begun on an older version is refused once, with its words kept, and saved after its writer was told", async () => {
    expectConsole(/409/);
    const page = await openPage();
    await logIn(page, "laoqian");
    await openComposer(page);
    await write(page, { title: "两处都改", body: "原文。" });
    const path = await publish(page);
    const other = await page.context().newPage();
    await openComposer(page, `${path}/edit`);
    await openComposer(other, `${path}/edit`);
    await other.fill("#body", "原文。另一处改的。");
    await other.click("button[value=publish]");
    await other.waitForSelector("article .read >> text=另一处改的");
    await page.fill("#body", "原文。这一处改的。");
    await page.click("button[value=publish]");
    await page.waitForSelector(".notices .note.bad");
    expect(await page.inputValue("#body")).toBe("原文。这一处改的。");
    await page.reload();
    await hydrated(page);
    await page.waitForSelector(".note.warn a[href$='/history']");
    expect(await page.inputValue("#body")).toBe("原文。这一处改的。");
    await page.click("button[value=publish]");
    await page.waitForSelector("article .read >> text=这一处改的");
  });

  test("a comment is sent by keyboard, answered, edited, deleted and brought back; the author can close the rest", async () => {
    const page = await openPage();
    await logIn(page, "qingsui");
    await openComposer(page);
    await write(page, { title: "评论都在这里", body: "正文。" });
    const path = await publish(page);
    await hydrated(page);
    await page.fill("#say", "第一条 @nanshan");
    await page.keyboard.press("Control+Enter");
    await page.waitForSelector(".cm .body .mention");
    await page.locator(".cm .act-btn", { hasText: "回复" }).first().click();
    await page.waitForURL(/reply=/);
    await page.fill("#say", "回复它");
    await page.locator(".say-form button.btn").click();
    await page.waitForSelector(".cm-replies .cm");
    await page.goto(path);
    await page.locator(".cm .act-btn", { hasText: "编辑" }).first().click();
    await page.waitForSelector("button[value=save]");
    await page.fill("textarea[name=body]", "改过的评论");
    await page.click("button[value=save]");
    await page.waitForSelector(".cm .body >> text=改过的评论");
    await page.goto(`${new URL(page.url()).pathname}/edit`);
    await page.click("button[value=delete]");
    await page.click("button[value=restore]");
    await page.waitForSelector(".cm .body >> text=改过的评论");

    await openComposer(page, `${path}/edit`);
    await page.locator("input[name=policy][value=closed]").check();
    await page.locator("button", { hasText: "保存设置" }).click();
    await page.waitForSelector("text=已保存");
    await page.goto(path);
    await page.waitForSelector("p#say");
  });
});

describe("without scripts", () => {
  test("preview, draft, refusal, post and comment go by plain forms, and no word is lost", async () => {
    expectConsole(/422/);
    const page = await openPage({ javaScript: false });
    await logIn(page, "beihai");
    await page.goto("/posts/new");
    await page.fill("#title", "没有脚本");
    await page.fill("#body", "没有脚本也能发 $AAPL$");
    await page.click("button[value=preview]");
    await page.waitForSelector(".preview .tick");
    await page.click("button[value=save]");
    await page.waitForURL(/draft=/);
    await page.click("button[value=publish]");
    await page.waitForSelector(".note.bad");
    expect(await page.inputValue("#title")).toBe("没有脚本");
    await page.locator("input[name=topics][value=stocks]").check({ force: true });
    await page.click("button[value=publish]");
    await page.waitForURL(POST_PAGE);
    await page.fill("#say", " ");
    await page.locator(".say-form button.btn").click();
    await page.waitForSelector(".say-form .err");
    await page.fill("#say", "没有脚本的评论");
    await page.locator(".say-form button.btn").click();
    await page.waitForSelector(".cm .body >> text=没有脚本的评论");
  });
});
