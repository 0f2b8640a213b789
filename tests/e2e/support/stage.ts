import type { Page } from "playwright-core";
import { openPage, type Reader } from "./browser";

/** What the film on the stage is doing. */
export function film(page: Page) {
  return page.evaluate(() => {
    const video = document.querySelector<HTMLVideoElement>("[data-on-stage] video");
    return { second: video?.currentTime ?? -1, paused: video?.paused ?? true, muted: video?.muted ?? false, source: video?.currentSrc ?? "", clip: document.querySelector<HTMLElement>("[data-on-stage]")?.dataset.clip };
  });
}

/** Plays, and answers to keys: the first film is there before the scripts are. */
export function plays(page: Page, pastSec = 0.2) {
  return page.waitForFunction((past) => {
    const video = document.querySelector<HTMLVideoElement>("main.clips.live [data-on-stage] video");
    return video !== null && !video.paused && video.currentTime > past;
  }, pastSec);
}

/**
 * A press of the mouse on something of the clip that stands on the stage. The stage must have come to rest: what
 * Playwright does to bring a thing into sight, in the middle of a scroll, takes the snap to the next clip.
 */
export async function pressOnStage(page: Page, selector: string): Promise<void> {
  await page.waitForFunction(() => {
    const [feed, stage] = [document.querySelector(".clip-feed"), document.querySelector("[data-on-stage]")];
    return feed !== null && stage !== null && Math.abs(feed.getBoundingClientRect().top - stage.getBoundingClientRect().top) < 1;
  });
  const box = await page.locator(`[data-on-stage] ${selector}`).boundingBox();
  if (!box) throw new Error(`${selector} is not on the stage`);
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
}

export const films = (page: Page): Promise<number> => page.locator("video").count();

export async function openStage(path: string, reader: Reader = {}): Promise<Page> {
  const page = await openPage(reader);
  await page.goto(path);
  await page.waitForSelector("main.clips.live");
  return page;
}
