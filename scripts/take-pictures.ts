import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Browser, type Page, type Response } from "playwright-core";
import sharp from "sharp";
import { requireChromium } from "./setup-browser";

/**
 * Takes the pictures of the README from a running demo: `npm run pictures -- http://127.0.0.1:3000`.
 * One table; 360 px pictures are taken at twice the density, as on a phone.
 */
interface Picture {
  name: string;
  width: 360 | 1280;
  locale: "zh-CN" | "en";
  scheme?: "dark";
  /** Leads the page to what is shown. */
  open: (page: Page) => Promise<void>;
}

const FOLDER = "docs/pictures";
const PASSWORD = "jindou-demo-2026";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const feed = async (page: Page) => void (await page.goto("/", { waitUntil: "networkidle" }));

async function post(page: Page): Promise<void> {
  await page.goto("/topics/funds");
  await page.getByRole("link", { name: /三十年|thirty years/ }).first().click();
  await page.waitForURL(/\/posts\//);
  await page.waitForLoadState("networkidle");
}

async function gate(page: Page): Promise<void> {
  await post(page);
  await page.locator(".bar button[name=liked]").click();
  await page.locator("dialog[open]").waitFor();
}

async function clips(page: Page): Promise<void> {
  await page.goto("/clips");
  await page.waitForFunction(() => (document.querySelector<HTMLVideoElement>("[data-on-stage] video")?.currentTime ?? 0) > 2.5);
}

async function logIn(page: Page): Promise<void> {
  await page.goto("/login?with=password");
  await page.fill("input[name=handle]", "zhouzhou");
  await page.fill("input[name=password]", PASSWORD);
  await page.locator("form:has(input[name=password]) button.primary").click();
  await page.waitForSelector(".top a[href^='/members/']");
}

/** The worker has said its word about a picture; the composer asks until then. */
const SETTLED = ["playable", "ready", "rejected", "failed"];
const WORK_TIMEOUT_MS = 60_000;

/** True for the answer that says so of a picture not in `settled`, which it then joins. */
async function isSettled(answer: Response, settled: Set<string>): Promise<boolean> {
  const assetId = /\/media\/assets\/([0-9a-f]{32})$/.exec(answer.url())?.[1];
  if (!assetId || !answer.ok() || settled.has(assetId)) return false;
  const { state } = (await answer.json()) as { state: string };
  if (SETTLED.includes(state)) settled.add(assetId);
  return settled.has(assetId);
}

/** A photo that is taken and a file that is none: both states of one's own list. */
async function media(page: Page): Promise<void> {
  await logIn(page);
  await page.goto("/posts/new", { waitUntil: "networkidle" });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="800"><rect width="1200" height="800" fill="#e2efeb"/>${[520, 430, 350, 260, 180].map((height, index) => `<rect x="${180 + index * 180}" y="${680 - height}" width="96" height="${height}" rx="8" fill="#0b5d4c"/>`).join("")}</svg>`;
  const photo = await sharp(Buffer.from(svg)).jpeg().toBuffer();
  const settled = new Set<string>();
  for (const [name, buffer] of [["账本第三页.jpg", photo], ["不是照片.jpg", Buffer.from("a text that calls itself a photo")]] as const) {
    const done = page.waitForResponse((answer) => isSettled(answer, settled), { timeout: WORK_TIMEOUT_MS });
    await page.locator("input[type=file]").first().setInputFiles({ name, mimeType: "image/jpeg", buffer });
    await done;
  }
  await page.goto("/media", { waitUntil: "networkidle" });
}

async function compose(page: Page): Promise<void> {
  await logIn(page);
  await page.goto("/posts/new", { waitUntil: "networkidle" });
  await page.fill("input[name=title]", "读懂基金说明书的费用页");
  await page.fill("textarea[name=body]", "说明书里有一页叫“费用计提方法、计提标准和支付方式”，看三行就够：\n\n1. 管理费；2. 托管费；3. 销售服务费。\n\n以 $沪深300ETF(SH510300)$ 为例");
  await page.locator(".status", { hasText: /\d{2}:\d{2}/ }).waitFor();
}

const PICTURES: Picture[] = [
  { name: "feed-1280", width: 1280, locale: "zh-CN", open: feed },
  { name: "feed-360", width: 360, locale: "zh-CN", open: feed },
  { name: "feed-360-dark", width: 360, locale: "zh-CN", scheme: "dark", open: feed },
  { name: "feed-en-1280", width: 1280, locale: "en", open: feed },
  { name: "feed-en-360", width: 360, locale: "en", open: feed },
  { name: "post-1280", width: 1280, locale: "zh-CN", open: post },
  { name: "post-360", width: 360, locale: "zh-CN", open: post },
  { name: "post-360-dark", width: 360, locale: "zh-CN", scheme: "dark", open: post },
  { name: "post-en-1280-dark", width: 1280, locale: "en", scheme: "dark", open: post },
  { name: "gate-360", width: 360, locale: "zh-CN", open: gate },
  { name: "gate-en-1280", width: 1280, locale: "en", open: gate },
  { name: "compose-1280", width: 1280, locale: "zh-CN", open: compose },
  { name: "clips-360", width: 360, locale: "zh-CN", open: clips },
  { name: "clips-1280", width: 1280, locale: "zh-CN", open: clips },
  { name: "media-360", width: 360, locale: "zh-CN", open: media },
];

async function take(browser: Browser, baseURL: string, { name, width, locale, scheme, open }: Picture): Promise<void> {
  const phone = width === 360;
  const context = await browser.newContext({
    baseURL,
    locale,
    colorScheme: scheme ?? "light",
    viewport: { width, height: phone ? 780 : 900 },
    deviceScaleFactor: phone ? 2 : 1,
  });
  const page = await context.newPage();
  await open(page);
  const bytes = await sharp(await page.screenshot()).png({ palette: true, quality: 90 }).toBuffer();
  await sharp(bytes).toFile(join(FOLDER, `${name}.png`));
  await context.close();
  console.log(`${name}.png ${Math.round(bytes.length / 1024)} KB`);
}

const address = process.argv[2];
if (!address) throw new Error("Which site? Give its address: npm run pictures -- http://127.0.0.1:3000");
await mkdir(FOLDER, { recursive: true });
const browser = await chromium.launch({ executablePath: requireChromium(), args: FLAGS });
try {
  for (const picture of PICTURES) await take(browser, address, picture);
} finally {
  await browser.close();
}
