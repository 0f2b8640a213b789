import { VIDEO_SEC_MAX, type RejectReason } from "@models/media-reasons";
import type { Mp4Outline } from "./boxes";
import type { ClipStreams, PacketScan, Unopened } from "./probe";
import { MediaRejected } from "./types";

/** Everything that is known about a clip; what has not been looked at yet is null, and its rules wait. */
export interface Evidence {
  /** Of MP4 and MOV only. */
  outline: Mp4Outline | null;
  streams: ClipStreams | Unopened;
  packets: PacketScan | null;
  /** Whether the first frames could be decoded. */
  decodes: boolean | null;
}

/** Phones round up: a three-minute clip is a little longer. */
export const GRACE_SEC = 1;
const SEC_MIN = 0.3;
const FRAMES_MIN = 2;
const AREA_MAX = 3840 * 2400;
const SIDE_MAX = 4096;
const SIDE_MIN = 64;
const RATIO_MAX = 4;
const FPS_MAX = 1000;
const STREAMS_MAX = 16;
/** Packets, or finished seconds, below this share of what the header promises. */
export const WHOLE_SHARE = 0.9;

type Rule = [reason: RejectReason, test: (evidence: Evidence) => boolean];
const streamsOf = (test: (streams: ClipStreams) => boolean) => (evidence: Evidence) => isOpen(evidence.streams) && test(evidence.streams);
const packetsOf = (test: (packets: PacketScan, declaredSec: number | null) => boolean) => (evidence: Evidence) =>
  evidence.packets !== null && test(evidence.packets, isOpen(evidence.streams) ? evidence.streams.declaredSec : null);

/** In this order: the first that holds is the reason the owner reads, so the one he can do something about comes first. */
const RULES: readonly Rule[] = [
  ["encrypted", ({ outline }) => outline !== null && outline.sampleEntries.some(({ type }) => type === "encv" || type === "enca")],
  ["truncated", ({ outline, streams }) => streams === "unreadable" && outline !== null && outline.cutShort],
  ["corrupt", ({ streams }) => streams === "unreadable"],
  ["codec_not_allowed", ({ streams }) => streams === "foreign_codec"],
  ["dimensions", ({ streams }) => streams === "oversized"],
  ["no_video", streamsOf(({ video }) => video === null)],
  ["too_many_streams", streamsOf(({ streamCount }) => streamCount > STREAMS_MAX)],
  ["codec_not_allowed", streamsOf(({ video, foreignAudio }) => !video?.codecAllowed || foreignAudio !== null)],
  ["dimensions", streamsOf(({ video }) => video !== null && (sizeIsOdd(video.width, video.height) || sizeIsOdd(video.codedWidth, video.codedHeight)))],
  ["fps_too_high", streamsOf(({ video }) => (video?.declaredFps ?? 0) > FPS_MAX)],
  ["truncated", ({ outline, packets }) => packets !== null && packets.count < FRAMES_MIN && outline !== null && outline.cutShort],
  ["fps_too_high", packetsOf(({ averageFps }) => averageFps > FPS_MAX)],
  ["too_many_frames", packetsOf(({ overflow }) => overflow)],
  ["too_long", packetsOf(({ durationSec }) => durationSec > VIDEO_SEC_MAX + GRACE_SEC)],
  ["truncated", packetsOf(({ durationSec }, declaredSec) => declaredSec !== null && durationSec < WHOLE_SHARE * declaredSec)],
  ["too_short", packetsOf(({ count, durationSec }) => count < FRAMES_MIN || durationSec < SEC_MIN)],
  ["corrupt", ({ decodes }) => decodes === false],
];

/** @throws MediaRejected with the first reason that holds on what is known so far */
export function requireTakeable(evidence: Evidence): void {
  const broken = RULES.find(([, test]) => test(evidence));
  if (broken) throw new MediaRejected(broken[0], detailOf(evidence));
}

function isOpen(streams: Evidence["streams"]): streams is ClipStreams {
  return typeof streams !== "string";
}

function sizeIsOdd(width: number, height: number): boolean {
  const long = Math.max(width, height);
  const short = Math.min(width, height);
  return width * height > AREA_MAX || long > SIDE_MAX || short < SIDE_MIN || long > RATIO_MAX * short;
}

function detailOf({ streams, packets }: Evidence): string {
  if (!isOpen(streams)) return streams;
  const { video, declaredSec } = streams;
  const facts = [
    video && `${video.codec} ${video.width}x${video.height}`,
    `${streams.streamCount} streams`,
    declaredSec !== null && `declares ${declaredSec.toFixed(2)} s`,
    packets && `has ${packets.count} frames in ${packets.durationSec.toFixed(2)} s`,
  ];
  return facts.filter(Boolean).join(", ");
}
