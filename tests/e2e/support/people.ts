import { expect } from "vitest";
import type { Page } from "playwright-core";

/** Demo accounts as planted by scripts/demo.ts. */
export const DEMO_PASSWORD = "jindou-demo-2026";

let phones = 0;
/** A phone number nobody has used in this run. */
export function newPhone(): string {
  phones += 1;
  return `139${String(Date.now() % 1_000_000).padStart(6, "0")}${String(phones % 100).padStart(2, "0")}`;
}

export function newHandle(): string {
  phones += 1;
  return `e2e_${Date.now().toString(36)}${phones}`;
}

/** Fills the phone step that is on the screen and the code that the demo shows in place of sending it. */
export async function logInByCode(page: Page, phone: string): Promise<void> {
  await page.fill("input[name=phone]", phone);
  await page.locator("form:has(input[name=phone]) button.primary").click();
  await page.waitForSelector("input[name=code]");
  const code = /\d{6}/.exec(await page.locator(".note.warn").last().innerText())?.[0];
  expect(code, "the demo shows the code").toBeDefined();
  await page.fill("input[name=code]", code ?? "");
  await page.locator("form:has(input[name=code]) button.primary").click();
}

/** Logs a demo member in through the login page. */
export async function logIn(page: Page, handle: string, password = DEMO_PASSWORD): Promise<void> {
  await page.goto("/login?with=password");
  await page.fill("input[name=handle]", handle);
  await page.fill("input[name=password]", password);
  await page.locator("form:has(input[name=password]) button.primary").click();
  await page.waitForSelector(".top a[href^='/members/']");
}

/** Address of the first post of a feed. */
export async function firstPost(page: Page, feed = "/"): Promise<string> {
  await page.goto(feed);
  const href = await page.locator(".row h2 a[href^='/posts/']").first().getAttribute("href");
  expect(href).toMatch(/^\/posts\//);
  return href ?? "";
}
