import { z } from "zod";
import { DECODERS, runFfprobe, type MediaTools } from "./ffmpeg";
import type { Sniffed, StageContext, Used, VideoFacts } from "./types";

/**
 * What is in a clip: its streams as the container declares them, and its packets as they are. The two often disagree, in
 * damaged files and in forged ones, so both are kept. Tags are not even asked for: they hold places and names.
 */
export interface ClipStreams {
  demuxer: NonNullable<Sniffed["demuxer"]>;
  streamCount: number;
  video: VideoStream | null;
  /** A stream whose only picture is a cover. */
  hasCoverOnly: boolean;
  /** The first one with channels that we can decode. */
  audio: { index: number; codec: string; channels: number } | null;
  /** Sound, but none that we can decode. */
  foreignAudio: string | null;
  declaredSec: number | null;
}

export interface VideoStream {
  index: number;
  codec: string;
  codecAllowed: boolean;
  /** Upright with square pixels. */
  width: number;
  height: number;
  /** As stored. */
  codedWidth: number;
  codedHeight: number;
  declaredFps: number | null;
  interlaced: boolean;
  color: VideoFacts["color"];
}

export interface PacketScan {
  count: number;
  /** From the first frame to the end of the last. */
  durationSec: number;
  averageFps: number;
  /** Of the even grid that fits the frames best. */
  fps: number;
  /** Every frame lies on that grid, give or take half a frame. */
  constant: boolean;
  /** More frames than any clip may have; the scan stopped there. */
  overflow: boolean;
}

export interface ProbeOptions {
  path: string;
  demuxer: NonNullable<Sniffed["demuxer"]>;
  tools?: MediaTools;
  signal?: AbortSignal;
  onUse?: StageContext["onUse"];
}

const PROBE_TIMEOUT_MS = 60_000;
/** A clip of 200 MB takes 0.3 s. What takes longer is built to. */
const PROBE_CPU_SEC = 20;
const PROBE_MEMORY_BYTES = 1024 ** 3;
const PACKETS_MAX = 200_000;

const Ffprobe = z.object({
  streams: z.array(
    z.object({
      index: z.number().int(),
      codec_type: z.string().optional(),
      codec_name: z.string().optional(),
      width: z.number().optional(),
      height: z.number().optional(),
      sample_aspect_ratio: z.string().optional(),
      field_order: z.string().optional(),
      avg_frame_rate: z.string().optional(),
      channels: z.number().optional(),
      duration: z.string().optional(),
      color_range: z.string().optional(),
      color_space: z.string().optional(),
      color_transfer: z.string().optional(),
      color_primaries: z.string().optional(),
      disposition: z.object({ attached_pic: z.number().optional() }).optional(),
      side_data_list: z.array(z.object({ rotation: z.number().optional() })).optional(),
    }),
  ),
  format: z.object({ duration: z.string().optional() }).optional(),
});
type FfprobeStream = z.infer<typeof Ffprobe>["streams"][number];

const ENTRIES =
  "stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,field_order,avg_frame_rate,channels,duration," +
  "color_range,color_space,color_transfer,color_primaries:stream_disposition=attached_pic:stream_tags=:stream_side_data=rotation:format=duration:format_tags=";

/** Why a file could not be opened as what its first bytes promise. */
export type Unopened = "unreadable" | "foreign_codec" | "oversized";

/** One stream with a codec that is not on the list keeps ffprobe from opening the rest; so may a picture of too many pixels. */
export async function probeStreams({ path, demuxer, ...rest }: ProbeOptions): Promise<{ streams: ClipStreams | Unopened } & Used> {
  const result = await runFfprobe({ ...rest, path, demuxer, ...limits(), args: ["-of", "json", "-show_entries", ENTRIES] });
  const { cpuSec, peakRssBytes } = result;
  const parsed = result.code === 0 && !result.stdoutCut ? Ffprobe.safeParse(parseJson(result.stdout)) : null;
  const streams = parsed?.success ? readStreams(parsed.data, demuxer) : null;
  // A picture that was refused for its size has none in the answer.
  const known = streams && (streams.video === null || streams.video.codedWidth > 0);
  return { streams: known ? streams : whyUnopened(result.stderr), cpuSec, peakRssBytes };
}

/** Reads every packet of one stream, decoding none. Memory is bounded whatever the file says. */
export async function scanPackets({ path, demuxer, index, ...rest }: ProbeOptions & { index: number }): Promise<{ packets: PacketScan } & Used> {
  const times = new Float64Array(PACKETS_MAX);
  const enough = new AbortController();
  const signal = rest.signal ? AbortSignal.any([rest.signal, enough.signal]) : enough.signal;
  let count = 0;
  let last = { at: -Infinity, durationSec: 0 };
  const onLine = (line: string): void => {
    const packet = parsePacket(line);
    if (!packet) return;
    if (count === PACKETS_MAX) return enough.abort();
    times[count++] = packet.at;
    if (packet.at > last.at) last = packet;
  };
  const args = ["-select_streams", String(index), "-of", "compact=p=0", "-show_entries", "packet=pts_time,dts_time,duration_time,flags"];
  const used = await runFfprobe({ ...rest, signal, path, demuxer, ...limits(), args, onLine }).catch((error: unknown) => {
    if (enough.signal.aborted && !rest.signal?.aborted) return { cpuSec: 0, peakRssBytes: 0 };
    throw error;
  });
  const packets = { ...summarise(times.subarray(0, count).sort(), last.durationSec), overflow: enough.signal.aborted };
  return { packets, cpuSec: used.cpuSec, peakRssBytes: used.peakRssBytes };
}

function whyUnopened(stderr: string): Unopened {
  if (stderr.includes("exceeds specified max pixel count")) return "oversized";
  return /Codec \(\S*\) not on whitelist/.test(stderr) ? "foreign_codec" : "unreadable";
}

function limits() {
  return { timeoutMs: PROBE_TIMEOUT_MS, cpuSec: PROBE_CPU_SEC, memoryBytes: PROBE_MEMORY_BYTES };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function readStreams(found: z.infer<typeof Ffprobe>, demuxer: ProbeOptions["demuxer"]): ClipStreams {
  const pictures = found.streams.filter((stream) => stream.codec_type === "video");
  const moving = pictures.filter((stream) => stream.disposition?.attached_pic !== 1);
  const sounds = found.streams.filter((stream) => stream.codec_type === "audio" && (stream.channels ?? 0) > 0);
  const audio = sounds.find((stream) => isAllowed(stream.codec_name));
  const video = moving[0];
  return {
    demuxer,
    streamCount: found.streams.length,
    video: video ? readVideo(video) : null,
    hasCoverOnly: pictures.length > 0 && moving.length === 0,
    audio: audio ? { index: audio.index, codec: audio.codec_name ?? "", channels: audio.channels ?? 0 } : null,
    foreignAudio: !audio && sounds[0] ? (sounds[0].codec_name ?? "unknown") : null,
    declaredSec: seconds(video?.duration) ?? seconds(found.format?.duration),
  };
}

const DECODER_NAMES = new Set(DECODERS.split(","));
/** ffprobe names the codec, the list names decoders: MP3 and AMR differ. */
const CODEC_DECODERS: Record<string, string> = { amr_nb: "amrnb", amr_wb: "amrwb", av1: "libdav1d" };

function isAllowed(codec: string | undefined): boolean {
  return codec !== undefined && DECODER_NAMES.has(CODEC_DECODERS[codec] ?? codec);
}

function readVideo(stream: FfprobeStream): VideoStream {
  const codedWidth = stream.width ?? 0;
  const codedHeight = stream.height ?? 0;
  const squareWidth = Math.round(codedWidth * ratio(stream.sample_aspect_ratio, ":", 1));
  const rotation = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0;
  const [width, height] = liesOnItsSide(rotation) ? [codedHeight, squareWidth] : [squareWidth, codedHeight];
  return {
    index: stream.index,
    codec: stream.codec_name ?? "unknown",
    codecAllowed: isAllowed(stream.codec_name),
    width,
    height,
    codedWidth,
    codedHeight,
    declaredFps: ratio(stream.avg_frame_rate, "/", null),
    interlaced: ["tt", "bb", "tb", "bt"].includes(stream.field_order ?? ""),
    color: {
      transfer: tagged(stream.color_transfer),
      primaries: tagged(stream.color_primaries),
      matrix: tagged(stream.color_space),
      range: tagged(stream.color_range),
    },
  };
}

/** ffmpeg turns pictures by right angles when they are within a degree of one; other angles keep the size. */
function liesOnItsSide(rotation: number): boolean {
  return Math.abs((Math.abs(rotation) % 180) - 90) < 1;
}

function ratio<T>(text: string | undefined, separator: string, otherwise: T): number | T {
  const [over, under] = (text ?? "").split(separator).map(Number);
  return over && under && over > 0 && under > 0 ? over / under : otherwise;
}

function tagged(value: string | undefined): string | null {
  return value && !["unknown", "unspecified", "reserved"].includes(value) ? value : null;
}

function seconds(text: string | undefined): number | null {
  const value = Number(text);
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : null;
}

/** Presentation time where there is one; AVI only has decoding times. Packets that an edit list hides carry a D. */
function parsePacket(line: string): { at: number; durationSec: number } | null {
  const fields = new Map(line.split("|").map((field) => field.split("=", 2) as [string, string]));
  if (fields.get("flags")?.includes("D")) return null;
  const number = (name: string): number => Number.parseFloat(fields.get(name) ?? "");
  const at = Number.isFinite(number("pts_time")) ? number("pts_time") : number("dts_time");
  return Number.isFinite(at) ? { at, durationSec: number("duration_time") || 0 } : null;
}

/** Timestamps of Matroska are whole milliseconds; the rest of the tolerance is camera jitter. */
const JITTER_FRAMES = 0.6;
const ROUNDING_SEC = 0.0011;

function summarise(times: Float64Array, lastSec: number): Omit<PacketScan, "overflow"> {
  const count = times.length;
  const spanSec = (times[count - 1] ?? 0) - (times[0] ?? 0);
  if (count < 2 || spanSec <= 0) return { count, durationSec: lastSec, averageFps: 0, fps: 0, constant: false };
  const { frameSec, firstSec } = fitGrid(times);
  const worst = times.reduce((most, at, n) => Math.max(most, Math.abs(at - firstSec - n * frameSec)), 0);
  return {
    count,
    // A last frame may be shown for long (a still screen), so its own duration counts.
    durationSec: spanSec + (lastSec || frameSec),
    averageFps: (count - 1) / spanSec,
    fps: 1 / frameSec,
    constant: worst <= JITTER_FRAMES * frameSec + ROUNDING_SEC,
  };
}

/** Fewer frames than this are all fitted; with more, the first and the last are left out. */
const FIT_ALL = 8;

/**
 * The even grid that lies closest to the frames, by least squares. The two ends are left out, because recorders in
 * fragments and editors put those where they like.
 */
function fitGrid(all: Float64Array): { frameSec: number; firstSec: number } {
  const skipped = all.length > FIT_ALL ? 1 : 0;
  const times = all.subarray(skipped, all.length - skipped);
  const middle = (times.length - 1) / 2;
  const mean = times.reduce((sum, at) => sum + at, 0) / times.length;
  const slope = times.reduce((sum, at, n) => sum + (n - middle) * (at - mean), 0) / times.reduce((sum, _, n) => sum + (n - middle) ** 2, 0);
  const frameSec = slope > 0 ? slope : (times[times.length - 1] as number) - (times[0] as number) || 1;
  return { frameSec, firstSec: mean - (middle + skipped) * frameSec };
}
