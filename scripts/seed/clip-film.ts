import { spawn } from "node:child_process";
import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { SeedClip } from "./clip-content";
import { canDraw, FRAME, GROUND } from "./clip-drawing";
import { BAND, frameCount, makeReel } from "./clip-motion";
import { SAMPLE_RATE, toneBed } from "./clip-sound";

/**
 * Films a clip: 720 × 1280, 25 frames a second, H.264 and AAC in an MP4, as a member's phone would upload it.
 * Only pictures that differ are made and piped; ffmpeg is told how long each stands and repeats it, which costs it next
 * to nothing. Works with ffmpeg from 4.1 on.
 */
const FILM_TIMEOUT_MS = 120_000;
const COMPLAINT_LENGTH_MAX = 2_000;
/** A picture is 1.3 MB. */
const PICTURES_WAITING_MAX = 2;

export class NoGlyphs extends Error {
  constructor(readonly lang: SeedClip["lang"]) {
    super(`no font on this machine has the letters of a clip in ${lang}${lang === "zh-CN" ? "; the package fonts-noto-cjk has them" : ""}`);
    this.name = "NoGlyphs";
  }
}

export interface FilmTools {
  ffmpegPath: string;
  signal?: AbortSignal;
}

/** The clips this machine has letters for, and the languages that are left out. */
export async function filmable(clips: readonly SeedClip[]): Promise<{ clips: SeedClip[]; without: SeedClip["lang"][] }> {
  const without: SeedClip["lang"][] = [];
  for (const lang of new Set(clips.map((clip) => clip.lang))) if (!(await canDraw(lang))) without.push(lang);
  return { clips: clips.filter(({ lang }) => !without.includes(lang)), without };
}

/** Writes the film to `outPath` (an .mp4). The same clip gives the same frames. Throws NoGlyphs, or ffmpeg's complaint. */
export async function filmSeedClip(clip: SeedClip, outPath: string, { ffmpegPath, signal }: FilmTools): Promise<void> {
  if (!(await canDraw(clip.lang))) throw new NoGlyphs(clip.lang);
  const reel = await makeReel(clip);
  const timeout = AbortSignal.timeout(FILM_TIMEOUT_MS);
  const child = spawn(ffmpegPath, filmArguments(clip, reel.frames, outPath), { stdio: ["pipe", "ignore", "pipe", "pipe"], signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
  let complaint = "";
  child.stderr?.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString("utf8")).slice(-COMPLAINT_LENGTH_MAX)));
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const sound = child.stdio[3] as Writable;
  // When ffmpeg dies, its pipes break; its exit code and its complaint say more than EPIPE does.
  sound.on("error", () => undefined);
  sound.end(toneBed(clip));
  const fed = pipeline(Readable.from(reel.pictures(), { highWaterMark: PICTURES_WAITING_MAX }), child.stdin as Writable).catch(() => undefined);
  // Both at once: ffmpeg may be stopped while it is still being fed.
  const [code] = await Promise.all([ended, fed]);
  if (code !== 0) throw new Error(`${clip.file}: ffmpeg ended with ${code}: ${complaint.trim()}`);
}

function filmArguments(clip: SeedClip, frames: readonly number[], outPath: string): string[] {
  const color = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"];
  const filters = [
    `setpts=${ptsOf(frames)}`,
    `pad=${FRAME.width}:${FRAME.height}:0:${BAND.y}:${GROUND.replace("#", "0x")}`,
    "scale=out_color_matrix=bt709:out_range=tv",
    "format=yuv420p",
    `fps=${FRAME.fps}`,
  ];
  return [
    ...["-hide_banner", "-nostdin", "-loglevel", "error", "-y"],
    ...["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", `${FRAME.width}x${BAND.height}`, "-r", String(FRAME.fps), "-i", "pipe:0"],
    ...["-f", "s16le", "-ar", String(SAMPLE_RATE), "-ac", "1", "-i", "pipe:3"],
    ...["-map", "0:v", "-map", "1:a", "-vf", filters.join(","), "-frames:v", String(frameCount(clip))],
    ...["-c:v", "libx264", "-preset", "ultrafast", "-qp", "18", "-g", "250", "-threads", "1", ...color],
    ...["-c:a", "aac", "-b:a", "64k"],
    ...["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-movflags", "+faststart", outPath],
  ];
}

/** The presentation time of picture N, in frames: N, plus every pause that lies before it. */
function ptsOf(frames: readonly number[]): string {
  const pauses = frames.flatMap((frame, index) => {
    const skipped = frame - (index === 0 ? 0 : (frames[index - 1] ?? 0) + 1);
    return skipped > 0 ? [`gte(N\\,${index})*${skipped}`] : [];
  });
  return ["N", ...pauses].join("+");
}
