import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { expectConsole, hydrated, openPage, useBrowser } from "./support/browser";
import { logIn } from "./support/people";
import { makePhoneClip, WORK_MS } from "./support/uploads";

useBrowser();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "goldbean-e2e-phone-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TITLE = "菜场里的一分钟：找零和复利";
const CAPTIONS = "WEBVTT\n\n00:00.200 --> 00:01.800\n找零攒一年\n\n00:02.000 --> 00:03.600\n就是一笔本金\n";

/** Files below the server's data that hold a text in their bytes; the database and what is on its way in are not media. */
async function findText(text: string): Promise<string[]> {
  const root = join(inject("dataDir"), "media-store");
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const held = await Promise.all(paths.map(async (path) => ((await readFile(path).catch(() => Buffer.alloc(0))).includes(text) ? path : null)));
  return held.filter((path) => path !== null);
}

test("a phone's clip goes from the file picker to a guest's thumb, upright and with captions, while a hostile one is refused", { timeout: 300_000 }, async () => {
  expectConsole(/404|422|ERR_/);
  const phone = await makePhoneClip(folder);
  expect((await readFile(phone)).includes("31.2304"), "the place is in the file that is sent").toBe(true);
  const captions = join(folder, "captions.vtt");
  await writeFile(captions, CAPTIONS);
  const hostile = join(folder, "film.mp4");
  await writeFile(hostile, "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfilm.mp4\n#EXTINF:10,\nfile:///etc/passwd\n");

  const page = await openPage();
  await logIn(page, "xiaoman");
  await page.goto("/clips/new");
  await hydrated(page);
  await page.locator(".clip-file .file-btn input[type=file]").first().setInputFiles(phone);
  await page.fill("#title", TITLE);
  await page.locator("label.pick:has(input[value=funds])").click();
  await page.setInputFiles(".declares input[type=file]", captions);
  await page.click("button[value=publish]");
  await page.waitForURL(/\/clips\/(?!new)[\w-]{16,}$/, { timeout: WORK_MS });
  const address = new URL(page.url()).pathname;

  const second = await page.context().newPage();
  await second.goto("/clips/new");
  await hydrated(second);
  await second.locator(".clip-file .file-btn input[type=file]").first().setInputFiles(hostile);
  await second.waitForFunction(() => document.querySelector(".clip-file")?.textContent?.includes("没有通过"), undefined, { timeout: WORK_MS });

  const guest = await openPage();
  await expect.poll(async () => (await guest.request.get(address)).status(), { timeout: WORK_MS, interval: 1_000 }).toBe(200);
  await expect.poll(async () => (await (await guest.request.get("/clips/latest")).text()).includes(TITLE), { timeout: WORK_MS, interval: 1_000 }).toBe(true);
  await guest.goto(address);
  await guest.waitForFunction(() => (document.querySelector<HTMLVideoElement>("[data-on-stage] video")?.currentTime ?? 0) > 0.5);
  // Captions are fetched beside the film, and may come after it has begun.
  await guest.waitForFunction(() => [...(document.querySelector<HTMLVideoElement>("[data-on-stage] video")?.textTracks ?? [])].some((track) => (track.cues?.length ?? 0) > 0));
  const film = await guest.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>("[data-on-stage] video");
    return { width: video?.videoWidth ?? 0, height: video?.videoHeight ?? 0, durationSec: video?.duration ?? 0, cues: [...(video?.textTracks ?? [])].flatMap((track) => [...(track.cues ?? [])]).length };
  });
  expect(film.height).toBeGreaterThan(film.width);
  expect(film.durationSec).toBeCloseTo(4, 0);
  expect(film.cues).toBe(2);

  await page.goto("/media");
  await page.waitForFunction(() => [...document.querySelectorAll(".media-list li")].some(({ textContent }) => textContent?.includes("IMG_2046.MOV") && textContent.includes("已就绪")), undefined, { timeout: WORK_MS });
  await expect.poll(() => findText("31.2304"), { timeout: WORK_MS, interval: 1_000 }).toEqual([]);
});
