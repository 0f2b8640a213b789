import { expect, test } from "vitest";
import type { RejectReason } from "@models/media-reasons";
import type { ClipStreams, PacketScan, VideoStream } from "@media/probe";
import { requireTakeable, type Evidence } from "@media/validate";

const VIDEO: VideoStream = {
  index: 0,
  codec: "h264",
  codecAllowed: true,
  width: 1080,
  height: 1920,
  codedWidth: 1920,
  codedHeight: 1080,
  declaredFps: 30,
  interlaced: false,
  color: { transfer: null, primaries: null, matrix: null, range: null },
};
const STREAMS: ClipStreams = { demuxer: "mov", streamCount: 2, video: VIDEO, hasCoverOnly: false, audio: { index: 1, codec: "aac", channels: 2 }, foreignAudio: null, declaredSec: 10 };
const PACKETS: PacketScan = { count: 300, durationSec: 10, averageFps: 30, fps: 30, constant: true, overflow: false };

function evidence({ video, packets, outline, ...streams }: Omit<Partial<ClipStreams>, "video"> & { video?: Partial<VideoStream> | null; packets?: Partial<PacketScan>; outline?: Evidence["outline"] } = {}): Evidence {
  return {
    outline: outline ?? { cutShort: false, sampleEntries: [] },
    streams: { ...STREAMS, ...streams, video: video === null ? null : { ...VIDEO, ...video } },
    packets: { ...PACKETS, ...packets },
    decodes: true,
  };
}

type Line = [what: string, given: Parameters<typeof evidence>[0], reason: RejectReason | null];
test.each<Line>([
  ["a phone's clip", {}, null],
  ["three minutes and the second that phones add", { declaredSec: 181, packets: { count: 5430, durationSec: 181 } }, null],
  ["more than that", { declaredSec: 181.1, packets: { count: 5430, durationSec: 181.1 } }, "too_long"],
  ["a third of a second", { declaredSec: 0.31, packets: { count: 9, durationSec: 0.31 } }, null],
  ["less", { declaredSec: 0.29, packets: { count: 8, durationSec: 0.29 } }, "too_short"],
  ["one frame", { declaredSec: null, packets: { count: 1, durationSec: 5 } }, "too_short"],
  ["4K", { video: { width: 3840, height: 2160, codedWidth: 3840, codedHeight: 2160 } }, null],
  ["4K on its side", { video: { width: 2160, height: 3840 } }, null],
  ["a pixel row more than allowed", { video: { width: 3840, height: 2402 } }, "dimensions"],
  ["a side too long", { video: { width: 4098, height: 1100 } }, "dimensions"],
  ["a side too short", { video: { width: 128, height: 62 } }, "dimensions"],
  ["four to one", { video: { width: 1440, height: 360 } }, null],
  ["a little longer", { video: { width: 1442, height: 360 } }, "dimensions"],
  ["pixels so wide that they pass the limit", { video: { width: 9600, height: 1080 } }, "dimensions"],
  ["a thousand pictures a second", { video: { declaredFps: 1000 } }, null],
  ["more", { video: { declaredFps: 1001 } }, "fps_too_high"],
  ["more, unsaid", { packets: { averageFps: 1200 } }, "fps_too_high"],
  ["sixteen streams", { streamCount: 16 }, null],
  ["seventeen", { streamCount: 17 }, "too_many_streams"],
  ["no picture", { video: null }, "no_video"],
  ["a codec of studios", { video: { codecAllowed: false } }, "codec_not_allowed"],
  ["sound that we cannot decode", { audio: null, foreignAudio: "wmav2" }, "codec_not_allowed"],
  ["nine tenths of what it promises", { packets: { durationSec: 9.01 } }, null],
  ["less than that", { packets: { durationSec: 8.9 } }, "truncated"],
  ["no promise", { declaredSec: null, packets: { durationSec: 3 } }, null],
  ["a locked track", { outline: { cutShort: false, sampleEntries: [{ type: "encv", bytes: Buffer.alloc(0) }] } }, "encrypted"],
  ["frames without end", { packets: { overflow: true } }, "too_many_frames"],
])("given %s, then the verdict is as the rules say", (_what, given, reason) => {
  const judge = () => requireTakeable(evidence(given));
  if (reason === null) expect(judge).not.toThrow();
  else expect(judge).toThrow(expect.objectContaining({ name: "MediaRejected", reason }));
});

test.each<[Evidence["streams"], boolean, RejectReason]>([
  ["unreadable", false, "corrupt"],
  ["unreadable", true, "truncated"],
  ["foreign_codec", false, "codec_not_allowed"],
  ["oversized", false, "dimensions"],
])("given a file that is %s (cut short: %s), then the reason is %s", (streams, cutShort, reason) => {
  expect(() => requireTakeable({ outline: { cutShort, sampleEntries: [] }, streams, packets: null, decodes: null })).toThrow(expect.objectContaining({ reason }));
});

test("given what is not known yet, then its rules wait", () => {
  expect(() => requireTakeable({ ...evidence(), packets: null, decodes: null })).not.toThrow();
  expect(() => requireTakeable({ ...evidence(), decodes: false })).toThrow(expect.objectContaining({ reason: "corrupt" }));
});
