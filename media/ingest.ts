import { readFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { IMAGE_BYTES_MAX, VIDEO_BYTES_MAX } from "@models/media-reasons";
import { hashFrames } from "./hash";
import { addAvif, processImage } from "./image";
import { lineOfRefusal, type IngestLine } from "./ingest-line";
import { requireKind, sniffFile } from "./sniff";
import { MediaRejected, type OutputFile, type Sniffed, type StageContext, type Used } from "./types";
import { encodeExtras, encodeFirst, encodeRest, finishVideo, inspectVideo, makePoster } from "./video";

/**
 * One file through the whole pipeline, without database and pages: what `npm run media:ingest` does for each of its
 * files, in a process of its own. The same stages as the worker's, in the same order.
 */
export interface IngestJob {
  /** Its name counts too: a picture that is called .mp4 is refused. */
  file: string;
  ctx: StageContext;
  /** What the worker does last, when it has nothing better to do: AVIF, 1080, AV1. */
  extras?: boolean;
}

/** Never throws because of the file, nor because of us: the line says what happened. */
export async function ingestFile({ file, ctx, extras = false }: IngestJob): Promise<IngestLine> {
  const meter = new Meter();
  const watched: StageContext = { ...ctx, onUse: (used) => (meter.add(used), ctx.onUse?.(used)) };
  let sniffed: Sniffed | null = null;
  try {
    sniffed = await sniffUpload(file);
    const made = sniffed.kind === "image" ? await ingestImage(file, sniffed, watched, extras) : await ingestVideo(file, sniffed, watched, extras);
    return { file, kind: sniffed.kind, verdict: "accept", reason: null, ...made, ...meter.read() };
  } catch (error) {
    const refused = error instanceof MediaRejected;
    return {
      ...lineOfRefusal(file, refused ? error.reason : "failed", refused ? undefined : String(error instanceof Error ? error.message : error)),
      kind: sniffed?.kind ?? null,
      ...meter.read(),
    };
  }
}

async function sniffUpload(file: string): Promise<Sniffed> {
  const { size } = await stat(file);
  const sniffed = await sniffFile(file);
  requireKind(sniffed, basename(file));
  if (size > (sniffed.kind === "image" ? IMAGE_BYTES_MAX : VIDEO_BYTES_MAX)) throw new MediaRejected("too_large", `${size} bytes`);
  return sniffed;
}

type Made = Pick<IngestLine, "width" | "height" | "durationSec" | "hasAudio" | "renditions" | "outputs">;

async function ingestImage(source: string, sniffed: Sniffed, ctx: StageContext, extras: boolean): Promise<Made> {
  const input = { source, sniffed, outDir: ctx.outDir, ctx };
  const { width, height, files } = await processImage(input);
  const all = extras ? [...files, ...(await addAvif(input))] : files;
  return { width, height, durationSec: null, hasAudio: null, renditions: all.map(({ name, bytes, width = 0, height = 0 }) => ({ name, width, height, bytes })), outputs: pathsOf(ctx, all) };
}

async function ingestVideo(source: string, sniffed: Sniffed, ctx: StageContext, extras: boolean): Promise<Made> {
  const { facts } = await inspectVideo(source, sniffed, ctx);
  const poster = await makePoster(source, facts, ctx);
  await hashFrames(poster.frames.map(({ png }) => png));
  const first = await encodeFirst(source, facts, ctx);
  const rest = await encodeRest(source, facts, ctx, first.renditions);
  const base = [...first.renditions, ...rest.renditions];
  const finish = await finishVideo(facts, ctx, base);
  const more = extras ? await encodeExtras(source, facts, ctx, base) : { outputs: [], renditions: [] };
  const renditions = [...base, ...more.renditions].map(({ name, width, height, bytes }) => ({ name, width, height, bytes }));
  const outputs = [poster, first, rest, finish, more].flatMap((stage) => stage.outputs);
  return { width: facts.width, height: facts.height, durationSec: facts.durationSec, hasAudio: facts.hasAudio, renditions, outputs: pathsOf(ctx, outputs) };
}

function pathsOf({ outDir }: StageContext, files: readonly OutputFile[]): string[] {
  return [...new Set(files.map(({ name }) => join(outDir, name)))];
}

/** What this process used since the file came, and the programs it started; each of those waits alone beside Node. */
class Meter {
  private readonly cpuAt = process.cpuUsage();
  private readonly startedAtMs = performance.now();
  private programsSec = 0;
  private besideBytes = 0;

  add({ cpuSec, peakRssBytes }: Used): void {
    this.programsSec += cpuSec;
    this.besideBytes = Math.max(this.besideBytes, process.memoryUsage.rss() + peakRssBytes);
  }

  read(): Pick<IngestLine, "cpuSec" | "wallSec" | "peakRssMb"> {
    const { user, system } = process.cpuUsage(this.cpuAt);
    return {
      cpuSec: round((user + system) / 1e6 + this.programsSec),
      wallSec: round((performance.now() - this.startedAtMs) / 1000),
      peakRssMb: round(Math.max(ownPeakBytes(), this.besideBytes) / 1024 ** 2),
    };
  }
}

/** The kernel's figure for this program alone; what getrusage says includes the process that started it. */
function ownPeakBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    // Not Linux.
    return process.resourceUsage().maxRSS * 1024;
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
