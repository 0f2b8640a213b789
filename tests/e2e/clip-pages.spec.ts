import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { openPage, useBrowser } from "./support/browser";
import { openServersDatabase, plantClip, type PlantedClip } from "./support/clips";

/** The pages of clips as those get them who run no scripts: readers, other sites, search engines. */
useBrowser();

/** Newest first, of the same few milliseconds, so that nothing published meanwhile comes between them. */
const clips: PlantedClip[] = [];
let english: PlantedClip;
let close: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  const dataDir = inject("dataDir");
  close = await openServersDatabase(dataDir);
  const now = Date.now();
  for (const [i, title] of ["先还利率高的那一笔", "一张账单怎么读", "还款日差一天"].entries()) clips.unshift(await plantClip(dataDir, { title, color: "0x1d2b4a", topics: ["credit"] }, new Date(now + i)));
  english = await plantClip(dataDir, { title: "Pay the dearest debt first", lang: "en", color: "0x10211c", topics: ["credit"] }, new Date(now));
});
afterAll(() => close());

const clipAt = (index: number): PlantedClip => clips[index] as PlantedClip;

test("a clip's page has the browser's own player, captions, words, and plain links to its neighbours", async () => {
  const page = await openPage({ javaScript: false });
  await page.goto(`/clips/${clipAt(1).id}?from=latest`);
  const source = await page.locator("video[controls][poster] source").getAttribute("src");
  const part = await page.request.get(source ?? "", { headers: { Range: "bytes=0-99" } });
  expect(part.status()).toBe(206);
  expect((await part.body()).length).toBe(100);
  expect(await page.locator("video track[kind=captions]").getAttribute("srclang")).toBe("zh-CN");
  expect(await page.locator("h1").innerText()).toBe(clipAt(1).title);
  expect(await page.locator(".clip-transcript").count()).toBe(1);
  expect(await page.locator("#say").count()).toBe(1);
  await page.locator(".clip-steps a[rel=next]").click();
  expect(new URL(page.url()).pathname).toBe(`/clips/${clipAt(2).id}`);
  await page.locator(".clip-steps a[rel=prev]").click();
  expect(new URL(page.url()).pathname).toBe(`/clips/${clipAt(1).id}`);
});

test("the old address leads to the clip for good, lists lead to it with its poster, an unknown one is not found", async () => {
  const page = await openPage({ javaScript: false });
  const moved = await page.request.get(`/posts/${clipAt(0).id}`, { maxRedirects: 0 });
  expect([moved.status(), moved.headers().location]).toEqual([301, `/clips/${clipAt(0).id}`]);
  await page.goto("/latest");
  const row = page.locator(".row", { has: page.locator(`h2 a[href="/clips/${clipAt(0).id}"]`) });
  expect(await row.locator("h2").innerText()).toBe(clipAt(0).title);
  expect(await row.locator(".clip-pic img").count()).toBe(1);
  expect((await page.request.get("/clips/nothing-here")).status()).toBe(404);
});

test("other sites and search engines find the film", async () => {
  const page = await openPage({ javaScript: false });
  await page.goto(`/clips/${english.id}`);
  const film = await page.locator("meta[property='og:video']").getAttribute("content");
  expect(film).toMatch(/\/m\/[0-9a-f]{32}\/360\.mp4$/);
  const data = JSON.parse(await page.locator("script[type='application/ld+json']").innerText()) as Record<string, unknown>;
  expect(data).toMatchObject({ "@type": "VideoObject", name: english.title, contentUrl: film, duration: "PT8S", transcript: expect.stringContaining(english.title) as string });
  const part = await page.request.get("/sitemaps/clips-en-1.xml");
  expect(await part.text()).toContain(`<video:content_loc>${film}</video:content_loc>`);
});
