import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describeTools } from "@media/ffmpeg";
import { sniffFile } from "@media/sniff";
import type { VideoFacts } from "@media/types";
import { encodeExtras, encodeFirst, encodeRest, finishVideo, inspectVideo, makePoster, outputFps, type StageResult } from "@media/video";
import { cornersOf, CORNERS, ffmpeg, ffprobe, makeVideo, MATRICES, openWorkplace, pictureAt, pixelAt, setMatrix, type Corner, type Picture, type Workplace } from "../support/video-clips";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
});
afterEach(() => place.close());
// Programs run at low priority, and a busy machine lets them wait.
vi.setConfig({ testTimeout: 120_000 });

const out = (name: string): string => join(place.ctx.outDir, name);

async function inspect(path: string): Promise<VideoFacts> {
  return (await inspectVideo(path, await sniffFile(path), place.ctx)).facts;
}

async function encode(path: string): Promise<{ facts: VideoFacts; first: StageResult }> {
  const facts = await inspect(path);
  return { facts, first: await encodeFirst(path, facts, place.ctx) };
}

interface Streams {
  streams: { codec_type: string; codec_name: string; width?: number; height?: number; sample_aspect_ratio?: string; pix_fmt?: string; color_space?: string; color_transfer?: string; channels?: number; sample_rate?: string; avg_frame_rate?: string; field_order?: string }[];
  format: { duration: string };
}
const streamsOf = (path: string): Promise<Streams> => ffprobe<Streams>(path, "-show_streams", "-show_format");

async function keyTimes(path: string): Promise<number[]> {
  const { packets } = await ffprobe<{ packets: { pts_time: string; flags: string }[] }>(path, "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags");
  return packets.filter(({ flags }) => flags.startsWith("K")).map(({ pts_time }) => Number(pts_time));
}

/** Where the corners of an upright picture are after a display matrix has been honoured. */
const TURNED: Record<keyof typeof MATRICES, Record<Corner, string>> = {
  turned90: { topLeft: "blue", topRight: "red", bottomLeft: "white", bottomRight: "lime" },
  turned180: { topLeft: "white", topRight: "blue", bottomLeft: "lime", bottomRight: "red" },
  turned270: { topLeft: "lime", topRight: "white", bottomLeft: "red", bottomRight: "blue" },
  mirrored: { topLeft: "lime", topRight: "red", bottomLeft: "white", bottomRight: "blue" },
  mirroredAndTurned: { topLeft: "red", topRight: "blue", bottomLeft: "lime", bottomRight: "white" },
};

test.each(Object.entries(TURNED))("given a phone's clip %s, then poster and clip stand upright", async (name, corners) => {
  const path = await makeVideo(place.dir, { sound: null, sec: 0.6 });
  await setMatrix(path, MATRICES[name as keyof typeof MATRICES]);
  const { facts } = await encode(path);
  const onSide = name !== "turned180" && name !== "mirrored";
  expect([facts.width, facts.height]).toEqual(onSide ? [360, 640] : [640, 360]);
  expect(cornersOf(await pictureAt(out("360.mp4"), 0.3))).toEqual(corners);
  await makePoster(path, facts, place.ctx);
  expect(cornersOf(await decoded(out("poster-360.jpg")))).toEqual(corners);
  expect(cornersOf(await decoded(out("poster-360.webp")))).toEqual(corners);
});

async function decoded(path: string): Promise<Picture> {
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

type Odd = [name: string, options: Parameters<typeof makeVideo>[1] & object, expected: Partial<VideoFacts>];
const X264 = ["-c:v", "libx264", "-preset", "ultrafast"];
const ODD: Odd[] = [
  ["sixty pictures a second", { fps: 60 }, { fps: 30 }],
  ["fifty pictures a second", { fps: 50 }, { fps: 25 }],
  ["the rate of films on television", { fps: "24000/1001" }, { fps: 23.976 }],
  ["pictures at uneven times", { filter: "select='not(eq(mod(n,7),3)+eq(mod(n,11),5))'", codec: [...X264, "-pix_fmt", "yuv420p", "-vsync", "vfr", "-c:a", "aac"] }, { fps: 30 }],
  ["odd sides", { filter: "format=yuv444p,scale=639:359,setsar=1", codec: [...X264, "-pix_fmt", "yuv444p", "-c:a", "aac"] }, { width: 639, height: 359 }],
  ["wide pixels", { width: 480, height: 360, filter: "setsar=4/3" }, { width: 640, height: 360 }],
  ["ten bits", { codec: [...X264, "-pix_fmt", "yuv420p10le", "-c:a", "aac"] }, { hdr: false }],
  ["full range", { codec: [...X264, "-pix_fmt", "yuvj420p", "-c:a", "aac"] }, { hdr: false }],
  ["no sound", { sound: null }, { hasAudio: false, audioIndex: null }],
  ["a silent track", { sound: "anullsrc=r=44100:cl=stereo" }, { hasAudio: true }],
  ["one channel of telephone quality", { sound: "sine=sample_rate=8000" }, { hasAudio: true }],
  ["six channels", { sound: "aevalsrc='0.2*sin(880*t)|0.2*sin(990*t)|0.1*sin(660*t)|0|0.1*sin(770*t)|0.1*sin(550*t)':c=5.1:s=48000" }, { hasAudio: true }],
  ["an old phone's 3GP", { width: 352, height: 288, fps: 15, sound: "sine=sample_rate=8000", codec: ["-c:v", "h263", "-c:a", "aac", "-ac", "1"], name: "a.3gp" }, { videoCodec: "h263", fps: 15 }],
  ["a camera's AVI", { codec: ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "5", "-c:a", "pcm_s16le"], name: "a.avi" }, { videoCodec: "mjpeg", demuxer: "avi" }],
  ["a browser's WebM", { codec: ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"], name: "a.webm" }, { videoCodec: "vp9", demuxer: "matroska" }],
  ["a camcorder's transport stream", { codec: [...X264, "-pix_fmt", "yuv420p", "-c:a", "mp2"], name: "a.ts" }, { demuxer: "mpegts" }],
  ["a portrait HEVC as iPhones write it", { width: 360, height: 640, codec: ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-pix_fmt", "yuv420p", "-c:a", "aac"], name: "a.mov" }, { videoCodec: "hevc", width: 360, height: 640 }],
  ["a fragmented MP4 without a length", { fps: 25, codec: [...X264, "-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"] }, { fps: 25 }],
  ["interlaced fields", { filter: "interlace", fps: 50, codec: [...X264, "-flags", "+ildct+ilme", "-pix_fmt", "yuv420p", "-c:a", "aac"] }, { interlaced: true, fps: 25 }],
];

test.each(ODD)("given a clip with %s, then it plays: upright, as long as it was, in square pixels and stereo", async (_name, options, expected) => {
  const path = await makeVideo(place.dir, options);
  const { facts, first } = await encode(path);
  expect(facts).toMatchObject(expected);
  expect(Math.abs(facts.durationSec - 1.2)).toBeLessThan(0.1);
  const { streams, format } = await streamsOf(out("360.mp4"));
  const [picture, sound] = ["video", "audio"].map((type) => streams.find(({ codec_type }) => codec_type === type));
  expect(Math.abs(Number(format.duration) - facts.durationSec)).toBeLessThan(0.1);
  expect(picture).toMatchObject({ codec_name: "h264", pix_fmt: "yuv420p", color_space: "bt709", color_transfer: "bt709", width: first.renditions[0]?.width });
  expect(["1:1", undefined]).toContain(picture?.sample_aspect_ratio);
  expect(["progressive", "unknown", undefined]).toContain(picture?.field_order);
  if (facts.hasAudio) expect(sound).toMatchObject({ codec_name: "aac", channels: 2, sample_rate: "48000" });
  else expect(sound).toBeUndefined();
  expect(cornersOf(await pictureAt(out("360.mp4"), 0.5))).toEqual(CORNERS);
});

describe("given HDR", () => {
  test.each([["PQ", "smpte2084"], ["HLG", "arib-std-b67"]])("in %s, then grey stays about as bright as it was, in clip and poster", async (_name, transfer) => {
    const { can } = await describeTools();
    const grey = `${join(place.dir, "hdr.mp4")}`;
    const toHdr = `zscale=tin=bt709:min=bt709:pin=bt709:rin=tv:t=${transfer}:m=bt2020nc:p=bt2020:npl=100,format=yuv420p10le`;
    await ffmpeg(["-f", "lavfi", "-i", `color=c=0x808080:s=640x360:r=30:d=0.6,format=yuv444p,drawbox=x=0:y=0:w=160:h=90:color=red:t=fill,${toHdr}`, ...X264, "-color_trc", transfer, "-colorspace", "bt2020nc", "-color_primaries", "bt2020", grey]);
    const { facts } = await encode(grey);
    expect(facts).toMatchObject({ hdr: true, hdrPlain: !(can.zscale && can.tonemap) });
    await makePoster(grey, facts, place.ctx);
    for (const picture of [await pictureAt(out("360.mp4"), 0.3), await decoded(out("poster-360.jpg"))]) {
      const [red, green, blue] = pixelAt(picture, picture.width / 2, Math.floor(picture.height / 2));
      expect(Math.max(red, green, blue) - Math.min(red, green, blue)).toBeLessThan(10);
      expect(green).toBeGreaterThan(95);
      expect(green).toBeLessThan(160);
      expect(cornersOf(picture).topLeft).toBe("red");
    }
  });
});

test("given a place and names in a clip's tags, then no output holds them", async () => {
  const tags = ["-metadata", "location=+31.2304+121.4737/", "-metadata", "title=SECRETTITLE", "-metadata", "com.apple.quicktime.make=SECRETMAKE", "-metadata:s:v", "handler_name=SECRETHANDLER"];
  const path = await makeVideo(place.dir, { name: "a.mov", codec: [...X264, "-pix_fmt", "yuv420p", "-c:a", "aac", ...tags, "-movflags", "use_metadata_tags"] });
  const source = await readFile(path);
  expect(source.includes("+31.2304")).toBe(true);
  expect(source.includes("SECRETHANDLER")).toBe(true);
  const { facts, first } = await encode(path);
  await makePoster(path, facts, place.ctx);
  await finishVideo(facts, place.ctx, first.renditions);
  const names = await readdir(place.ctx.outDir);
  expect(names).toEqual(expect.arrayContaining(["360.mp4", "v360.mp4", "preview.mp4", "storyboard.jpg", "poster-360.jpg"]));
  for (const name of names) {
    const bytes = await readFile(out(name));
    for (const secret of ["+31.2304", "121.4737", "SECRET"]) expect(bytes.includes(secret), `${name} holds ${secret}`).toBe(false);
  }
});

test("given a large clip, then its rungs share their key frames, two seconds apart, and the playlists state what was measured", async () => {
  const path = await makeVideo(place.dir, { width: 1280, height: 720, sec: 4.5, fps: "30000/1001" });
  const { facts, first } = await encode(path);
  expect(first.renditions.map(({ name }) => name)).toEqual(["360", "540", "720"]);
  const times = await Promise.all(first.renditions.map(({ name }) => keyTimes(out(`${name}.mp4`))));
  expect(times[0]).toHaveLength(3);
  expect(times[1]).toEqual(times[0]);
  expect(times[2]).toEqual(times[0]);
  const [start = 0, second = 0, third = 0] = times[0] ?? [];
  expect(second - start).toBeCloseTo(2, 1);
  expect(third - start).toBeCloseTo(4, 1);

  const master = await readFile(out("master-1.m3u8"), "utf8");
  expect(master.match(/RESOLUTION=\d+x\d+/g)).toEqual(["RESOLUTION=640x360", "RESOLUTION=960x540", "RESOLUTION=1280x720"]);
  expect(master).toMatch(/CODECS="avc1\.6400[0-9a-f]{2},mp4a\.40\.2"/);
  expect(master).toContain("FRAME-RATE=29.970");
  for (const { name, bandwidthPeak, bandwidthAverage, bytes } of first.renditions) {
    expect(bandwidthPeak).toBeGreaterThanOrEqual(bandwidthAverage);
    expect(bandwidthAverage).toBeCloseTo((bytes * 8) / facts.durationSec, -4);
    expect(await readFile(out(`${name}.m3u8`), "utf8")).toContain(`#EXT-X-MAP:URI="${name}.mp4",BYTERANGE=`);
  }
  // What the playlist calls segments is what the file holds: every range begins with a fragment.
  const playlist = await readFile(out("360.m3u8"), "utf8");
  const file = await readFile(out("360.mp4"));
  const ranges = [...playlist.matchAll(/#EXT-X-BYTERANGE:(\d+)@(\d+)/g)].map(([, size, from]) => ({ size: Number(size), from: Number(from) }));
  expect(ranges).toHaveLength(3);
  for (const { from } of ranges) expect(["styp", "moof", "sidx"]).toContain(file.toString("latin1", from + 4, from + 8));
  expect(ranges.reduce((end, { size, from }) => (from === end ? from + size : -1), ranges[0]?.from ?? 0)).toBe(file.length);

  const made = await finishVideo(facts, place.ctx, first.renditions);
  expect(made.outputs.map(({ name }) => name)).toEqual(["v360.mp4", "v720.mp4", "storyboard.jpg", "storyboard.vtt", "preview.mp4"]);
  const plain = await readFile(out("v360.mp4"));
  expect(plain.indexOf("moov")).toBeLessThan(plain.indexOf("mdat"));
  expect(plain.includes("moof")).toBe(false);
  expect((await readFile(out("storyboard.vtt"), "utf8")).match(/#xywh=/g)).toHaveLength(3);
  expect((await streamsOf(out("preview.mp4"))).streams.map(({ codec_type }) => codec_type)).toEqual(["video"]);

  // Again: everything is there, so nothing runs and nothing changes.
  const again = await encodeFirst(path, facts, place.ctx);
  expect(again).toEqual({ ...first, cpuSec: 0, peakRssBytes: 0 });
  expect((await finishVideo(facts, place.ctx, first.renditions)).cpuSec).toBe(0);
});

test("given a clip of more than twenty seconds, then the smallest rung comes alone and the rest joins it in a new master", async () => {
  const path = await makeVideo(place.dir, { width: 960, height: 540, sec: 21, fps: 10, sound: null });
  const shares: number[] = [];
  place.ctx.onProgress = (share) => shares.push(share);
  const { facts, first } = await encode(path);
  expect(first.renditions.map(({ name }) => name)).toEqual(["360"]);
  expect(shares.at(-1)).toBeGreaterThan(0.9);
  const rest = await encodeRest(path, facts, place.ctx, first.renditions);
  expect(rest.renditions.map(({ name }) => name)).toEqual(["540"]);
  expect((await readFile(out("master-2.m3u8"), "utf8")).match(/^\d+\.m3u8$/gm)).toEqual(["360.m3u8", "540.m3u8"]);
  expect((await readFile(out("master-1.m3u8"), "utf8")).match(/^\d+\.m3u8$/gm)).toEqual(["360.m3u8"]);
  expect(await keyTimes(out("540.mp4"))).toEqual(await keyTimes(out("360.mp4")));
});

test("given a source of 1080, then the extras are its own size and AV1, listed last", async () => {
  const { can } = await describeTools();
  const path = await makeVideo(place.dir, { width: 1920, height: 1080, sec: 0.5, sound: null });
  const facts = await inspect(path);
  const extras = await encodeExtras(path, facts, place.ctx, []);
  expect(extras.renditions.map(({ name }) => name)).toEqual(can.libsvtav1 ? ["1080", "av1-720"] : ["1080"]);
  if (can.libsvtav1) expect(extras.renditions[1]?.codecs).toMatch(/^av01\.0\.\d\dM\.08$/);
  expect((await readFile(out("master-3.m3u8"), "utf8")).trim().split("\n").at(-1)).toBe(can.libsvtav1 ? "av1-720.m3u8" : "1080.m3u8");
});

test("given a clip that begins in the dark, then its poster and samples show something", async () => {
  const path = await makeVideo(place.dir, { sec: 2, sound: null, filter: "drawbox=x=0:y=0:w=iw:h=ih:color=black:t=fill:enable='lt(t,1)'" });
  const facts = await inspect(path);
  const { frames } = await makePoster(path, facts, place.ctx);
  expect(cornersOf(await decoded(out("poster-360.jpg")))).toEqual(CORNERS);
  expect(frames).toHaveLength(4);
  const { data, info } = await sharp(frames[0]?.png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(cornersOf({ data, width: info.width, height: info.height })).toEqual(CORNERS);
});

test("given an abort while it encodes, then the stage ends with its reason and leaves no file", async () => {
  const path = await makeVideo(place.dir, { sec: 2, sound: null });
  const facts = await inspect(path);
  const stop = new AbortController();
  const ctx = { ...place.ctx, signal: stop.signal, onProgress: () => stop.abort(new Error("shutting down")) };
  await expect(encodeFirst(path, facts, ctx)).rejects.toThrow("shutting down");
  expect(await readdir(place.ctx.outDir)).toEqual([]);
});

test.each([
  [{ constant: true, fps: 30 }, 30],
  [{ constant: true, fps: 29.98 }, 29.97],
  [{ constant: true, fps: 25.001 }, 25],
  [{ constant: true, fps: 59.94 }, 29.97],
  [{ constant: true, fps: 240 }, 30],
  [{ constant: true, fps: 40 }, 30],
  [{ constant: true, fps: 5 }, 30],
  [{ constant: true, fps: 18 }, 18],
  [{ constant: false, fps: 24 }, 30],
])("given a rate of %o, then the output has %d", (packets, fps) => {
  expect(outputFps(packets)).toBe(fps);
});
