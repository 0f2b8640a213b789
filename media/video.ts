import { makeAudio } from "./audio";
import { readOutline } from "./boxes";
import { inputArgs, requireTools, runFfmpeg } from "./ffmpeg";
import { canMapTones, isHdr } from "./filters";
import type { SampledFrame } from "./frames";
import { isBase, ladder, type Rung } from "./ladder";
import { makeMp4, rungFiles, writeMaster } from "./package";
import { makePosterFiles } from "./poster";
import { probeStreams, scanPackets, type ClipStreams, type PacketScan } from "./probe";
import { makePreview, makeStoryboard } from "./storyboard";
import { encodeRungs } from "./transcode";
import { MediaRejected, type OutputFile, type Rendition, type Sniffed, type StageContext, type VideoFacts, type Used } from "./types";
import { requireTakeable, type Evidence } from "./validate";

/**
 * The stages of a clip, in order: inspect, poster, first rung, the rest, finish, extras. Each is a function over files
 * that may be run again: what it has made is there under its name, whole, and is not made twice. The caller gives a
 * private work folder and empties it, and deletes the source when the clip is ready or refused.
 */
export interface StageResult extends Used {
  outputs: OutputFile[];
  renditions: Rendition[];
}

/** Above this the smallest rung is made alone first, so that the clip can be watched after half the time. */
const ALONE_FIRST_SEC = 20;

/** Numbers of the master playlists that the stages write. */
const MASTER_FIRST = 1;
const MASTER_REST = 2;
const MASTER_EXTRAS = 3;

/**
 * Opens a clip, checks it against every rule and decodes its first frames. Writes nothing.
 * @throws MediaRejected with the reason, within a second for anything built to take longer
 */
export async function inspectVideo(path: string, sniffed: Sniffed, ctx: StageContext): Promise<{ facts: VideoFacts; packets: PacketScan } & Used> {
  const tools = await requireTools(ctx.tools);
  const { demuxer } = sniffed;
  if (!demuxer) throw new MediaRejected("type_mismatch", sniffed.type);
  const options = { path, demuxer, tools, signal: ctx.signal, onUse: ctx.onUse };
  const used: Used = { cpuSec: 0, peakRssBytes: 0 };

  const evidence: Evidence = { outline: demuxer === "mov" ? await readOutline(path) : null, streams: "unreadable", packets: null, decodes: null };
  const probed = await probeStreams(options);
  add(used, probed);
  evidence.streams = probed.streams;
  requireTakeable(evidence);
  // requireTakeable lets no clip through that cannot be opened or has no picture.
  const streams = probed.streams as ClipStreams;
  const index = streams.video?.index as number;

  const scanned = await scanPackets({ ...options, index });
  add(used, scanned);
  evidence.packets = scanned.packets;
  requireTakeable(evidence);

  const tried = await tryDecoding(path, streams, ctx);
  add(used, tried);
  evidence.decodes = tried.decodes;
  requireTakeable(evidence);
  return { facts: factsOf(streams, scanned.packets, canMapTones(tools)), packets: scanned.packets, ...used };
}

/** Poster files, and four pictures to compare with what was removed before. */
export async function makePoster(source: string, facts: VideoFacts, ctx: StageContext): Promise<StageResult & { frames: SampledFrame[] }> {
  return { renditions: [], ...(await makePosterFiles(source, facts, ctx)) };
}

/** What makes the clip playable: the smallest rung of a long clip, all of a short one, and the first master playlist. */
export async function encodeFirst(source: string, facts: VideoFacts, ctx: StageContext): Promise<StageResult> {
  return encodeAndList(source, facts, ctx, { rungs: firstRungs(facts), earlier: [], version: MASTER_FIRST });
}

/**
 * The base rungs that `encodeFirst` left. Nothing to do for a short clip.
 * @param earlier what `encodeFirst` returned; listed in the new master playlist
 */
export async function encodeRest(source: string, facts: VideoFacts, ctx: StageContext, earlier: readonly Rendition[]): Promise<StageResult> {
  const first = firstRungs(facts).map(({ name }) => name);
  const rungs = ladder(facts).filter((rung) => isBase(rung) && !first.includes(rung.name));
  return encodeAndList(source, facts, ctx, { rungs, earlier, version: MASTER_REST });
}

/** 1080 and AV1, for when the machine has nothing better to do. */
export async function encodeExtras(source: string, facts: VideoFacts, ctx: StageContext, earlier: readonly Rendition[]): Promise<StageResult> {
  const { can } = await requireTools(ctx.tools);
  const rungs = ladder(facts).filter((rung) => !isBase(rung) && (rung.codec === "h264" || can.libsvtav1));
  return encodeAndList(source, facts, ctx, { rungs, earlier, version: MASTER_EXTRAS });
}

/**
 * Plain MP4s, storyboard and preview, from the finished rungs alone.
 * @param renditions of the clip so far; their files must be in `outDir`
 */
export async function finishVideo(facts: VideoFacts, ctx: StageContext, renditions: readonly Rendition[]): Promise<StageResult> {
  const used: Used = { cpuSec: 0, peakRssBytes: 0 };
  const outputs: OutputFile[] = [];
  for (const rung of renditions.filter(({ name }) => name === "360" || name === "720")) {
    const made = await makeMp4(rung, ctx);
    outputs.push(made.output);
    add(used, made);
  }
  const smallest = renditions.find(({ name }) => name === "360");
  if (!smallest) throw new Error("the 360 rung comes before finishing");
  const storyboard = await makeStoryboard(smallest, facts, ctx);
  const preview = await makePreview(smallest, facts, ctx);
  add(used, storyboard);
  add(used, preview);
  return { outputs: [...outputs, ...storyboard.outputs, preview.output], renditions: [], ...used };
}

function firstRungs(facts: VideoFacts): Rung[] {
  const base = ladder(facts).filter(isBase);
  return facts.durationSec > ALONE_FIRST_SEC ? base.slice(0, 1) : base;
}

interface Listing {
  rungs: readonly Rung[];
  earlier: readonly Rendition[];
  version: number;
}

/** AV1 in a process of its own: its encoder's memory beside three others' would pass the limit of a job. */
async function encodeAndList(source: string, facts: VideoFacts, ctx: StageContext, { rungs, earlier, version }: Listing): Promise<StageResult> {
  const used: Used = { cpuSec: 0, peakRssBytes: 0 };
  if (rungs.length === 0) return { outputs: [], renditions: [], ...used };
  const audio = await makeAudio({ source, facts, ctx });
  if (audio) add(used, audio);
  const renditions: Rendition[] = [];
  for (const codec of ["h264", "av1"] as const) {
    const ofCodec = rungs.filter((rung) => rung.codec === codec);
    if (ofCodec.length === 0) continue;
    const encoded = await encodeRungs({ source, facts, rungs: ofCodec, audioPath: audio?.path ?? null, ctx });
    add(used, encoded);
    renditions.push(...encoded.renditions);
  }
  const master = await writeMaster(ctx.outDir, [...earlier, ...renditions], version);
  const files = await Promise.all(renditions.map((rendition) => rungFiles(ctx.outDir, rendition)));
  return { outputs: [master, ...files.flat()], renditions, ...used };
}

function add(sum: Used, more: Used): void {
  sum.cpuSec += more.cpuSec;
  sum.peakRssBytes = Math.max(sum.peakRssBytes, more.peakRssBytes);
}

const TRY_FRAMES = 8;
const TRY_TIMEOUT_MS = 60_000;
const TRY_CPU_SEC = 20;

/** The container may be whole and the pictures in it noise; that is better known before anyone waits for an encode. */
async function tryDecoding(path: string, { demuxer, video }: ClipStreams, ctx: StageContext): Promise<{ decodes: boolean } & Used> {
  const result = await runFfmpeg({
    ...ctx,
    args: [...inputArgs(path, demuxer), "-map", `0:${video?.index}`, "-frames:v", String(TRY_FRAMES), "-vf", "scale=64:64", "-f", "null", "-"],
    readOnly: [path],
    writable: ctx.workDir,
    timeoutMs: TRY_TIMEOUT_MS,
    cpuSec: TRY_CPU_SEC,
  });
  const frames = /frame=\s*(\d+)[^\n]*Lsize/.exec(result.stderr);
  return { decodes: result.code === 0 && Number(frames?.[1] ?? 0) > 0, cpuSec: result.cpuSec, peakRssBytes: result.peakRssBytes };
}

const FPS_MIN = 10;
const FPS_MAX = 30.5;
const FPS_OTHERWISE = 30;
/** A part of a high rate that is lower than films are is worse than an uneven 30. */
const FPS_PART_MIN = 23.9;

function factsOf(streams: ClipStreams, packets: PacketScan, canTone: boolean): VideoFacts {
  const { video, audio, demuxer } = streams;
  if (!video) throw new Error("a clip without a picture passed the rules");
  const hdr = isHdr(video.color.transfer);
  return {
    width: video.width,
    height: video.height,
    durationSec: packets.durationSec,
    fps: outputFps(packets),
    hasAudio: audio !== null,
    hdr,
    hdrPlain: hdr && !canTone,
    interlaced: video.interlaced,
    videoCodec: video.codec,
    demuxer,
    videoIndex: video.index,
    audioIndex: audio?.index ?? null,
    color: video.color,
  };
}

const USUAL = [10, 12, 12.5, 14.985, 15, 20, 23.976, 24, 25, 29.97, 30];
const USUAL_WITHIN = 0.002;

/** An even rate is kept, or halved until it fits, so that no frame is shown longer than its neighbours. */
export function outputFps({ constant, fps: own }: Pick<PacketScan, "constant" | "fps">): number {
  if (!constant || own < FPS_MIN) return FPS_OTHERWISE;
  const parts = Math.max(1, Math.ceil(own / FPS_MAX));
  const fps = own / parts;
  if (parts > 1 && fps < FPS_PART_MIN) return FPS_OTHERWISE;
  return USUAL.find((usual) => Math.abs(fps - usual) <= usual * USUAL_WITHIN && Math.abs(fps - usual) <= 0.012) ?? Math.round(fps * 1000) / 1000;
}
