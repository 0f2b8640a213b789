import { existsSync } from "node:fs";
import { describeTools } from "@media/ffmpeg";
import { describeSandbox } from "@media/sandbox";
import { canInstall, install } from "./apt";

/**
 * Finds what the media pipeline needs: ffmpeg, bubblewrap to lock it in, heif-convert for the photos of iPhones. Where it
 * may (Debian, root) it installs what is missing by apt; otherwise it says plainly what is missing and what happens then.
 * Never fails: without any of it the site runs, and takes what it can.
 *
 *   npm run setup:media
 */
const NEEDED: readonly { program: string; packageName: string; without: string }[] = [
  { program: "/usr/bin/ffmpeg", packageName: "ffmpeg", without: "the old build that comes with npm is used, on Linux on x64; elsewhere videos are refused" },
  { program: "/usr/bin/bwrap", packageName: "bubblewrap", without: "uploads are opened under limits alone, without a sandbox" },
  { program: "/usr/bin/heif-convert", packageName: "libheif-examples", without: "HEIC photos are refused; iPhones then send JPEG" },
];

const missingNow = () => NEEDED.filter(({ program }) => !existsSync(program));

export async function setUpMedia(): Promise<string[]> {
  const missing = missingNow();
  if (missing.length > 0 && canInstall()) install(missing.map(({ packageName }) => packageName), "the media pipeline");
  const { ffmpeg, version, notices } = await describeTools({ ffmpegPath: process.env.FFMPEG_PATH, ffprobePath: process.env.FFPROBE_PATH, ffmpegBin: process.env.FFMPEG_BIN });
  return [
    ffmpeg ? `ffmpeg ${version ?? "that does not run"} at ${ffmpeg.path}` : "no ffmpeg",
    `sandbox: ${describeSandbox().detail}`,
    ...missingNow().map(({ packageName, without }) => `Missing: ${packageName}. Without it ${without}. Debian: apt-get install ${packageName}`),
    ...notices,
  ];
}

if (process.argv[1]?.endsWith("setup-media.ts")) for (const line of await setUpMedia()) console.log(line);
