import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { codecString, codedSize, readOutline } from "./boxes";
import { inputArgs, requireSuccess, runFfmpeg } from "./ffmpeg";
import { exists, moveInto, outputFile, writeWhole } from "./files";
import type { Rung } from "./ladder";
import type { OutputFile, Rendition, RungName, StageContext, VideoFacts, Used } from "./types";

/**
 * How a clip is laid out for players: per rung one media playlist and one file that it takes byte ranges from, one master
 * playlist that lists them, and plain MP4s for everything that knows no HLS.
 */
export const playlistName = (rung: RungName): string => `${rung}.m3u8`;
export const segmentName = (rung: RungName): string => `${rung}.mp4`;
export const mp4Name = (rung: RungName): string => `v${rung}.mp4`;
export const masterName = (version: number): string => `master-${version}.m3u8`;

export interface Segment {
  durationSec: number;
  bytes: number;
}

/** @throws Error when the playlist is not there */
export async function segmentsOf(dir: string, rung: RungName): Promise<Segment[]> {
  const text = await readFile(join(dir, playlistName(rung)), "utf8");
  return [...text.matchAll(/#EXTINF:([\d.]+),[^#]*#EXT-X-BYTERANGE:(\d+)@/g)].map(([, sec, bytes]) => ({ durationSec: Number(sec), bytes: Number(bytes) }));
}

/** Reads a finished rung: every figure of the master playlist is measured, none is what the encoder was asked for. */
export async function describeRendition(dir: string, { name }: Pick<Rung, "name">, { fps }: Pick<VideoFacts, "fps">): Promise<Rendition> {
  const [segments, { sampleEntries }, file] = await Promise.all([segmentsOf(dir, name), readOutline(join(dir, segmentName(name))), stat(join(dir, segmentName(name)))]);
  const picture = sampleEntries.find(({ type }) => type !== "mp4a");
  if (!picture || segments.length === 0) throw new Error(`rung ${name} is not whole`);
  const durationSec = segments.reduce((sum, segment) => sum + segment.durationSec, 0);
  const average = Math.ceil((file.size * 8) / durationSec);
  return {
    name,
    ...codedSize(picture),
    bytes: file.size,
    codecs: [picture, ...sampleEntries.filter(({ type }) => type === "mp4a")].map(codecString).join(","),
    bandwidthPeak: Math.max(average, peakOf(segments)),
    bandwidthAverage: average,
    frameRate: fps,
  };
}

/** RFC 8216 counts stretches of at least half the target duration: a last segment of a few frames is no peak. */
function peakOf(segments: readonly Segment[]): number {
  const target = Math.max(...segments.map(({ durationSec }) => durationSec));
  return Math.max(...segments.filter(({ durationSec }) => durationSec >= target / 2).map(({ bytes, durationSec }) => Math.ceil((bytes * 8) / durationSec)));
}

const ORDER: RungName[] = ["360", "540", "720", "1080", "av1-720"];

/** Lowest first, which is where a player begins; AV1 last, for those who know it. */
export function masterPlaylist(renditions: readonly Rendition[]): string {
  const sorted = [...renditions].sort((a, b) => ORDER.indexOf(a.name) - ORDER.indexOf(b.name));
  const lines = sorted.flatMap((rendition) => [
    "#EXT-X-STREAM-INF:" +
      [
        `BANDWIDTH=${rendition.bandwidthPeak}`,
        `AVERAGE-BANDWIDTH=${rendition.bandwidthAverage}`,
        `CODECS="${rendition.codecs}"`,
        `RESOLUTION=${rendition.width}x${rendition.height}`,
        `FRAME-RATE=${rendition.frameRate.toFixed(3)}`,
      ].join(","),
    playlistName(rendition.name),
  ]);
  return ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", ...lines, ""].join("\n");
}

/** Each version has a name of its own, because caches keep these files for a year. */
export async function writeMaster(dir: string, renditions: readonly Rendition[], version: number): Promise<OutputFile> {
  const name = masterName(version);
  await writeWhole(dir, name, masterPlaylist(renditions));
  return outputFile(dir, name, "hls");
}

export function rungFiles(dir: string, { name, width, height }: Rendition): Promise<OutputFile[]> {
  return Promise.all([outputFile(dir, playlistName(name), "hls"), outputFile(dir, segmentName(name), "segment", { width, height })]);
}

const REMUX_TIMEOUT_MS = 60_000;

/** `v360.mp4` and so on: the rung's own pictures and sound with the index in front, so that playing starts with the first bytes. */
export async function makeMp4(rung: Rendition, ctx: StageContext): Promise<{ output: OutputFile } & Used> {
  const name = mp4Name(rung.name);
  const used = (await exists(ctx.outDir, name)) ? { cpuSec: 0, peakRssBytes: 0 } : await remux(rung.name, name, ctx);
  return { output: await outputFile(ctx.outDir, name, "mp4", { width: rung.width, height: rung.height }), ...used };
}

async function remux(rung: RungName, name: string, ctx: StageContext): Promise<Used> {
  const scratch = await mkdtemp(join(ctx.workDir, "mp4-"));
  const source = join(ctx.outDir, segmentName(rung));
  try {
    const result = await runFfmpeg({
      ...ctx,
      args: [...inputArgs(source, "mov"), "-map", "0", "-c", "copy", "-map_metadata", "-1", "-map_chapters", "-1", "-fflags", "+bitexact", "-movflags", "+faststart", name],
      readOnly: [source],
      writable: scratch,
      timeoutMs: REMUX_TIMEOUT_MS,
    });
    requireSuccess(result, "mp4");
    await moveInto(ctx.outDir, scratch, [name]);
    return { cpuSec: result.cpuSec, peakRssBytes: result.peakRssBytes };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
