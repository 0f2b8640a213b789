import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { idFrom } from "../../scripts/seed/draw";
import { expectConsole, hydrated, openPage, useBrowser } from "./support/browser";
import { DEMO_PASSWORD, firstPost, logIn, logInByCode, newPhone } from "./support/people";

useBrowser();

const USED_BEFORE = "没有重复执行";

test("a wrong password in between does not lose the act, and it is done once", async () => {
  expectConsole(/Failed to load resource/);
  const page = await openPage({ width: 1280 });
  const post = await firstPost(page, "/topics/credit");
  await page.goto(post);
  await hydrated(page);
  await page.locator(".bar button[name=saved]").click();
  const sheet = page.locator("dialog[open]");
  await sheet.getByRole("button", { name: "用账号密码登录" }).click();
  await sheet.locator("input[name=handle]").fill("sam");
  await sheet.locator("input[name=password]").fill("not-the-password");
  await sheet.locator("form:has(input[name=password]) button.primary").click();
  await sheet.locator(".err, [role=alert]").first().waitFor();
  expect(await sheet.locator("input[name=handle]").inputValue()).toBe("sam");
  await sheet.locator("input[name=password]").fill(DEMO_PASSWORD);
  await sheet.locator("form:has(input[name=password]) button.primary").click();
  await page.waitForSelector(".bar button[name=saved][aria-pressed=true]");
  await page.goto("/saved");
  expect(await page.locator(`.row h2 a[href='${post}']`).count()).toBe(1);
});

test("the sheet goes away by Escape and by the button, keeps the place, and nothing is pressed", async () => {
  const page = await openPage();
  const post = await firstPost(page);
  await page.goto(post);
  await hydrated(page);
  await page.evaluate(() => window.scrollTo(0, 500));
  const like = page.locator(".bar button[name=liked]");
  await like.click();
  await page.locator("dialog[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("dialog").waitFor({ state: "detached" });
  expect(await page.evaluate(() => window.scrollY)).toBe(500);
  expect(await like.getAttribute("aria-pressed")).toBe("false");
  await like.click();
  await page.locator("dialog[open]").getByRole("button", { name: "先继续阅读" }).click();
  await page.locator("dialog").waitFor({ state: "detached" });
});

test("a guest's comment comes back in an open composer, and is sent only when the member sends it", async () => {
  const page = await openPage({ width: 1280 });
  const post = await firstPost(page, "/topics/bonds");
  await page.goto(post);
  await hydrated(page);
  const words = "登录之前写的这段话，不应该丢。";
  await page.fill("#say", words);
  await page.locator("#compose button").last().click();
  await page.locator("dialog[open]").waitFor();
  await logInByCode(page, newPhone());
  await page.waitForSelector(".top a[href^='/members/']");
  await page.waitForFunction((text) => (document.querySelector("#say") as HTMLTextAreaElement | null)?.value === text, words);
  expect(await page.locator(".cm .body", { hasText: words }).count()).toBe(0);
  await page.locator("#compose button").last().click();
  await page.waitForSelector("#compose .note.good");
  await page.goto(`${post}?sort=newest`);
  expect(await page.locator(".cm .body", { hasText: words }).count()).toBe(1);
});

test("without scripts a guest's comment comes back too", async () => {
  const page = await openPage({ javaScript: false });
  const post = await firstPost(page, "/topics/insurance");
  await page.goto(post);
  const words = "没有脚本也不丢字。";
  await page.fill("#say", words);
  await page.locator("#compose button").last().click();
  await page.waitForURL(/\/gate\?/);
  await logInByCode(page, newPhone());
  await page.waitForURL(new RegExp(post));
  expect(await page.locator("#say").inputValue()).toBe(words);
});

test("the gate page used twice: the second time it is refused with a word and changes nothing", async () => {
  const page = await openPage({ javaScript: false });
  const post = await firstPost(page, "/topics/compound");
  await page.goto(post);
  await page.locator(".bar button[name=liked]").click();
  await page.waitForURL(/\/gate\?/);
  const gate = page.url();
  await logInByCode(page, newPhone());
  await page.waitForURL(new RegExp(post));
  const count = await page.locator(".bar button[name=liked]").innerText();
  await page.goto(gate);
  await page.locator("main button.primary").click();
  expect(await page.locator(".toast").innerText()).toContain(USED_BEFORE);
  await page.goto(post);
  expect(await page.locator(".bar button[name=liked]").innerText()).toBe(count);
});

test("a second tab that logged in meanwhile finishes the act of the first", async () => {
  const first = await openPage({ javaScript: false });
  const post = await firstPost(first, "/topics/fraud");
  await first.goto(post);
  await first.locator("header.art-head button[name=followed]").click();
  await first.waitForURL(/\/gate\?/);
  const second = await first.context().newPage();
  await logIn(second, "zhouzhou");
  await first.reload();
  await first.locator("main button.primary").click();
  await first.waitForURL(new RegExp(post));
  expect(await first.locator("header.art-head button[name=followed]").getAttribute("aria-pressed")).toBe("true");
});

/** Two posts of the seed whose polls are open and take one choice; each journey has its own, so that neither counts the other's vote. */
const POLL_WITH_SCRIPTS = `/posts/${idFrom("post:zh-CN:key-facts-sheet-four-stops")}`;
const POLL_WITHOUT_SCRIPTS = `/posts/${idFrom("post:zh-CN:emergency-fund-by-month-six")}`;

async function votersOf(page: Page): Promise<number> {
  const facts = await page.locator(".poll .row-between .meta").innerText();
  return Number(/\d+/.exec(facts)?.[0]);
}

/** What a poll shows after one's vote: the votes of each option, and which of them is one's own. */
async function resultsOf(page: Page): Promise<{ votes: number[]; own: number[] }> {
  const rows = await page.locator(".poll .result").allInnerTexts();
  return {
    votes: rows.map((row) => Number(/(\d+) 票/.exec(row)?.[1])),
    own: rows.flatMap((row, place) => (row.includes("你的选择") ? [place] : [])),
  };
}

/** The vote stands on the second option and is counted once: a poll of one choice has as many votes as voters. */
async function expectOneMoreVote(page: Page, votersBefore: number): Promise<void> {
  const { votes, own } = await resultsOf(page);
  expect(own).toEqual([1]);
  expect(await votersOf(page)).toBe(votersBefore + 1);
  expect(votes.reduce((sum, count) => sum + count, 0)).toBe(votersBefore + 1);
}

test("a guest's vote is cast after logging in, once, and a reload does not cast it again", async () => {
  const page = await openPage({ width: 1280 });
  await page.goto(POLL_WITH_SCRIPTS);
  await hydrated(page);
  const before = await votersOf(page);
  await page.locator(".poll input[name=choice]").nth(1).check();
  await page.locator(".poll button.primary").click();
  await page.locator("dialog[open]").waitFor();
  expect(await votersOf(page)).toBe(before);
  await logInByCode(page, newPhone());
  await page.waitForSelector(".top a[href^='/members/']");
  await page.waitForSelector(".poll .result");
  await expectOneMoreVote(page, before);
  await page.reload();
  await expectOneMoreVote(page, before);
  expect(await page.locator(".poll input[name=choice]").count()).toBe(0);
});

test("without scripts a guest's vote is cast after logging in, once, and the gate page used again changes nothing", async () => {
  const page = await openPage({ javaScript: false });
  await page.goto(POLL_WITHOUT_SCRIPTS);
  const before = await votersOf(page);
  await page.locator(".poll input[name=choice]").nth(1).check();
  await page.locator(".poll button.primary").click();
  await page.waitForURL(/\/gate\?/);
  const gate = page.url();
  await logInByCode(page, newPhone());
  await page.waitForURL(new RegExp(POLL_WITHOUT_SCRIPTS));
  await expectOneMoreVote(page, before);
  await page.goto(gate);
  await page.locator("main button.primary").click();
  expect(await page.locator(".toast").innerText()).toContain(USED_BEFORE);
  await page.goto(POLL_WITHOUT_SCRIPTS);
  await expectOneMoreVote(page, before);
});
