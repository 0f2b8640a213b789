import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { canInstall, install } from "./apt";

/**
 * Finds what the browser tests need: Chromium, and a font with Chinese characters so that screenshots show real text.
 * Where it may (Debian, root) it installs what is missing by apt; otherwise it says plainly what to install.
 */
const CANDIDATES = [process.env.CHROMIUM_PATH, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable"];

export function findChromium(): string | null {
  return CANDIDATES.find((path): path is string => typeof path === "string" && path !== "" && existsSync(path)) ?? null;
}

export function hasChineseFont(): boolean {
  const { stdout, status } = spawnSync("fc-list", [":lang=zh"], { encoding: "utf8", timeout: 20_000 });
  return status === 0 && stdout.trim() !== "";
}

/** The path of a browser to test with. Throws a sentence that says what is missing and how to get it. */
export function requireChromium(): string {
  const missing = [...(findChromium() ? [] : ["chromium"]), ...(hasChineseFont() ? [] : ["fonts-noto-cjk", "fontconfig"])];
  if (missing.length > 0 && canInstall()) install(missing, "the browser tests");
  if (!hasChineseFont()) console.error("No font with Chinese characters was found: screenshots will show boxes. Install fonts-noto-cjk.");
  const chromium = findChromium();
  if (chromium) return chromium;
  throw new Error("No Chromium was found. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH to one.");
}

if (process.argv[1]?.endsWith("setup-browser.ts")) console.log(requireChromium());
