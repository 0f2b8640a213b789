import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { runSandboxed, type SandboxedResult } from "./sandbox";
import { MediaRejected, type StageContext, type Used, type VideoFacts } from "./types";

/**
 * ffmpeg and ffprobe: where they are, what they can do, and the only two ways to run them. Every input goes through
 * `inputArgs`, which names what may be opened; nothing else in this folder spells those options.
 */
export interface ToolSettings {
  /** FFMPEG_PATH, or FFMPEG_BIN: the program, with ffprobe beside it, or the folder of both. */
  ffmpegPath?: string;
  ffmpegBin?: string;
  /** FFPROBE_PATH, where it lies elsewhere. */
  ffprobePath?: string;
}

export type ToolOrigin = "settings" | "system" | "ffmpeg-static" | "npm";
export interface Tool {
  path: string;
  origin: ToolOrigin;
}
export interface FoundTools {
  ffmpeg: Tool | null;
  ffprobe: Tool | null;
}

const ENCODERS = ["libx264", "aac", "libsvtav1"] as const;
const FILTERS = ["zscale", "tonemap", "setparams", "bwdif", "yadif", "ebur128", "alimiter", "thumbnail"] as const;
export type Ability = (typeof ENCODERS)[number] | (typeof FILTERS)[number];

export interface MediaTools extends FoundTools {
  /** First words of `-version`, such as "5.1.9-0+deb12u1". Null when there is none. */
  version: string | null;
  /** Last year that the program's copyright line names: how old it is. */
  year: number | null;
  can: Record<Ability, boolean>;
  /** What an operator should know, as plain sentences. */
  notices: string[];
}

/** Looks only; runs nothing but a chmod of a program that npm unpacked without its x bit. */
export function findTools(settings: ToolSettings = {}): FoundTools {
  return { ffmpeg: findTool("ffmpeg", settings.ffmpegPath, settings), ffprobe: findTool("ffprobe", settings.ffprobePath, settings) };
}

/** What was found and what it can do; asked once per settings, then remembered for the life of the process. */
export function describeTools(settings: ToolSettings = {}): Promise<MediaTools> {
  const key = JSON.stringify(settings);
  const known = described.get(key) ?? describe(settings);
  described.set(key, known);
  return known;
}
const described = new Map<string, Promise<MediaTools>>();

/** The tools, or the refusal that a video gets on a machine without them. */
export async function requireTools(given?: MediaTools): Promise<MediaTools & { ffmpeg: Tool; ffprobe: Tool }> {
  const tools = given ?? (await describeTools());
  const { ffmpeg, ffprobe } = tools;
  if (!ffmpeg || !ffprobe || !tools.can.libx264 || !tools.can.aac) throw new MediaRejected("encoder_missing", tools.notices.join(" "));
  return { ...tools, ffmpeg, ffprobe };
}

const require = createRequire(import.meta.url);

function findTool(name: "ffmpeg" | "ffprobe", path: string | undefined, { ffmpegPath, ffmpegBin }: ToolSettings): Tool | null {
  const candidates: [ToolOrigin, string | undefined][] = [
    ["settings", path],
    ...[ffmpegPath, ffmpegBin].map((given): [ToolOrigin, string | undefined] => ["settings", given && inOrBeside(given, name)]),
    ["system", join("/usr/bin", name)],
    ["ffmpeg-static", name === "ffmpeg" ? besideOf("ffmpeg-static", name) : undefined],
    ["npm", besideOf(`@${name}-installer/${process.platform}-${process.arch}`, name)],
  ];
  for (const [origin, candidate] of candidates) if (candidate && isRunnable(candidate, origin)) return { origin, path: candidate };
  return null;
}

/** A file in the folder of an npm package; undefined when the package is not installed. Nothing of the package runs. */
function besideOf(packageName: string, file: string): string | undefined {
  try {
    return join(dirname(require.resolve(`${packageName}/package.json`)), file);
  } catch {
    return undefined;
  }
}

/** A setting may name the folder of both, or ffmpeg, whose ffprobe then lies beside it. */
function inOrBeside(given: string, name: "ffmpeg" | "ffprobe"): string {
  if (isFolder(given)) return join(given, name);
  return name === "ffmpeg" ? given : join(dirname(given), name);
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function isRunnable(path: string, origin: ToolOrigin): boolean {
  if (!existsSync(path) || !statSync(path).isFile()) return false;
  try {
    // npm does not run the packages' install scripts here, and it is they that set the x bit.
    if (origin === "npm" && (statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755);
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function describe(settings: ToolSettings): Promise<MediaTools> {
  const found = findTools(settings);
  const banner = found.ffmpeg ? ask(found.ffmpeg.path, "-version") : "";
  const version = /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? null;
  const year = Number(/Copyright \(c\) \d{4}-(\d{4})/.exec(banner)?.[1]) || null;
  const encoders = found.ffmpeg && version ? ask(found.ffmpeg.path, "-encoders") : "";
  const filters = found.ffmpeg && version ? ask(found.ffmpeg.path, "-filters") : "";
  const can = Object.fromEntries([
    ...ENCODERS.map((name) => [name, new RegExp(`^ [A-Z.]{6} ${name} `, "m").test(encoders)]),
    ...FILTERS.map((name) => [name, new RegExp(`^ [A-Z.|]{2,4} ${name} `, "m").test(filters)]),
  ]) as Record<Ability, boolean>;
  const tools = { ...found, version, year, can };
  return { ...tools, notices: noticesOf(tools, settings) };
}

const ASK_TIMEOUT_MS = 20_000;

function ask(path: string, question: string): string {
  return spawnSync(path, ["-hide_banner", question], { encoding: "utf8", timeout: ASK_TIMEOUT_MS, env: { LANG: "C" } as unknown as NodeJS.ProcessEnv }).stdout ?? "";
}

/** The build that comes with npm is of 2018. */
const OLD_BEFORE = 2022;

function noticesOf(tools: Omit<MediaTools, "notices">, settings: ToolSettings): string[] {
  const { ffmpeg, ffprobe, can } = tools;
  const install = "Install it (Debian: apt-get install ffmpeg) or set FFMPEG_PATH and FFPROBE_PATH.";
  if (!ffmpeg || !ffprobe) return [`No ${ffmpeg ? "ffprobe" : "ffmpeg"} was found: videos cannot be taken. ${install}`];
  if (tools.version === null) return [`${ffmpeg.path} does not run: videos cannot be taken. ${install}`];
  return [
    ...(settings.ffmpegPath && ffmpeg.origin !== "settings" ? [`FFMPEG_PATH is no program that can be run; ${ffmpeg.path} is used.`] : []),
    ...((tools.year ?? 0) < OLD_BEFORE ? [`${ffmpeg.path} is of ${tools.year ?? "an unknown year"}: it lacks the security fixes since then. ${install}`] : []),
    ...(!can.libx264 || !can.aac ? [`ffmpeg lacks ${[!can.libx264 && "libx264", !can.aac && "aac"].filter(Boolean).join(" and ")}: videos cannot be taken.`] : []),
    ...(can.zscale && can.tonemap ? [] : ["ffmpeg lacks zscale or tonemap: HDR clips look pale."]),
    ...(can.libsvtav1 ? [] : ["ffmpeg lacks libsvtav1: no AV1 version is made."]),
    ...(can.ebur128 ? [] : ["ffmpeg lacks ebur128: loudness stays as it was sent."]),
  ];
}

/**
 * The decoders that may run. ffmpeg has some 500, most of them never fuzzed; a phone or a browser makes these. Names of
 * text subtitle decoders are in it because a clip with subtitles fails to open without them.
 */
export const DECODERS =
  "h264,hevc,vp8,vp9,libdav1d,av1,mpeg4,mpeg2video,h263,mjpeg," +
  "aac,mp3float,mp3,opus,vorbis,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_u8,ac3,mp2float,mp2," +
  "srt,subrip,ass,ssa,mov_text,webvtt";

/**
 * The options in front of an `-i`. Both the list and the forced demuxer are needed: a 150-byte playlist that names itself
 * takes ffprobe 5.1.9 to 4 GB without them. 16 Mpx is more than 4K (8.8) and refuses 8192² before anything is allocated.
 */
export function guards(demuxer: string): string[] {
  return [
    ...["-protocol_whitelist", "file", "-format_whitelist", "mov,matroska,mpegts,avi", "-codec_whitelist", DECODERS],
    ...["-max_pixels", "16000000", "-f", demuxer],
  ];
}

export function inputArgs(path: string, demuxer: string): string[] {
  return [...guards(demuxer), "-i", `file:${path}`];
}

/** Longest part of a clip that is ever read, seconds: the limit plus the second that phones add. */
export const READ_SEC_MAX = 181;

export interface FfmpegRun {
  tools?: MediaTools;
  /** Inputs and outputs; output names are relative to `writable`. */
  args: string[];
  readOnly: string[];
  writable: string;
  timeoutMs: number;
  cpuSec?: number;
  memoryBytes?: number;
  signal?: AbortSignal;
  onUse?: StageContext["onUse"];
  /** Seconds of output written so far. */
  onSeconds?: (sec: number) => void;
}

export interface FfmpegResult extends SandboxedResult {
  /** Lines that ffmpeg marks as errors, at most 20. */
  errors: string[];
}

const ERRORS_MAX = 20;

/** Runs ffmpeg over guarded inputs. The exit code is the caller's to judge; time and abort throw. */
export async function runFfmpeg(run: FfmpegRun): Promise<FfmpegResult> {
  const { ffmpeg } = await requireTools(run.tools);
  const errors: string[] = [];
  const result = await runSandboxed({
    ...run,
    program: ffmpeg.path,
    args: ["-hide_banner", "-nostdin", "-v", "level+info", "-nostats", "-progress", "pipe:1", "-benchmark", "-y", "-max_error_rate", "0.1", ...run.args],
    onStdout: (line) => {
      const reached = /^out_time=(\d+):(\d+):(\d+(?:\.\d+)?)$/.exec(line);
      if (reached) run.onSeconds?.(Number(reached[1]) * 3600 + Number(reached[2]) * 60 + Number(reached[3]));
    },
    onStderr: (line) => {
      if (errors.length < ERRORS_MAX && /\[(error|fatal)\]/.test(line)) errors.push(line);
    },
  });
  const used = exactUse(result);
  run.onUse?.(used);
  return { ...result, ...used, errors };
}

/** ffmpeg's own account of itself, which sees its last milliseconds too. */
function exactUse({ stderr, cpuSec, peakRssBytes }: SandboxedResult): Used {
  const time = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr);
  const memory = /bench: maxrss=(\d+)k/i.exec(stderr);
  return {
    cpuSec: time ? Number(time[1]) + Number(time[2]) : cpuSec,
    peakRssBytes: memory ? Number(memory[1]) * 1024 : peakRssBytes,
  };
}

/** ffmpeg ends with this when more than `-max_error_rate` of the frames could not be decoded. */
const EXIT_TOO_MANY_ERRORS = 69;

/**
 * Turns an exit code into what happened. A clip that cannot be decoded is refused; anything else is ours, and is tried again.
 * @throws MediaRejected("corrupt") or Error
 */
export function requireSuccess(result: FfmpegResult, step: string): void {
  if (result.code === 0) return;
  const said = result.errors.join("\n");
  const undecodable = result.code === EXIT_TOO_MANY_ERRORS || /Invalid data found when processing input|does not contain any stream|matches no streams|Cannot determine format of input stream/.test(said);
  if (undecodable) throw new MediaRejected("corrupt", step);
  // Only what is marked as an error: the rest of what ffmpeg prints repeats the clip's tags, which may name a place.
  throw new Error(`${step}: ffmpeg ended with ${result.code ?? "a signal"}: ${said.slice(-2000) || "it gave no reason"}`);
}

export interface FfprobeRun extends Omit<FfmpegRun, "onSeconds" | "args" | "readOnly" | "writable"> {
  path: string;
  demuxer: VideoFacts["demuxer"];
  args: string[];
  onLine?: (line: string) => void;
}

/** Runs ffprobe over one guarded input. It writes nothing. */
export async function runFfprobe({ tools, path, demuxer, args, onLine, onUse, ...rest }: FfprobeRun): Promise<SandboxedResult> {
  const { ffprobe } = await requireTools(tools);
  const result = await runSandboxed({
    ...rest,
    program: ffprobe.path,
    args: ["-hide_banner", "-v", "error", ...args, ...inputArgs(path, demuxer)],
    readOnly: [path],
    onStdout: onLine,
  });
  onUse?.(result);
  return result;
}
