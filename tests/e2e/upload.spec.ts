import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readFile, stat } from "node:fs/promises";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { accessibilityProblems, expectConsole, hydrated, openPage, scrollsSideways, useBrowser } from "./support/browser";
import { logIn } from "./support/people";
import { makeUploadFiles, openLine, picturesInText, type UploadFiles } from "./support/uploads";

useBrowser();
let files: UploadFiles;
beforeAll(async () => {
  files = await makeUploadFiles();
});
afterAll(() => files.remove());

const POST_PAGE = /\/posts\/[\w-]{16,}$/;
const CLIP_PAGE = /\/clips\/(?!new)[\w-]{16,}$/;
/** The worker also films the demo's clips meanwhile, on one core. */
const WORK_MS = 120_000;

async function openComposer(page: Page, path = "/posts/new"): Promise<void> {
  await page.goto(path);
  await hydrated(page);
  await page.waitForSelector(".pictures, .clip-file .file-btn");
}

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

async function checkPage(page: Page): Promise<void> {
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
}

/** A clip that was sent before its video had arrived, and whose video is none. Returns where it waits. */
async function sendRefusedClip(page: Page, title: string): Promise<string> {
  await openComposer(page, "/clips/new");
  await page.route("**/media/tus/*", async (route) => {
    if (route.request().method() === "PATCH") await page.waitForSelector(".clip-form .note.good");
    await route.continue();
  });
  await page.locator(".clip-file .file-btn input[type=file]").first().setInputFiles(files.fakeClip);
  await page.fill("#title", title);
  await page.locator("label.pick:has(input[value=funds])").click();
  await page.click("button[value=publish]");
  await page.waitForURL(CLIP_PAGE, { timeout: WORK_MS });
  await page.unroute("**/media/tus/*");
  return new URL(page.url()).pathname;
}

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
    await line(1_500_000);
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

  test("stand in the order they were chosen in, whichever the server takes on first", async () => {
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

  test("come by paste and drop too; a file that is none is refused with its sentence while the other goes on", async () => {
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
    await line(2_000_000);
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
    await line(700_000);
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

describe("clips", () => {
  test("are refused before a byte is sent when they are too long; sent while the words are written; published by themselves", { timeout: 300_000 }, async () => {
    expectConsole(/404|ERR_/);
    const page = await openPage();
    await logIn(page, "xiaoman");
    await openComposer(page, "/clips/new");
    await checkPage(page);
    const chooser = page.locator(".clip-file .file-btn input[type=file]").first();
    await chooser.setInputFiles(files.long);
    expect(await page.locator(".clip-file .err").innerText()).toContain("3:20");

    const line = await openLine(page);
    await line(60_000);
    await chooser.setInputFiles(files.clip);
    await page.waitForSelector("video.clip-preview");
    expect(await page.locator(".clip-file .meta").first().innerText()).toContain("0:03");
    await page.waitForSelector(".clip-file progress");
    await page.fill("#title", "费率差一个点");
    await page.locator("label.pick:has(input[value=funds])").click();
    await page.setInputFiles(".declares input[type=file]", files.captions);
    await page.waitForFunction(() => [...document.querySelectorAll(".declares")].some((part) => part.textContent?.includes("captions.vtt")));
    await line(-1);
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE, { timeout: WORK_MS });
    const address = new URL(page.url()).pathname;

    // The list of one's own uploads tells by itself how far it is; nobody reloads.
    await page.goto("/media");
    await checkPage(page);
    await page.waitForFunction(() => /已就绪|可以看了/.test(document.querySelector(".media-list li")?.textContent ?? ""), undefined, { timeout: 300_000 });

    const guest = await openPage({ width: 1280 });
    await expect.poll(async () => (await guest.request.get(address)).status(), { timeout: 30_000 }).toBe(200);
    await expect.poll(async () => (await (await guest.request.get("/clips/latest")).text()).includes("费率差一个点"), { timeout: 30_000 }).toBe(true);

    // Captions: a line is changed, saved, and comes back; the video stands beside it.
    await page.goto(`${address}/captions`);
    await hydrated(page);
    await page.waitForSelector(".cue");
    expect(await page.locator(".captions-video video").count()).toBe(1);
    await checkPage(page);
    expect(await page.locator(".cue textarea").nth(0).inputValue()).toBe("费率差一个点");
    await page.locator(".cue textarea").nth(1).fill("十年差一万");
    await page.locator(".cue .picture-acts button").first().click();
    await page.click(".captions-foot .btn.primary");
    await page.waitForFunction(() => document.querySelector(".captions-text .note.bad")?.textContent?.includes("第 2 句"));
    // What is missing is written at once; a removed line leaves the cursor in its neighbour.
    expect(await page.evaluate(() => document.activeElement === document.querySelectorAll(".cue textarea")[1])).toBe(true);
    await page.getByRole("button", { name: "删除这句" }).nth(1).click();
    expect(await page.evaluate(() => (document.activeElement as HTMLTextAreaElement | null)?.value)).toBe("十年差一万");
    await page.click(".captions-foot .btn.primary");
    await page.waitForFunction(() => /已保存/.test(document.querySelector(".captions-foot [role=status]")?.textContent ?? ""));
    await page.reload();
    await hydrated(page);
    await page.waitForSelector(".cue");
    expect(await page.locator(".cue textarea").allInnerTexts()).toHaveLength(2);
    expect(await page.locator(".cue textarea").nth(1).inputValue()).toBe("十年差一万");

    // What is typed while a save is on its way is not said to be saved, and is there after a reload.
    await page.route("**/captions/save", async (route) => {
      await page.locator(".cue textarea").nth(1).fill("保存时又改了");
      await route.continue();
    });
    await page.locator(".cue textarea").nth(1).fill("先存这一句");
    const [reply] = await Promise.all([page.waitForResponse("**/captions/save"), page.click(".captions-foot .btn.primary")]);
    expect(reply.status()).toBe(200);
    await page.waitForFunction(() => document.querySelector(".captions-foot .btn.primary")?.getAttribute("aria-busy") === "false");
    expect(await page.locator(".captions-foot [role=status]").innerText()).toBe("");
    await page.unroute("**/captions/save");
    await page.reload();
    await hydrated(page);
    await page.waitForFunction(() => document.querySelectorAll<HTMLTextAreaElement>(".cue textarea")[1]?.value === "保存时又改了");
    await page.click(".captions-foot .btn.primary");
    await page.waitForFunction(() => /已保存/.test(document.querySelector(".captions-foot [role=status]")?.textContent ?? ""));
  });

  test("are looked at and written by a guest; the login is asked for to send them", async () => {
    const page = await openPage({ width: 1280, locale: "en" });
    await openComposer(page, "/clips/new");
    await page.locator(".clip-file .file-btn input[type=file]").first().setInputFiles(files.clip);
    await page.waitForSelector("video.clip-preview");
    await page.fill("#title", "Written before logging in");
    await checkPage(page);
    await page.click("button[value=publish]");
    await page.waitForSelector("dialog[open]");
  });

  test("go without scripts too: the file first, then the words", async () => {
    expectConsole(/422/);
    const page = await openPage({ javaScript: false });
    await logIn(page, "azhuo");
    await page.goto("/clips/new");
    await page.setInputFiles("#clip-file", files.clip);
    await page.click(".picture-form .btn.primary");
    await page.waitForURL(/\/clips\/new\?media=[0-9a-f]{32}$/);
    await page.fill("#title", "没有脚本的短视频");
    await page.fill("#captions", "WEBVTT\n\n00:00.000 --> 00:02.000\n粘贴的一句\n");
    await page.click("button[value=publish]");
    expect(await page.locator("#topics-error").innerText()).toBe("请选一个话题");
    expect(await page.inputValue("#captions")).toContain("粘贴的一句");
    expect(await page.inputValue("#title")).toBe("没有脚本的短视频");
    await page.locator("label.pick:has(input[value=funds])").click();
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE);
    const address = new URL(page.url()).pathname;
    await page.goto(`${address}/captions`);
    expect(await page.inputValue("#source")).toContain("粘贴的一句");
    await page.fill("#source", "WEBVTT\n\n00:02.000 --> 00:01.000\n倒着\n");
    await page.click(".captions-text .btn.primary");
    expect(await page.locator(".note.bad").innerText()).toContain("第 3 行");
    expect(await page.inputValue("#source")).toContain("倒着");
    await page.click(".captions-text a[href$='lang=en']");
    await page.waitForURL(/lang=en$/);
    expect(await page.inputValue("#source")).toBe("");
  });

  test("whose video is refused say why on their page, unasked, and take another one", { timeout: 300_000 }, async () => {
    const page = await openPage();
    await logIn(page, "nanshan");
    const address = await sendRefusedClip(page, "换一个视频");
    await page.waitForFunction(() => document.querySelector(".clip-state [role=status]")?.textContent?.startsWith("视频没有通过检查"), undefined, { timeout: WORK_MS });
    await checkPage(page);
    const guest = await openPage({ locale: "en" });
    expect((await guest.request.get(address)).status()).toBe(404);
    await page.click(".clip-state a[href$='/edit']");
    await page.waitForURL(/\/edit$/);
    await hydrated(page);
    await page.locator(".clip-file .file-btn input[type=file]").first().setInputFiles(files.clip);
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE, { timeout: WORK_MS });
    await expect.poll(async () => (await guest.request.get(address)).status(), { timeout: WORK_MS }).toBe(200);
    expect(await (await guest.request.get(address)).text()).toContain("换一个视频");
  });

  test("whose video is refused take another one without scripts: into the draft that keeps the words, and into what waits", { timeout: 300_000 }, async () => {
    const page = await openPage({ javaScript: false });
    await logIn(page, "azhuo");
    const sendFile = async (file: string) => {
      await page.setInputFiles("#clip-file", file);
      await page.click(".picture-form .btn.primary");
      await page.waitForURL(/media=[0-9a-f]{32}$/);
    };
    await page.goto("/clips/new");
    await sendFile(files.fakeClip);
    const sent = page.url();
    await expect.poll(async () => (await page.goto(sent), await page.locator(".clip-file").innerText()), { timeout: WORK_MS }).toContain("没有通过");
    await page.fill("#title", "先坏后好");
    await page.locator("label.pick:has(input[value=funds])").click();
    await page.click("button[value=publish]");
    await page.waitForURL(/\/clips\/new\?draft=[\w-]+$/);
    await sendFile(files.clip);
    expect(await page.inputValue("#title")).toBe("先坏后好");
    expect(await page.locator("#clip-file").count()).toBe(0);
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE);

    const other = await openPage();
    await logIn(other, "azhuo");
    const address = await sendRefusedClip(other, "等着的那条");
    await expect.poll(async () => (await page.goto(address), await page.locator(".clip-state").innerText()), { timeout: WORK_MS }).toContain("视频没有通过检查");
    await page.click(".clip-state a[href$='/edit']");
    await sendFile(files.clip);
    expect(await page.inputValue("#title")).toBe("等着的那条");
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE);
    const guest = await openPage();
    await expect.poll(async () => (await guest.request.get(address)).status(), { timeout: WORK_MS }).toBe(200);
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
