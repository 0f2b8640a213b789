import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { Page } from "playwright-core";
import { accessibilityProblems, expectConsole, hydrated, openPage, scrollsSideways, useBrowser } from "./support/browser";
import { openServersDatabase, plantClip, type PlantedClip } from "./support/clips";
import { logIn, logInByCode, newPhone } from "./support/people";
import { film, films, openStage, plays, pressOnStage } from "./support/stage";

useBrowser();

/** Newest last: latest shows them the other way round. They are of the same few milliseconds, so that nothing published meanwhile comes between them. */
const TITLES = ["横着拍的：网购分期的提前还款", "逾期一天会怎样：三张图看完", "最低还款额，利息从哪天算起", "“月费 0.5%”其实是年化 10.9%"];
const COLORS = ["0x402030", "0x203c40", "0x1d2b4a", "0x10211c"];
const TOPIC = "tax";
const clips: PlantedClip[] = [];
let english: PlantedClip;
let close: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  const dataDir = inject("dataDir");
  close = await openServersDatabase(dataDir);
  const now = Date.now();
  for (const [i, title] of TITLES.entries()) clips.unshift(await plantClip(dataDir, { title, color: COLORS[i] ?? "black", topics: [TOPIC], lying: i === 0 }, new Date(now - (TITLES.length - i))));
  english = await plantClip(dataDir, { title: "0.5% a month is 10.9% a year", lang: "en", color: "0x10211c", topics: ["credit"] }, new Date(now));
});
afterAll(() => close());

const clipAt = (index: number): PlantedClip => clips[index] as PlantedClip;
const address = (index: number): string => `/clips/${clipAt(index).id}?from=latest`;

const onStage = (page: Page, index: number) => page.waitForSelector(`[data-on-stage][data-clip="${clipAt(index).id}"]`);

describe("a guest on the stage", () => {
  test("the recommended feed opens with a clip that plays muted", async () => {
    const page = await openStage("/clips");
    await plays(page);
    expect((await film(page)).muted).toBe(true);
    expect(await films(page)).toBeLessThanOrEqual(3);
  });

  test("keys move by one clip and the address follows; never more than three films", async () => {
    const page = await openStage("/clips/latest");
    await page.goto(address(0));
    await plays(page);
    const whole = await film(page);
    expect(whole.source).toMatch(/360\.mp4$/);
    for (const [key, index] of [["ArrowDown", 1], ["j", 2], ["ArrowDown", 3], ["k", 2], ["ArrowUp", 1]] as const) {
      await page.keyboard.press(key);
      await onStage(page, index);
      await page.waitForURL(new RegExp(`${clipAt(index).id}\\?from=latest$`));
      await plays(page, 0.05);
      expect(await films(page)).toBeLessThanOrEqual(3);
    }
    expect((await film(page)).source).toMatch(/master-1\.m3u8$|^blob:/);
    expect(await page.title()).toContain(clipAt(1).title);
    expect(await page.locator("main [aria-live=polite]").innerText()).toContain(clipAt(1).title);
    // One address, not five steps: Back leaves the feed.
    await page.goBack();
    expect(new URL(page.url()).pathname).toBe("/clips/latest");
  });

  test("the wheel moves by one, the buttons too", async () => {
    const page = await openStage(address(0), { width: 1280 });
    await plays(page);
    await page.mouse.move(200, 400);
    await page.mouse.wheel(0, 120);
    await onStage(page, 1);
    await page.locator(".clip-steps a.down").click();
    await onStage(page, 2);
    await page.locator(".clip-steps a.up").click();
    await onStage(page, 1);
  });

  test("sound is off until it is chosen, then sticks from clip to clip", async () => {
    const page = await openPage();
    // Looking into a page from outside counts as a press there; a reader's browser would not know of one.
    await page.addInitScript(() => Object.defineProperty(Navigator.prototype, "userActivation", { value: { hasBeenActive: false } }));
    await page.goto(address(0));
    await plays(page);
    expect((await film(page)).muted).toBe(true);
    await page.locator(".clip-sound").click();
    await page.waitForFunction(() => document.querySelector<HTMLVideoElement>("[data-on-stage] video")?.muted === false);
    await page.keyboard.press("ArrowDown");
    await onStage(page, 1);
    await plays(page);
    expect((await film(page)).muted).toBe(false);
    // Another visit begins silent and is aloud again with the first press.
    await page.reload();
    await page.waitForSelector("main.clips.live");
    await plays(page);
    expect((await film(page)).muted).toBe(true);
    await page.keyboard.press("ArrowUp");
    await page.waitForFunction(() => document.querySelector<HTMLVideoElement>("[data-on-stage] video")?.muted === false);
  });

  test("captions are seen, and C takes them away", async () => {
    const page = await openStage(address(0));
    await page.waitForSelector(".clip-caption");
    expect(await page.locator(".clip-caption").innerText()).toMatch(/手续费却没少|先看年化/);
    await page.keyboard.press("c");
    await page.locator(".clip-caption").waitFor({ state: "detached" });
  });

  test("space pauses, the bar seeks by arrow keys, and a link opens at its second", async () => {
    const page = await openStage(`${address(0)}&t=5`);
    await plays(page, 4.9);
    await page.keyboard.press(" ");
    await page.waitForFunction(() => document.querySelector<HTMLVideoElement>("[data-on-stage] video")?.paused);
    const bar = page.getByRole("slider");
    expect(await bar.getAttribute("aria-label")).toContain(clipAt(0).title);
    await bar.focus();
    await page.keyboard.press("Home");
    await page.waitForFunction(() => document.querySelector("[role=slider]")?.getAttribute("aria-valuenow") === "0");
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => document.querySelector("[role=slider]")?.getAttribute("aria-valuenow") === "5");
    await page.locator("[data-on-stage] a[href*='/share']").click();
    await page.waitForURL(/\/share\?t=5/);
    expect(await page.locator("input[readonly]").inputValue()).toContain(`/clips/${clipAt(0).id}?t=5`);
  });

  test("where the browser has no HLS of its own, hls.js plays under the page's policy", async () => {
    const page = await openPage();
    await page.addInitScript(() => {
      HTMLMediaElement.prototype.canPlayType = () => "";
    });
    await page.goto(address(0));
    await plays(page);
    // The neighbour takes it as soon as hls.js is there.
    await page.waitForFunction(() => document.querySelector<HTMLVideoElement>("[aria-posinset='2'] video")?.src.startsWith("blob:"));
    await page.keyboard.press("ArrowDown");
    await onStage(page, 1);
    await plays(page, 0.3);
    expect((await film(page)).source).toMatch(/^blob:/);
  });

  test("where hls.js would have to be fetched first, whoever waits gets the whole file", async () => {
    const page = await openPage();
    await page.addInitScript(() => {
      HTMLMediaElement.prototype.canPlayType = () => "";
    });
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const fetched: string[] = [];
    await page.route(/\/assets\/hls.*\.js$/, async (route) => {
      fetched.push(route.request().url());
      await held;
      await route.continue();
    });
    await page.goto(address(0));
    await plays(page);
    await page.waitForFunction(() => document.querySelector("[aria-posinset='2'] video"));
    await expect.poll(() => fetched.length, { timeout: 15_000 }).toBe(1);
    await page.keyboard.press("ArrowDown");
    await onStage(page, 1);
    await plays(page, 0.3);
    expect((await film(page)).source).toMatch(/360\.mp4$/);
    release();
    // What comes late takes nothing away from a film that plays.
    await plays(page, 1);
    expect((await film(page)).source).toMatch(/360\.mp4$/);
  });

  test("a playlist that cannot be had gives way to the whole file", async () => {
    expectConsole(/Failed to load resource/);
    const page = await openPage();
    await page.route(/\.m3u8$/, (route) => route.abort());
    await page.goto(address(0));
    await plays(page);
    await page.keyboard.press("ArrowDown");
    await onStage(page, 1);
    await plays(page, 0.3);
    expect((await film(page)).source).toMatch(/360\.mp4$/);
  });

  test("a film that cannot be had says so, keeps its place and comes back", async () => {
    expectConsole(/Failed to load resource/);
    const page = await openPage();
    await page.route(/\/m\/.*\.(?:m3u8|mp4)$/, (route) => route.abort());
    await page.goto(address(0));
    await page.locator(".clip-trouble button").waitFor();
    expect(await page.locator(".clip-trouble").innerText()).toContain("停在 0:00");
    await page.unroute(/\/m\/.*\.(?:m3u8|mp4)$/);
    await page.locator(".clip-trouble button").click();
    await plays(page);
    expect((await film(page)).clip).toBe(clipAt(0).id);
  });

  test("what is not wanted is hidden on this device, can be taken back, and nothing is sent", async () => {
    const page = await openStage(address(0));
    await page.keyboard.press("ArrowDown");
    await onStage(page, 1);
    const sent: string[] = [];
    page.on("request", (request) => {
      if (request.method() === "POST" && !request.url().endsWith("/view")) sent.push(request.url());
    });
    const hide = async () => {
      await pressOnStage(page, "button[aria-haspopup=dialog]");
      await page.getByRole("button", { name: "对这条不感兴趣" }).click();
      await page.locator(`[data-clip="${clipAt(1).id}"]`).waitFor({ state: "detached" });
    };
    await hide();
    await onStage(page, 2);
    await page.getByRole("button", { name: "撤销" }).click();
    await onStage(page, 1);
    await hide();
    await page.goto("/clips/latest");
    await page.waitForSelector("main.clips.live");
    await page.waitForFunction((id) => document.querySelector(`[data-clip="${id}"]`) === null, clipAt(1).id);
    expect(await page.locator(`[data-clip="${clipAt(0).id}"]`).count()).toBe(1);
    expect(sent).toEqual([]);
  });

  test("asked for less motion, nothing plays or loads before it is pressed", async () => {
    const page = await openPage();
    await page.emulateMedia({ reducedMotion: "reduce" });
    const loaded: string[] = [];
    page.on("request", (request) => {
      if (/\.(?:m3u8|mp4)$/.test(request.url())) loaded.push(request.url());
    });
    await page.goto(address(0));
    await page.waitForSelector(".clip-play");
    await page.keyboard.press("ArrowDown");
    await onStage(page, 1);
    expect(loaded).toEqual([]);
    await pressOnStage(page, ".clip-tap");
    await plays(page);
  });
});

describe("the first film", () => {
  /** Paths in the order they were asked for, media and scripts alone. */
  function noteRequests(page: Page): string[] {
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (/\.(?:mp4|js)$/.test(pathname)) asked.push(pathname);
    });
    return asked;
  }

  test("is fetched before any script, plays once loaded, and the scripts take it as it is", async () => {
    const page = await openPage();
    const asked = noteRequests(page);
    await page.addInitScript(() => {
      Object.assign(window, { starts: 0 });
      document.addEventListener("loadstart", ({ target }) => target instanceof HTMLVideoElement && target.closest("[data-on-stage]") && ((window as unknown as { starts: number }).starts += 1), true);
    });
    await page.goto(address(0));
    await page.waitForSelector("main.clips.live");
    await plays(page, 1);
    expect(asked[0]).toMatch(/\/360\.mp4$/);
    expect(asked.some((path) => path.endsWith(".js"))).toBe(true);
    expect(await page.evaluate(() => (window as unknown as { starts: number }).starts)).toBe(1);
    expect(await page.locator("[data-on-stage] .clip-play").count()).toBe(0);
    expect((await film(page)).muted).toBe(true);
  });

  test("that does not come holds the scripts back for a moment only", async () => {
    const page = await openPage();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/m\/.*\.mp4$/, async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(address(0), { waitUntil: "commit" });
    await page.waitForSelector("main.clips.live");
    expect((await film(page)).second).toBe(0);
    release();
    await plays(page);
  });

  test("does not keep who touches the page waiting", async () => {
    const page = await openPage();
    // The clock stands still from the beginning, so only the key can have let the scripts go.
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.route(/\/m\/.*\.mp4$/, () => undefined);
    await page.goto(address(0), { waitUntil: "commit" });
    await page.waitForSelector("script[type=held]", { state: "attached" });
    await page.keyboard.press("Shift");
    await page.waitForFunction(() => document.querySelector("script[type=held]") === null);
  });
});

describe("acts", () => {
  test("a guest's like opens the gate, is stored once after the login, and leads back to the same clip and second", async () => {
    const page = await openPage();
    // Where the film on the stage has been, anew in each document.
    await page.addInitScript(() => {
      const seconds: number[] = [];
      Object.assign(window, { seconds });
      document.addEventListener("timeupdate", ({ target }) => target instanceof HTMLVideoElement && target.closest("[data-on-stage]") && seconds.push(target.currentTime), true);
    });
    await page.goto(address(0));
    await page.waitForSelector("main.clips.live");
    await page.keyboard.press("ArrowDown");
    await onStage(page, 1);
    await plays(page, 2);
    await page.keyboard.press("l");
    await page.locator("dialog.gate[open]").waitFor();
    await page.waitForFunction(() => document.querySelector<HTMLVideoElement>("[data-on-stage] video")?.paused);
    const { second } = await film(page);
    await page.evaluate(() => ((window as unknown as { seconds: number[] }).seconds.length = 0));
    await logInByCode(page, newPhone());
    await page.waitForSelector(`[data-on-stage][data-clip="${clipAt(1).id}"] button[name=liked][aria-pressed=true]`);
    await plays(page, Math.floor(second));
    expect(Math.min(...(await page.evaluate(() => (window as unknown as { seconds: number[] }).seconds)))).toBeGreaterThan(Math.floor(second) - 0.1);
    expect(await page.locator(`[data-clip="${clipAt(1).id}"] button[name=liked]`).innerText()).toContain("1");
    await page.reload();
    await page.waitForSelector("main.clips.live");
    expect(await page.locator(`[data-clip="${clipAt(1).id}"] button[name=liked]`).innerText()).toContain("1");
  });

  test("closing the gate goes on with the clip, and nothing is pressed", async () => {
    const page = await openStage(address(0));
    await plays(page);
    await page.locator("[data-on-stage] button[name=saved]").click();
    await page.locator("dialog.gate[open]").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog.gate").waitFor({ state: "detached" });
    await plays(page);
    expect(await page.locator("[data-on-stage] button[name=saved]").getAttribute("aria-pressed")).toBe("false");
  });

  test("a member comments beside the film without leaving it", async () => {
    const page = await openPage({ width: 1280 });
    await logIn(page, "zhouzhou");
    await page.goto(address(2));
    await page.waitForSelector("main.clips.live");
    await page.locator("[data-on-stage] [data-opens=panel]").click();
    const panel = page.locator(".clip-panel");
    await panel.locator(".clip-transcript summary").click();
    expect(await panel.locator(".clip-transcript p").innerText()).toContain("逐字稿");
    // Keys belong to the words while somebody types.
    await panel.locator("#say").fill("");
    await panel.locator("#say").pressSequentially("jkl 讲得清楚");
    expect((await film(page)).clip).toBe(clipAt(2).id);
    await panel.locator("#compose button").click();
    await panel.locator(".cm .body", { hasText: "讲得清楚" }).waitFor();
    await page.keyboard.press("Escape");
    await panel.waitFor({ state: "hidden" });
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-opens"))).toBe("panel");
  });
});

describe.each([
  ["zh-CN", 360],
  ["en", 1280],
] as const)("the stage, %s at %i px", (locale, width) => {
  test("passes axe with and without its panel and menu, does not scroll itself, has one h1", async () => {
    const page = await openStage("/clips", { locale, width });
    await plays(page);
    await hydrated(page);
    // One pixel too many, and every desk shows a scroll bar beside the film.
    expect(await page.evaluate(() => document.documentElement.scrollHeight - window.innerHeight)).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await page.locator("h1").count()).toBe(1);
    await page.locator("[data-on-stage] [data-opens=panel]").click();
    await page.locator(".clip-panel #say").waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.locator("[data-on-stage] button[aria-haspopup=dialog]").click();
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
  });

  test("the topics page and a clip's own page pass too", async () => {
    const page = await openPage({ locale, width });
    await page.goto("/clips/topics");
    await hydrated(page);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.locator("main h2 a").first().click();
    await page.waitForSelector("main.clips.live");
    const plain = await openPage({ locale, width, javaScript: false });
    await plain.goto(`/clips/${locale === "en" ? english.id : clipAt(0).id}`);
    expect(await plain.locator("h1").count()).toBe(1);
    expect(await scrollsSideways(plain)).toBe(false);
  });
});
