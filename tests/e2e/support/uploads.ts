import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp, { type Sharp } from "sharp";
import type { CDPSession, Page } from "playwright-core";
import { expect } from "vitest";
import { accessibilityProblems, hydrated, scrollsSideways } from "./browser";

/** Files to upload, made on the spot, the composers they go into, and the network of a phone in a lift. */
const run = promisify(execFile);
/** How long the worker may take: it also films the demo's clips meanwhile, on one core. */
export const WORK_MS = 120_000;

export interface UploadFiles {
  /** A photo with its place in it. */
  photo: string;
  /** More than one piece of an upload. */
  large: string;
  /** Small, and of one colour. */
  square: string;
  /** A text that calls itself a picture. */
  fake: string;
  /** The same that calls itself a video. */
  fakeClip: string;
  /** Three seconds, upright, with a tone. */
  clip: string;
  /** Longer than a clip may be. */
  long: string;
  /** Two lines: 费率差一个点, 十年差多少. */
  captions: string;
  remove: () => Promise<void>;
}

export async function makeUploadFiles(): Promise<UploadFiles> {
  const folder = await mkdtemp(join(tmpdir(), "goldbean-e2e-files-"));
  const at = (name: string) => join(folder, name);
  const place = { IFD0: { Make: "PhoneMaker" }, IFD3: { GPSLatitudeRef: "N", GPSLatitude: "39/1 54/1 0/1" } };
  await writeFile(at("photo.jpg"), await grain(1_600, 1_200).withExif(place).jpeg({ quality: 95 }).toBuffer());
  await writeFile(at("large.jpg"), await grain(4_000, 3_000).jpeg({ quality: 95 }).toBuffer());
  await sharp({ create: { width: 400, height: 400, channels: 3, background: "#0d5c4b" } }).png().toFile(at("square.png"));
  await writeFile(at("fake.jpg"), "<script>alert(1)</script> is no picture\n".repeat(40));
  await writeFile(at("fake.mp4"), "<script>alert(1)</script> is no video\n".repeat(40));
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=s=360x640:r=25:d=3", "-f", "lavfi", "-i", "sine=d=3", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", at("clip.mp4")]);
  await run("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "color=c=green:s=64x64:r=2:d=200", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", at("long.mp4")]);
  // As a Chinese editor of subtitles saves them: GB18030.
  const [fee, years] = ["b7d1c2cab2eed2bbb8f6b5e3", "caaec4eab2eeb6e0c9d9"].map((hex) => Buffer.from(hex, "hex"));
  await writeFile(at("captions.vtt"), Buffer.concat([Buffer.from("WEBVTT\n\n00:00.200 --> 00:01.200\n"), fee ?? Buffer.alloc(0), Buffer.from("\n\n00:01.200 --> 00:02.600\n"), years ?? Buffer.alloc(0), Buffer.from("\n")]));
  return { photo: at("photo.jpg"), square: at("square.png"), large: at("large.jpg"), fake: at("fake.jpg"), fakeClip: at("fake.mp4"), clip: at("clip.mp4"), long: at("long.mp4"), captions: at("captions.vtt"), remove: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * What a phone sends: held upright and stored lying, frames at uneven times, ten bits in HLG, HEVC where this ffmpeg can
 * make it, the place in its tags. Four seconds with a tone.
 */
export async function makePhoneClip(folder: string): Promise<string> {
  const lying = join(folder, "lying.mov");
  const phone = join(folder, "IMG_2046.MOV");
  const picture = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:r=30:d=4", "-f", "lavfi", "-i", "sine=d=4", "-vf", "select='not(eq(mod(n,7),3))',format=yuv420p10le", "-vsync", "vfr"];
  const colors = ["-color_primaries", "bt2020", "-color_trc", "arib-std-b67", "-colorspace", "bt2020nc", "-c:a", "aac", lying];
  const hevc = ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc", "-tag:v", "hvc1"];
  const avc = ["-c:v", "libx264", "-preset", "ultrafast"];
  await run("ffmpeg", ["-v", "error", "-y", ...picture, ...hevc, ...colors]).catch(() => run("ffmpeg", ["-v", "error", "-y", ...picture, ...avc, ...colors]));
  await run("ffmpeg", ["-v", "error", "-y", "-i", lying, "-c", "copy", "-metadata:s:v:0", "rotate=90", "-metadata", "location=+31.2304+121.4737/", phone]);
  return phone;
}

/** The same noise every time: nothing can be made smaller of it. */
function grain(width: number, height: number): Sharp {
  let state = 7;
  const bytes = Buffer.alloc(width * height * 3);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) >>> 24;
  return sharp(bytes, { raw: { width, height, channels: 3 } });
}

export async function openComposer(page: Page, path = "/posts/new"): Promise<void> {
  await page.goto(path);
  await hydrated(page);
  await page.waitForSelector(".pictures, .clip-file .file-btn");
}

/** What every page with uploads must pass, whatever state it is in. */
export async function checkPage(page: Page): Promise<void> {
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(await scrollsSideways(page)).toBe(false);
}

/** A line that can be made slow or cut, for this page alone. Bytes per second; 0 cuts it, -1 is as fast as it goes. */
export async function openLine(page: Page): Promise<(uploadBytesPerSec: number) => Promise<void>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  return async (uploadThroughput) => {
    await session.send("Network.emulateNetworkConditions", { offline: uploadThroughput === 0, latency: 0, downloadThroughput: -1, uploadThroughput: uploadThroughput === 0 ? -1 : uploadThroughput });
  };
}

/** Ids of the pictures that stand in the text, in order. */
export async function picturesInText(page: Page): Promise<string[]> {
  return [...(await page.inputValue("#body")).matchAll(/media:([0-9a-f]{32})/g)].map((match) => match[1] ?? "");
}
