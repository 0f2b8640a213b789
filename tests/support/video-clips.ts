import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findTools } from "@media/ffmpeg";
import type { StageContext } from "@media/types";

/**
 * Clips for tests, drawn by ffmpeg itself: one or two seconds, with a colour in each corner, so that a picture that lies
 * on its side or is mirrored is seen at once. Nothing is stored in the repository.
 */
const run = promisify(execFile);
const MAKE_TIMEOUT_MS = 60_000;

export interface ClipOptions {
  width?: number;
  height?: number;
  sec?: number;
  fps?: number | string;
  /** Without it a tone; null for no sound. Any lavfi source. */
  sound?: string | null;
  /** Filters after the corners, such as "setsar=4/3". */
  filter?: string;
  /** Options of the encoders and the container, instead of the fast defaults. */
  codec?: string[];
  /** Decides the container. */
  name?: string;
  /** Further inputs and outputs, as they are. */
  extra?: string[];
}

export const CORNERS = { topLeft: "red", topRight: "lime", bottomLeft: "blue", bottomRight: "white" } as const;
export type Corner = keyof typeof CORNERS;

const H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "30"];
const AAC = ["-c:a", "aac", "-b:a", "64k"];

/** @returns the path of a clip in a folder */
export async function makeVideo(dir: string, options: ClipOptions = {}): Promise<string> {
  const { width = 640, height = 360, sec = 1.2, fps = 30, sound = "sine=frequency=440", filter, codec = [...H264, ...AAC], name = "clip.mp4", extra = [] } = options;
  const path = join(dir, name);
  const box = (color: string, x: string, y: string): string => `drawbox=x=${x}:y=${y}:w=iw/4:h=ih/4:color=${color}:t=fill`;
  const corners = [box(CORNERS.topLeft, "0", "0"), box(CORNERS.topRight, "iw*3/4", "0"), box(CORNERS.bottomLeft, "0", "ih*3/4"), box(CORNERS.bottomRight, "iw*3/4", "ih*3/4")];
  const picture = `testsrc2=size=${width}x${height}:rate=${fps}:duration=${sec},${corners.join(",")}${filter ? `,${filter}` : ""}`;
  const inputs = ["-f", "lavfi", "-i", picture, ...(sound ? ["-f", "lavfi", "-i", sound] : [])];
  await ffmpeg([...inputs, ...extra, ...codec, ...(sound ? ["-t", String(sec)] : []), path]);
  return path;
}

/** Runs ffmpeg, unguarded: only over what the tests themselves made. */
export async function ffmpeg(args: string[]): Promise<void> {
  const { ffmpeg: tool } = findTools();
  if (!tool) throw new Error("these tests need ffmpeg");
  await run(tool.path, ["-hide_banner", "-nostdin", "-v", "error", "-y", ...args], { timeout: MAKE_TIMEOUT_MS });
}

export async function ffprobe<T>(path: string, ...args: string[]): Promise<T> {
  const { ffprobe: tool } = findTools();
  if (!tool) throw new Error("these tests need ffprobe");
  const { stdout } = await run(tool.path, ["-v", "error", "-of", "json", ...args, path], { timeout: MAKE_TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 });
  return JSON.parse(stdout) as T;
}

/** A private folder with the two that a stage asks for; `close` fails when anything is left in the work folder but its cache. */
export interface Workplace {
  dir: string;
  ctx: StageContext;
  close: () => Promise<void>;
}

/** What a stage keeps in the work folder for the next one. */
const KEPT = ["audio.m4a"];

export async function openWorkplace(): Promise<Workplace> {
  const dir = await mkdtemp(join(tmpdir(), "goldbean-clip-"));
  const [workDir, outDir] = await Promise.all([mkdtemp(join(dir, "work-")), mkdtemp(join(dir, "out-"))]);
  return {
    dir,
    ctx: { workDir, outDir },
    close: async () => {
      const left = (await readdir(workDir)).filter((name) => !KEPT.includes(name));
      await rm(dir, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`left in the work folder: ${left.join(", ")}`);
    },
  };
}

export interface Picture {
  /** 8-bit RGB. */
  data: Buffer;
  width: number;
  height: number;
}

/** One picture of a file. */
export async function pictureAt(path: string, sec: number): Promise<Picture> {
  const { streams } = await ffprobe<{ streams: { width: number; height: number }[] }>(path, "-select_streams", "v:0", "-show_entries", "stream=width,height");
  const { width = 0, height = 0 } = streams[0] ?? {};
  const out = `${path}.rgb`;
  await ffmpeg(["-i", path, "-ss", String(sec), "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", out]);
  const data = await readFile(out);
  await rm(out);
  return { data, width, height };
}

/** The colour in the middle of each corner, by the name it comes closest to; "other" when none is near. */
export function cornersOf(picture: Picture): Record<Corner, string> {
  const at = (x: number, y: number): string => nameOf(pixelAt(picture, Math.round(x * picture.width), Math.round(y * picture.height)));
  return { topLeft: at(0.12, 0.12), topRight: at(0.88, 0.12), bottomLeft: at(0.12, 0.88), bottomRight: at(0.88, 0.88) };
}

type Rgb = [number, number, number];

export function pixelAt({ data, width }: Picture, x: number, y: number): Rgb {
  const from = (y * width + x) * 3;
  return [data[from] ?? 0, data[from + 1] ?? 0, data[from + 2] ?? 0];
}

const PAINTS: Record<string, Rgb> = { red: [255, 0, 0], lime: [0, 255, 0], blue: [0, 0, 255], white: [255, 255, 255] };
const NEAR = 110;

function nameOf(pixel: Rgb): string {
  const distance = (paint: Rgb): number => Math.hypot(...paint.map((value, n) => value - (pixel[n] ?? 0)));
  const [name, paint] = Object.entries(PAINTS).sort(([, a], [, b]) => distance(a) - distance(b))[0] as [string, Rgb];
  return distance(paint) <= NEAR ? name : "other";
}

/** Display matrices as phones write them: [a, b, c, d] of the first two columns. */
export const MATRICES = {
  turned90: [0, 1, -1, 0],
  turned180: [-1, 0, 0, -1],
  turned270: [0, -1, 1, 0],
  mirrored: [-1, 0, 0, 1],
  mirroredAndTurned: [0, 1, 1, 0],
} as const satisfies Record<string, readonly [number, number, number, number]>;

/** Writes a display matrix into the header of the first track of an MP4. */
export async function setMatrix(path: string, [a, b, c, d]: readonly [number, number, number, number]): Promise<void> {
  await patch(path, (bytes) => {
    // tkhd version 0: 8 bytes of header, 4 of version, 20 of times and id, 16 of layer and volume, then nine numbers.
    const from = bytes.indexOf("tkhd") - 4 + 8 + 4 + 20 + 16;
    [a, b, 0, c, d, 0].forEach((value, n) => bytes.writeInt32BE(value * 0x10000, from + 4 * n));
  });
}

/** Makes every header of an MP4 promise another length. Offsets are from the name of a version 0 box. */
export async function setDeclaredSec(path: string, sec: number): Promise<void> {
  await patch(path, (bytes) => {
    const movieScale = bytes.readUInt32BE(bytes.indexOf("mvhd") + 16);
    for (const [box, durationAt] of [["mvhd", 20], ["mdhd", 20], ["tkhd", 24]] as const) {
      for (let from = bytes.indexOf(box); from >= 0; from = bytes.indexOf(box, from + 4)) {
        const scale = box === "tkhd" ? movieScale : bytes.readUInt32BE(from + 16);
        bytes.writeUInt32BE(Math.round(sec * scale), from + durationAt);
      }
    }
  });
}

export async function patch(path: string, change: (bytes: Buffer) => void): Promise<void> {
  const bytes = await readFile(path);
  change(bytes);
  await writeFile(path, bytes);
}

export async function cutTo(path: string, share: number): Promise<void> {
  await truncate(path, Math.floor((await stat(path)).size * share));
}
