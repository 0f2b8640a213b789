import AxeBuilder from "@axe-core/playwright";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, inject } from "vitest";

/**
 * One browser per file, one fresh context per reader. An error in the console, an exception in the page, and a refusal
 * by the Content-Security-Policy (Chromium reports it in the console) fail the test that caused them.
 */
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export interface Reader {
  locale?: "zh-CN" | "en";
  javaScript?: boolean;
  width?: 360 | 1280;
  colorScheme?: "light" | "dark";
}

let browser: Browser;
const contexts: BrowserContext[] = [];
const problems: string[] = [];

/** What a test expects to see in the console, e.g. a 404 it asks for. */
const expected: RegExp[] = [];
export function expectConsole(pattern: RegExp): void {
  expected.push(pattern);
}

export function useBrowser(): void {
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: inject("chromium"), args: FLAGS });
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    const unexpected = problems.splice(0).filter((problem) => !expected.some((pattern) => pattern.test(problem)));
    expected.length = 0;
    expect(unexpected).toEqual([]);
  });
  afterAll(() => browser.close());
}

export async function openPage({ locale = "zh-CN", javaScript = true, width = 360, colorScheme = "light" }: Reader = {}): Promise<Page> {
  const context = await browser.newContext({
    baseURL: inject("origin"),
    locale,
    javaScriptEnabled: javaScript,
    colorScheme,
    viewport: { width, height: width === 360 ? 780 : 900 },
  });
  contexts.push(context);
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${page.url()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  return page;
}

/** Violations of WCAG 2.2 AA on the page as it stands, as short lines. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]).analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ")}`);
}

export function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** Waits until the scripts of the page have taken over its forms. */
export async function hydrated(page: Page): Promise<void> {
  await page.waitForFunction(() => Object.keys(document.querySelector("header.top") ?? {}).some((key) => key.startsWith("__reactFiber")));
}
