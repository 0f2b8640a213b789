import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { expectConsole, hydrated, openPage, useBrowser } from "./support/browser";
import { logIn } from "./support/people";
import { checkPage, makeUploadFiles, openComposer, openLine, WORK_MS, type UploadFiles } from "./support/uploads";

useBrowser();
let files: UploadFiles;
beforeAll(async () => {
  files = await makeUploadFiles();
});
afterAll(() => files.remove());

const CLIP_PAGE = /\/clips\/(?!new)[\w-]{16,}$/;

declare global {
  interface Window {
    /** Of every address of a local file that was let go: whether a player still had it then. */
    letGo: ("free" | "held")[];
  }
}

/** Runs in the page. A player that still has the address, in the page or out of it, would ask for it again and fail. */
function watchLocalAddresses() {
  const players: HTMLVideoElement[] = [];
  window.letGo = [];
  const create = Document.prototype.createElement;
  Document.prototype.createElement = function (this: Document, ...named: Parameters<typeof create>) {
    const made = create.apply(this, named);
    if (made instanceof HTMLVideoElement) players.push(made);
    return made;
  } as typeof create;
  const release = URL.revokeObjectURL.bind(URL);
  URL.revokeObjectURL = (url) => {
    window.letGo.push(players.some((player) => player.src === url) ? "held" : "free");
    release(url);
  };
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
    await line(30_000);
    await chooser.setInputFiles(files.clip);
    await page.waitForSelector("video.clip-preview");
    expect(await page.locator(".clip-file .meta").first().innerText()).toContain("0:03");
    await page.waitForSelector(".clip-file progress");
    await page.fill("#title", "费率差一个点");
    await page.locator("label.pick:has(input[value=funds])").click();
    await page.setInputFiles(".declares input[type=file]", { name: "wrong.srt", mimeType: "text/plain", buffer: Buffer.from("1\n00:00:03,000 --> 00:00:01,000\n倒着\n") });
    await page.waitForFunction(() => document.querySelector(".declares .err")?.textContent?.includes("第 2 行"));
    await page.setInputFiles(".declares input[type=file]", files.captions);
    await page.waitForFunction(() => [...document.querySelectorAll(".declares")].some((part) => part.textContent?.includes("captions.vtt")));
    // They stand in the draft, which a reload would open.
    await expect.poll(async () => (await (await page.request.get(page.url())).text()).includes("十年差多少"), { timeout: 30_000 }).toBe(true);
    await line(-1);
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE, { timeout: WORK_MS });
    const address = new URL(page.url()).pathname;

    // The list of one's own uploads tells by itself how far it is; nobody reloads.
    await page.goto("/media");
    await checkPage(page);
    await page.waitForFunction(() => [...document.querySelectorAll(".media-list li")].some(({ textContent }) => textContent?.includes("clip.mp4") && /已就绪|可以看了/.test(textContent)), undefined, { timeout: 300_000 });

    const guest = await openPage({ width: 1280 });
    await expect.poll(async () => (await guest.request.get(address)).status(), { timeout: WORK_MS, interval: 500 }).toBe(200);
    await expect.poll(async () => (await (await guest.request.get("/clips/latest")).text()).includes("费率差一个点"), { timeout: WORK_MS, interval: 500 }).toBe(true);

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

  test("no player is left with an address that was let go, neither by another choice nor by leaving the page", async () => {
    const page = await openPage();
    await page.addInitScript(watchLocalAddresses);
    await openComposer(page, "/clips/new");
    const chooser = page.locator(".clip-file .file-btn input[type=file]").first();
    await chooser.setInputFiles(files.clip);
    await page.waitForFunction(() => document.querySelector(".clip-file .meta")?.textContent?.includes("clip.mp4"));
    await chooser.setInputFiles(files.fakeClip);
    await page.waitForFunction(() => document.querySelector(".clip-file .meta")?.textContent?.includes("fake.mp4"));
    await page.click("header.top .brand");
    await page.waitForURL(/\/$/);
    await expect.poll(() => page.evaluate(() => window.letGo)).toEqual(["free", "free"]);
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
    await expect.poll(async () => (await guest.request.get(address)).status(), { timeout: WORK_MS, interval: 500 }).toBe(200);
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
    await expect.poll(async () => (await page.goto(sent), await page.locator(".clip-file").innerText()), { timeout: WORK_MS, interval: 1_000 }).toContain("没有通过");
    await page.fill("#title", "先坏后好");
    await page.fill("#captions", "WEBVTT\n\n00:00.000 --> 00:02.000\n没有丢的一句\n");
    await page.locator("label.pick:has(input[value=funds])").click();
    await page.click("button[value=publish]");
    await page.waitForURL(/\/clips\/new\?draft=[\w-]+$/);
    await sendFile(files.clip);
    expect(await page.inputValue("#title")).toBe("先坏后好");
    expect(await page.inputValue("#captions")).toContain("没有丢的一句");
    expect(await page.locator("#clip-file").count()).toBe(0);
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE);

    const other = await openPage();
    await logIn(other, "azhuo");
    const address = await sendRefusedClip(other, "等着的那条");
    await expect.poll(async () => (await page.goto(address), await page.locator(".clip-state").innerText()), { timeout: WORK_MS, interval: 1_000 }).toContain("视频没有通过检查");
    await page.click(".clip-state a[href$='/edit']");
    await sendFile(files.clip);
    expect(await page.inputValue("#title")).toBe("等着的那条");
    await page.click("button[value=publish]");
    await page.waitForURL(CLIP_PAGE);
    const guest = await openPage();
    await expect.poll(async () => (await guest.request.get(address)).status(), { timeout: WORK_MS, interval: 500 }).toBe(200);
  });
});
