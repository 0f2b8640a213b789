import { chromium, type Browser, type Page } from "playwright-core";
import { requireChromium } from "../setup-browser";
import { makeDemoData, startSite } from "./site";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/**
 * What a guest on a phone's line waits for, in Chromium: 3 Mbit/s, 80 ms there and back, nothing in the browser's cache.
 * Milliseconds, the middle of `runs`; the bounds are those of media.ts. Wants a machine that does nothing else.
 */
export interface BrowserFigures {
  /** From the address to the first moving picture of the clip page: document, styles, poster and the film itself. */
  pageToFirstFrameMs: number;
  /** From the source to the first picture, the whole file of the first clip, while the page is loading. */
  firstFrameMp4Ms: number;
  /** From the press on a clip of which nothing is loaded to its first picture, by the browser's own HLS. */
  firstFrameHlsMs: number;
  /** The same where a browser has no HLS of its own: by the whole file, because hls.js would have to be fetched first. */
  firstFrameWithoutHlsMs: number;
  /** From the key to a picture of the next clip, loaded beforehand. */
  swipeToFirstFrameMs: number;
  /** The same through hls.js. */
  swipeHlsJsMs: number;
  runs: number;
}

const LINE = { offline: false, downloadThroughput: 3_000_000 / 8, uploadThroughput: 1_000_000 / 8, latency: 80 };
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const LOCALE = "zh-CN";
const CLIPS = 3;
const PLANT_TIMEOUT_MS = 10 * 60_000;
const STEP_TIMEOUT_MS = 60_000;
/** Long enough for the neighbour to load over this line once the clip on the stage plays. */
const PRELOAD_MS = 4_000;
/** As a browser without HLS of its own answers. */
const WITHOUT_HLS = "HTMLMediaElement.prototype.canPlayType = () => '';";

interface Film {
  source: string;
  askedAtMs: number;
  shownAtMs: number;
}

interface Move {
  pressedAtMs: number;
  shownAtMs: number;
}

/** What films.js keeps in the page. Functions sent there have no named inner ones: the compiler would name them by a helper of its own. */
type Watched = Window & { films: Film[]; moves: Move[]; pressedAtMs: number };

export async function measureInBrowser(runs = 5): Promise<BrowserFigures> {
  const dataDir = await makeDemoData();
  // First the clips are made, then measured: an encoder beside the browser would take half of a small machine.
  const planting = await startSite(dataDir, { MEDIA_WORKERS: "1", DEMO: "true", DEMO_CLIPS: String(2 * CLIPS) });
  const browser = await chromium.launch({ executablePath: requireChromium(), args: FLAGS });
  try {
    await untilPlanted(browser, planting.origin).finally(planting.stop);
    const site = await startSite(dataDir, { DEMO: "true" });
    try {
      return await measure(browser, site.origin, runs);
    } finally {
      await site.stop();
    }
  } finally {
    await browser.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(browser: Browser, origin: string, runs: number): Promise<BrowserFigures> {
  const firsts: Film[] = [];
  const moves: Move[] = [];
  const movesByHlsJs: Move[] = [];
  const pressed = { hls: [] as number[], withoutHls: [] as number[] };
  for (let run = 0; run < runs; run += 1) {
    const page = await openOnLine(browser, origin);
    firsts.push(await firstFilm(page));
    moves.push(await moveOn(page));
    const other = await openOnLine(browser, origin, { script: WITHOUT_HLS });
    await firstFilm(other);
    movesByHlsJs.push(await moveOn(other));
    pressed.hls.push(await pressUnloaded(browser, origin, ""));
    pressed.withoutHls.push(await pressUnloaded(browser, origin, WITHOUT_HLS));
  }
  const swipeOf = (made: Move[]) => median(made.map(({ pressedAtMs, shownAtMs }) => shownAtMs - pressedAtMs));
  return {
    pageToFirstFrameMs: median(firsts.map(({ shownAtMs }) => shownAtMs)),
    firstFrameMp4Ms: median(firsts.map(({ askedAtMs, shownAtMs }) => shownAtMs - askedAtMs)),
    firstFrameHlsMs: median(pressed.hls),
    firstFrameWithoutHlsMs: median(pressed.withoutHls),
    swipeToFirstFrameMs: swipeOf(moves),
    swipeHlsJsMs: swipeOf(movesByHlsJs),
    runs,
  };
}

async function untilPlanted(browser: Browser, origin: string): Promise<void> {
  const page = await browser.newPage();
  const deadlineMs = Date.now() + PLANT_TIMEOUT_MS;
  for (;;) {
    await page.goto(`${origin}/clips/latest?lang=${LOCALE}`);
    if ((await page.locator("article[data-clip]").count()) >= CLIPS) break;
    if (Date.now() > deadlineMs) throw new Error("the demo's clips were not ready in time");
    await wait(2_000);
  }
  await page.close();
}

async function openOnLine(browser: Browser, origin: string, { script = "", calm = false } = {}): Promise<Page> {
  const context = await browser.newContext({ locale: LOCALE, viewport: { width: 360, height: 780 }, reducedMotion: calm ? "reduce" : "no-preference" });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", LINE);
  await page.addInitScript({ path: join("scripts", "bench", "films.js") });
  if (script !== "") await page.addInitScript(script);
  // One reader in some seconds pays for the making of a page; the others, whose time this is, get the kept one.
  await (await fetch(`${origin}/clips/latest`, { headers: { "Accept-Language": LOCALE }, signal: AbortSignal.timeout(STEP_TIMEOUT_MS) })).text();
  await page.goto(`${origin}/clips/latest`, { waitUntil: "commit" });
  return page;
}

async function firstFilm(page: Page): Promise<Film> {
  const found = await page.waitForFunction(() => (window as unknown as Watched).films.find(({ shownAtMs }) => shownAtMs > 0), undefined, { timeout: STEP_TIMEOUT_MS });
  return found.jsonValue() as Promise<Film>;
}

/** From the press of a key to a new picture in the film that is then on the stage, once that has been loaded beforehand. */
async function moveOn(page: Page): Promise<Move> {
  await wait(PRELOAD_MS);
  await page.keyboard.press("ArrowDown");
  const found = await page.waitForFunction(() => (window as unknown as Watched).moves.find(({ shownAtMs }) => shownAtMs > 0), undefined, { timeout: STEP_TIMEOUT_MS });
  const made = (await found.jsonValue()) as Move;
  await page.context().close();
  return made;
}

/** Who wants no motion has nothing loaded beforehand; the second clip, pressed, comes as a stream. */
async function pressUnloaded(browser: Browser, origin: string, script: string): Promise<number> {
  const page = await openOnLine(browser, origin, { script, calm: true });
  await page.locator("main.live").waitFor({ timeout: STEP_TIMEOUT_MS });
  await page.waitForLoadState("networkidle");
  await page.keyboard.press("ArrowDown");
  await page.locator("article[aria-posinset='2'][data-on-stage]").waitFor({ timeout: STEP_TIMEOUT_MS });
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => document.addEventListener("click", () => Object.assign(window, { pressedAtMs: performance.now() }), { once: true, capture: true }));
  await page.locator("[data-on-stage] .clip-tap").press("Enter");
  const film = await firstFilm(page);
  const pressedAtMs = await page.evaluate(() => (window as unknown as Watched).pressedAtMs);
  await page.context().close();
  return film.shownAtMs - pressedAtMs;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
}

if (process.argv[1]?.endsWith("media-browser.ts")) console.log(JSON.stringify(await measureInBrowser(), null, 2));
