import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFile, stat } from "node:fs/promises";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { expectConsole, hydrated, openPage, useBrowser } from "./support/browser";
import { logIn } from "./support/people";
import { checkPage, makeUploadFiles, openComposer, openLine, picturesInText, WORK_MS, type UploadFiles } from "./support/uploads";

useBrowser();
let files: UploadFiles;
beforeAll(async () => {
  files = await makeUploadFiles();
});
afterAll(() => files.remove());

const POST_PAGE = /\/posts\/[\w-]{16,}$/;

async function pick(page: Page, ...paths: string[]): Promise<void> {
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.locator("button.tool:has(+ input[type=file])").click()]);
  await chooser.setFiles(paths);
}

function waitForReady(page: Page, count: number): Promise<unknown> {
  return page.waitForFunction((wanted) => [...document.querySelectorAll(".picture-row [role=status]")].filter((line) => /^(好了|Ready)/.test(line.textContent ?? "")).length === wanted, count, { timeout: WORK_MS });
}

async function publish(page: Page): Promise<string> {
  await page.click("button[value=publish]");
  await page.waitForURL(POST_PAGE, { timeout: WORK_MS });
  return new URL(page.url()).pathname;
}

const focusedAct = (page: Page) => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.act);

describe("pictures in a post", () => {
  test("are chosen, sent, described, ordered and published; guests get them without their place, and not a moment earlier", { timeout: 300_000 }, async () => {
    expectConsole(/404/);
    const page = await openPage();
    await logIn(page, "zhouzhou");
    await openComposer(page);
    const line = await openLine(page);
    await page.fill("#title", "带图的文章");
    await page.fill("#body", "第一段。");
    await page.locator("label.pick:has(input[value=funds])").click();
    await line(150_000);
    await pick(page, files.photo, files.square);
    await page.waitForFunction(() => [...document.querySelectorAll(".picture-row .transfer")].some((row) => /\d (KB|MB) \/ /.test(row.textContent ?? "") && row.querySelector('progress[aria-label*="photo.jpg"]')));
    await line(-1);
    await waitForReady(page, 2);
    const [photo, square] = await picturesInText(page);
    await checkPage(page);

    // Nobody else may fetch what is not published; its owner looks at it under an address that ends.
    const guest = await openPage({ width: 1280, locale: "en" });
    expect((await guest.request.get(`/m/${photo}/640.webp`)).status()).toBe(404);
    await page.click(".tools button[aria-pressed]");
    const shown = await page.locator(".preview figure.pic img").first().getAttribute("src");
    expect(shown).toMatch(/^\/m\/\d+\.[\w-]+\/[0-9a-f]{32}\//);
    expect((await guest.request.get(shown ?? "")).status()).toBe(200);
    await page.click(".tools button[aria-pressed]");

    // A picture must be described or called decorative before it is published.
    await page.click("button[value=publish]");
    expect(await page.locator("#body-error").innerText()).toContain("第 1 张图还没有说明");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-picture-alt"))).toBe("0");
    await page.keyboard.type("三种费用的对比 [图]");
    await page.locator(".decorative input").nth(1).check();
    await page.getByRole("button", { name: "下移" }).first().click();
    expect(await picturesInText(page)).toEqual([square, photo]);
    // The keyboard stays with what it moved; there it can only go up again.
    expect(await focusedAct(page)).toBe("up 1");
    const address = await publish(page);

    await guest.goto(address);
    const figures = guest.locator("article figure.pic img");
    expect(await figures.count()).toBe(2);
    expect(await figures.nth(0).getAttribute("alt")).toBe("");
    expect(await figures.nth(1).getAttribute("alt")).toBe("三种费用的对比 [图]");
    await figures.nth(1).scrollIntoViewIfNeeded();
    await guest.waitForFunction(() => [...document.querySelectorAll<HTMLImageElement>("article figure.pic img")].every((img) => img.naturalWidth > 0));
    await checkPage(guest);
    expect((await sharp(files.photo).metadata()).exif?.includes("PhoneMaker")).toBe(true);
    for (const name of ["640.jpg", "640.webp", "1600.jpg"]) {
      const reply = await guest.request.get(`/m/${photo}/${name}`);
      expect(reply.status()).toBe(200);
      const { format, width, exif, xmp, icc } = await sharp(await reply.body()).metadata();
      expect({ format, exif, xmp, icc }, name).toEqual({ format: name.endsWith("webp") ? "webp" : "jpeg", exif: undefined, xmp: undefined, icc: undefined });
      expect(width).toBe(Number.parseInt(name, 10));
    }
  });

  test("stand in the order they were chosen in, whichever the server takes on first", { timeout: 300_000 }, async () => {
    const page = await openPage();
    await logIn(page, "nanshan");
    await openComposer(page);
    await page.fill("#body", "前面的话。");
    // The first upload is let through only when the line of the second stands in the text.
    let isHeld = false;
    await page.route("**/media/tus", async (route) => {
      if (route.request().method() === "POST" && !isHeld) {
        isHeld = true;
        await page.waitForFunction(() => document.querySelector<HTMLTextAreaElement>("#body")?.value.includes("media:"));
      }
      await route.continue();
    });
    await pick(page, files.photo, files.square);
    await waitForReady(page, 2);
    const [first] = await picturesInText(page);
    expect(await page.inputValue("#body")).toMatch(/^前面的话。\n\n!\[\]\(media:\w{32}\)\n\n!\[\]\(media:\w{32}\)\n*$/);
    const own = await page.request.get(`/media/assets/${first}`);
    expect(await own.json()).toMatchObject({ fileName: "photo.jpg" });
  });

  test("come by paste and drop too; a file that is none is refused with its sentence while the other goes on", { timeout: 300_000 }, async () => {
    const page = await openPage({ width: 1280 });
    await logIn(page, "xiaoman");
    await openComposer(page);
    const [square, fake] = await Promise.all([readFile(files.square), readFile(files.fake)]);
    await page.fill("#body", "贴一张");
    await page.evaluate((bytes) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], "截图.png", { type: "image/png" }));
      document.querySelector("#body")?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }, [...square]);
    await page.waitForFunction(() => document.querySelectorAll(".picture-row").length === 1);
    await page.evaluate((bytes) => {
      const data = new DataTransfer();
      data.items.add(new File([Uint8Array.from(bytes)], "假图.jpg", { type: "image/jpeg" }));
      data.items.add(new File(["text"], "说明.txt", { type: "text/plain" }));
      document.querySelector("#body")?.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
    }, [...fake]);
    await page.waitForFunction(() => document.querySelector(".pictures [aria-live] .err")?.textContent?.includes("说明.txt"));
    await waitForReady(page, 1);
    await page.waitForFunction(() => document.querySelectorAll(".picture-row .err").length === 1, undefined, { timeout: WORK_MS });
    expect(await page.locator(".picture-row .err").innerText()).toMatch(/图片|JPEG|PNG/);
    expect(await page.inputValue("#body")).toContain("贴一张\n\n![](media:");
    await checkPage(page);
    // The refused one goes with one press; the words stay.
    await page.getByRole("button", { name: "移除第 2 张图" }).click();
    expect(await picturesInText(page)).toHaveLength(1);
    expect(await focusedAct(page)).toBe("remove 0");
    expect(await page.inputValue("#body")).toContain("贴一张");
  });

  test("an upload outlives a dead line and a reload, and goes on from where it was", { timeout: 300_000 }, async () => {
    expectConsole(/ERR_INTERNET_DISCONNECTED|ERR_FAILED/);
    const page = await openPage();
    await logIn(page, "azhuo");
    await openComposer(page);
    const line = await openLine(page);
    await page.fill("#title", "慢慢传");
    await line(800_000);
    await pick(page, files.large);
    await page.waitForFunction(() => /每秒/.test(document.querySelector(".picture-row .transfer")?.textContent ?? ""));
    await line(0);
    await page.waitForFunction(() => /没有网络|正在重连/.test(document.querySelector(".picture-row .transfer")?.textContent ?? ""));
    await line(100_000);
    await page.waitForFunction(() => /正在上传/.test(document.querySelector(".picture-row .transfer")?.textContent ?? ""));
    // The draft must be stored with its line before the page goes.
    await page.waitForFunction(() => /草稿已存 \d/.test(document.querySelector(".compose-head .status")?.textContent ?? ""));
    const [assetId] = await picturesInText(page);
    page.on("dialog", (dialog) => void dialog.accept());
    await page.reload();
    await hydrated(page);
    await page.waitForFunction(() => /上传停在/.test(document.querySelector(".picture-row")?.textContent ?? ""));
    expect(await picturesInText(page)).toEqual([assetId]);
    const [, sentBefore] = /停在 ([\d.]+ (?:KB|MB))/.exec(await page.locator(".picture-row").innerText()) ?? [];
    expect(sentBefore).toMatch(/^[1-9]/);

    // Another file of that name is not taken for it.
    await page.setInputFiles(".picture-row input[type=file]", files.square);
    await page.waitForSelector(".picture-row .err");
    const sent: number[] = [];
    page.on("request", (request) => {
      if (request.method() === "PATCH") sent.push(Number(request.headers()["upload-offset"]));
    });
    await line(-1);
    await page.setInputFiles(".picture-row input[type=file]", files.large);
    await waitForReady(page, 1);
    expect(sent[0]).toBeGreaterThan(0);
    expect(sent[0]).toBeLessThan((await stat(files.large)).size);
    expect(await picturesInText(page)).toEqual([assetId]);
  });

  test("pressed too early, the post goes out by itself when the picture is ready", { timeout: 300_000 }, async () => {
    const page = await openPage();
    await logIn(page, "hezi");
    await openComposer(page);
    const line = await openLine(page);
    await page.fill("#title", "好了就发");
    await page.fill("#body", "先按了发布。");
    await page.locator("label.pick:has(input[value=funds])").click();
    await line(100_000);
    await pick(page, files.photo);
    await page.waitForSelector("[data-picture-alt='0']");
    await page.fill("[data-picture-alt='0']", "一张噪点图");
    await page.click("button[value=publish]");
    await page.waitForFunction(() => /好了就自动发布/.test(document.querySelector(".composer .note")?.textContent ?? ""));
    await line(-1);
    await page.waitForURL(POST_PAGE, { timeout: WORK_MS });
    // The address changes a moment before the page does.
    await page.locator("article figure.pic img").first().waitFor();
    expect(await page.locator("article figure.pic img").count()).toBe(1);
  });

  test("without scripts: the draft is kept, the picture goes by a form of its own, and comes back with its line", async () => {
    const page = await openPage({ javaScript: false });
    await logIn(page, "zhouzhou");
    await page.goto("/posts/new");
    await page.fill("#title", "没有脚本");
    await page.fill("#body", "第一段");
    await page.click("button[value=picture]");
    await page.fill("#picture-alt", "一块绿色");
    await page.setInputFiles("#picture-file", files.square);
    await page.click(".picture-form .btn.primary");
    await page.waitForURL(/media=[0-9a-f]{32}/);
    expect(await page.inputValue("#body")).toMatch(/^第一段\n\n!\[一块绿色\]\(media:[0-9a-f]{32}\)/);
    expect(await page.inputValue("#title")).toBe("没有脚本");
  });
});

test.each(["zh-CN", "en"] as const)("one's own page leads to one's pictures and videos, on a phone in %s too", async (locale) => {
  const page = await openPage({ locale });
  await logIn(page, "sam");
  await page.goto("/members/sam");
  await checkPage(page);
  await page.locator(".own-links a[href='/media']").click();
  await page.waitForURL(/\/media$/);
  await checkPage(page);
});
