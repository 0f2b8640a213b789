import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { hydrated, openPage, useBrowser } from "./support/browser";
import { logIn } from "./support/people";
import { publishPost } from "./support/posts";

/** The time between the first picture of a page and its scripts: long on a slow line, and nothing typed in it may be lost. */
useBrowser();

/** Runs in the page: presses a key in the moment after React has been given the page, and before it has begun with it. */
function pressWhileWaking() {
  const listen = document.addEventListener.bind(document);
  document.addEventListener = (...given: Parameters<typeof listen>) => {
    listen(...given);
    // Nobody else listens to this one.
    if (given[0] === "gotpointercapture") queueMicrotask(() => document.querySelector("input[name=handle]")?.dispatchEvent(new KeyboardEvent("keydown", { key: "n", bubbles: true })));
  };
}

/** Opens a page whose scripts stay away until the answer is called. */
async function openAsleep(page: Page, path: string): Promise<() => Promise<void>> {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/assets/*.js", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(path, { waitUntil: "commit" });
  await page.waitForSelector("footer", { state: "attached" });
  return async () => {
    release();
    await hydrated(page);
    await page.unroute("**/assets/*.js");
  };
}

const values = (page: Page, ...fields: string[]) => Promise.all(fields.map((field) => page.inputValue(field)));

test("a key pressed while the page comes alive is no error, and what was typed stays", async () => {
  const page = await openPage();
  await page.addInitScript(pressWhileWaking);
  await page.goto("/login?with=password", { waitUntil: "commit" });
  await page.fill("input[name=handle]", "nanshan");
  await hydrated(page);
  expect(await page.inputValue("input[name=handle]")).toBe("nanshan");
});

test.each([["/posts/new"], ["/clips/new"]])("what a guest writes and chooses in %s before the scripts are there stays, and is kept in this browser", async (path) => {
  const page = await openPage({ width: 1280 });
  const wake = await openAsleep(page, path);
  await page.fill("#title", "费率差一个点");
  await page.fill("#body", "十年差多少");
  await page.locator("label.pick:has(input[value=funds])").click();
  await page.locator("label.pick:has(input[value=fraud])").click();
  await page.locator("label.pick:has(input[value=opinion])").click();
  await wake();
  await page.waitForSelector(".pick-files, .tool-row");
  const expectWords = async () => {
    expect(await values(page, "#title", "#body")).toEqual(["费率差一个点", "十年差多少"]);
    expect(await page.locator("input[name=topics]:checked").evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value).sort())).toEqual(["fraud", "funds"]);
    expect(await page.locator("input[value=opinion]").isChecked()).toBe(false);
  };
  await expectWords();
  await page.locator("#body").pressSequentially("。");
  expect(await values(page, "#title", "#body")).toEqual(["费率差一个点", "十年差多少。"]);
  await page.keyboard.press("Backspace");
  await page.reload();
  await hydrated(page);
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>("#title")?.value !== "");
  await expectWords();
});

test("a poll begun before the scripts are there keeps its question and each of its answers", async () => {
  const page = await openPage({ width: 1280 });
  const wake = await openAsleep(page, "/posts/new");
  await page.locator(".poll-field summary").click();
  await page.fill("#pollQuestion", "先还哪一笔？");
  await page.fill("#pollOption0", "利率高的");
  await page.fill("#pollOption2", "金额小的");
  await page.selectOption("select[name=pollDays]", "3");
  await page.check("input[name=pollMultiple]");
  await wake();
  await page.waitForSelector(".tool-row");
  expect(await values(page, "#pollQuestion", "#pollOption0", "#pollOption1", "#pollOption2", "select[name=pollDays]")).toEqual(["先还哪一笔？", "利率高的", "", "金额小的", "3"]);
  expect(await page.locator("input[name=pollMultiple]").isChecked()).toBe(true);
});

test("words left by an earlier visit and words written before the scripts are there are both kept, and both are saved", async () => {
  const page = await openPage({ width: 1280 });
  await logIn(page, "zhouzhou");
  const post = await publishPost("读者写到一半的地方");
  await page.evaluate((at) => {
    const copy = (words: unknown) => JSON.stringify({ by: null, at: new Date().toISOString(), words });
    const words = { lang: "zh-CN", title: "上次的标题", body: "上次写的", topics: ["funds"], declarations: [], holds: "", poll: { question: "", multiple: false, days: 7, options: [] } };
    localStorage.setItem("words:compose:new", copy({ words, mark: { draftId: "left-by-a-crash-01", submissionId: "left-by-a-crash-02", revision: 0, postId: null, postRevision: null } }));
    localStorage.setItem(`words:comment:${at}:`, copy("上次没发的话"));
  }, post.split("/").at(-1));

  const wakeComposer = await openAsleep(page, "/posts/new");
  await page.fill("#body", "这次写的");
  await wakeComposer();
  await page.waitForSelector(".tool-row");
  await expect.poll(() => values(page, "#title", "#body")).toEqual(["上次的标题", "上次写的\n\n这次写的"]);
  await page.waitForURL(/draft=left-by-a-crash-01/);
  await expect.poll(async () => (await (await page.request.get(page.url())).text()).includes("这次写的")).toBe(true);

  const wakePost = await openAsleep(page, post);
  await page.fill("#say", "这次的话");
  await wakePost();
  await expect.poll(() => values(page, "#say")).toEqual(["上次没发的话\n\n这次的话"]);
  await page.reload();
  await hydrated(page);
  await expect.poll(() => values(page, "#say")).toEqual(["上次没发的话\n\n这次的话"]);
  await page.fill("#say", "");
});

test("what is written over words that the server brought stays too", async () => {
  const page = await openPage({ width: 1280 });
  await logIn(page, "azhuo");
  const wake = await openAsleep(page, "/account");
  const bio = page.locator("textarea[name=bio]");
  const before = await bio.inputValue();
  expect(before).not.toBe("");
  await bio.press("End");
  await bio.pressSequentially("，也写分散配置");
  const after = await bio.inputValue();
  await wake();
  expect(await bio.inputValue()).toBe(after);
  await bio.pressSequentially("。");
  expect(await bio.inputValue()).toBe(`${after}。`);
});
