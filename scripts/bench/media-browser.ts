import { chromium, type Browser, type Page } from "playwright-core";
import { requireChromium } from "../setup-browser";
import { makeDemoData, startSite } from "./site";
import { rm } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";

/**
 * What a guest on a phone's line waits for, in Chromium: 3 Mbit/s, 80 ms there and back.
 * `firstFrame`: from the moment the player is given its source to the first picture on the screen, the whole MP4 and HLS
 * apart; `page`: the same picture counted from the press on the link; `swipe`: from the key to the first picture of the
 * next clip, which was loaded beforehand. Milliseconds, the middle of `runs`.
 */
export interface BrowserFigures {
  firstFrameMp4Ms: number;
  firstFrameHlsMs: number;
  pageToFirstFrameMs: number;
  swipeToFirstFrameMs: number;
  runs: number;
}

const LINE = { offline: false, downloadThroughput: 3_000_000 / 8, uploadThroughput: 1_000_000 / 8, latency: 80 };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const CLIPS = 3;
const PLANT_TIMEOUT_MS = 10 * 60_000;
const STEP_TIMEOUT_MS = 60_000;
/** Long enough for the neighbour to load over this line once the clip on the stage plays. */
const PRELOAD_MS = 4_000;

/** Notes, per film: when it was given a source and when its first picture was shown. */
function watchFilms(): void {
  const seen = new WeakSet<HTMLVideoElement>();
  const frames: { source: string; askedAtMs: number; shownAtMs: number }[] = [];
  Object.assign(window, { films: frames });
  const watch = (video: HTMLVideoElement) => {
    if (seen.has(video)) return;
    seen.add(video);
    const film = { source: "", askedAtMs: performance.now(), shownAtMs: 0 };
    frames.push(film);
    video.requestVideoFrameCallback(() => Object.assign(film, { source: video.currentSrc, shownAtMs: performance.now() }));
  };
  // Capturing: media events do not bubble.
  document.addEventListener("loadstart", (event) => event.target instanceof HTMLVideoElement && watch(event.target), true);
}

interface Film {
  source: string;
  askedAtMs: number;
  shownAtMs: number;
}

export async function measureInBrowser(runs = 5): Promise<BrowserFigures> {
  const dataDir = await makeDemoData();
  const site = await startSite(dataDir, { MEDIA_WORKERS: "1", DEMO: "true", DEMO_CLIPS: String(2 * CLIPS) });
  const browser = await chromium.launch({ executablePath: requireChromium(), args: FLAGS });
  try {
    await untilPlanted(browser, site.origin);
    const mp4: number[] = [];
    const pages: number[] = [];
    const hls: number[] = [];
    const swipes: number[] = [];
    for (let run = 0; run < runs; run += 1) {
      const page = await openOnLine(browser, site.origin);
      const [film] = await films(page);
      if (!film) throw new Error("no film was shown");
      mp4.push(film.shownAtMs - film.askedAtMs);
      pages.push(film.shownAtMs);
      await wait(PRELOAD_MS);
      swipes.push(await swipe(page));
      const second = (await films(page)).find(({ source }) => source.startsWith("blob:") || source.endsWith(".m3u8"));
      if (second) hls.push(second.shownAtMs - second.askedAtMs);
      await page.context().close();
    }
    return { firstFrameMp4Ms: median(mp4), firstFrameHlsMs: median(hls), pageToFirstFrameMs: median(pages), swipeToFirstFrameMs: median(swipes), runs };
  } finally {
    await browser.close();
    await site.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function untilPlanted(browser: Browser, origin: string): Promise<void> {
  const page = await browser.newPage();
  const deadlineMs = Date.now() + PLANT_TIMEOUT_MS;
  for (;;) {
    await page.goto(`${origin}/clips/latest?lang=zh-CN`);
    if ((await page.locator("article[data-clip]").count()) >= CLIPS) break;
    if (Date.now() > deadlineMs) throw new Error("the demo's clips were not ready in time");
    await wait(2_000);
  }
  await page.close();
}

async function openOnLine(browser: Browser, origin: string): Promise<Page> {
  const context = await browser.newContext({ locale: "zh-CN", viewport: { width: 360, height: 780 } });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", LINE);
  await page.addInitScript(watchFilms);
  await page.goto(`${origin}/clips/latest`, { waitUntil: "commit" });
  await page.waitForFunction(() => (window as unknown as { films: Film[] }).films.some(({ shownAtMs }) => shownAtMs > 0), undefined, { timeout: STEP_TIMEOUT_MS });
  return page;
}

function films(page: Page): Promise<Film[]> {
  return page.evaluate(() => (window as unknown as { films: Film[] }).films.filter(({ shownAtMs }) => shownAtMs > 0));
}

/** From the press of a key to a new picture in the film that is then on the stage. */
async function swipe(page: Page): Promise<number> {
  await page.evaluate(() => {
    const before = document.querySelector("[data-on-stage]");
    const marks = window as unknown as { pressedAtMs: number; swipedAtMs: number };
    marks.swipedAtMs = 0;
    document.addEventListener("keydown", () => (marks.pressedAtMs = performance.now()), { once: true, capture: true });
    const look = () => {
      const now = document.querySelector("[data-on-stage]");
      const video = now !== before ? now?.querySelector("video") : null;
      if (!video) return requestAnimationFrame(look);
      return video.requestVideoFrameCallback(() => (marks.swipedAtMs = performance.now()));
    };
    look();
  });
  await page.keyboard.press("ArrowDown");
  await page.waitForFunction(() => (window as unknown as { swipedAtMs: number }).swipedAtMs > 0, undefined, { timeout: STEP_TIMEOUT_MS });
  return page.evaluate(() => {
    const { pressedAtMs, swipedAtMs } = window as unknown as { pressedAtMs: number; swipedAtMs: number };
    return swipedAtMs - pressedAtMs;
  });
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}

if (process.argv[1]?.endsWith("media-browser.ts")) console.log(JSON.stringify(await measureInBrowser(), null, 2));
