import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { describeTools, findTools, inputArgs, requireSuccess, requireTools, type FfmpegResult } from "@media/ffmpeg";
import { normalise, rateOf } from "@media/filters";
import { encodeArgs } from "@media/transcode";
import { ladder } from "@media/ladder";
import type { VideoFacts } from "@media/types";

vi.setConfig({ testTimeout: 120_000 });

test("given programs in the settings, then they come before the system's", async () => {
  const dir = await mkdtemp(join(tmpdir(), "goldbean-tools-"));
  try {
    for (const name of ["ffmpeg", "ffprobe"]) {
      await writeFile(join(dir, name), "#!/bin/sh\n");
      await chmod(join(dir, name), 0o755);
    }
    const both = { ffmpeg: { path: join(dir, "ffmpeg"), origin: "settings" }, ffprobe: { path: join(dir, "ffprobe"), origin: "settings" } };
    expect(findTools({ ffmpegPath: join(dir, "ffmpeg"), ffprobePath: join(dir, "ffprobe") })).toEqual(both);
    expect(findTools({ ffmpegBin: dir })).toEqual(both);
    expect(findTools({ ffmpegBin: join(dir, "ffmpeg") })).toEqual(both);
    await rm(join(dir, "ffprobe"));
    const mixed = findTools({ ffmpegPath: join(dir, "ffmpeg") });
    expect(mixed.ffmpeg?.origin).toBe("settings");
    expect(mixed.ffprobe?.origin).not.toBe("settings");
  } finally {
    await rm(dir, { recursive: true });
  }
});

test("given settings that name no program, then another is found and an operator is told", async () => {
  const tools = await describeTools({ ffmpegPath: "/nowhere/ffmpeg" });
  expect(tools.ffmpeg?.origin).not.toBe("settings");
  expect(tools.notices.join(" ")).toContain("FFMPEG_PATH");
});

test("given a program that is no ffmpeg, then videos are refused with a reason and not with a crash", async () => {
  const tools = await describeTools({ ffmpegPath: "/usr/bin/true" });
  expect(tools.version).toBeNull();
  await expect(requireTools(tools)).rejects.toMatchObject({ name: "MediaRejected", reason: "encoder_missing" });
});

test("given the tools of this machine, then their abilities are known", async () => {
  const tools = await requireTools();
  expect(tools.version).toMatch(/\d/);
  expect(tools.year).toBeGreaterThan(2000);
  expect(tools.can).toMatchObject({ libx264: true, aac: true, ebur128: true });
});

test("given any input, then protocols, formats and decoders are listed, and the demuxer is forced, in front of it", () => {
  const args = inputArgs("/a/b.mp4", "mov");
  const before = args.slice(0, args.indexOf("-i"));
  for (const option of ["-protocol_whitelist", "-format_whitelist", "-codec_whitelist", "-max_pixels", "-f"]) expect(before).toContain(option);
  expect(args.slice(-2)).toEqual(["-i", "file:/a/b.mp4"]);
});

const FACTS: VideoFacts = {
  width: 1920,
  height: 1080,
  durationSec: 10,
  fps: 30,
  hasAudio: true,
  hdr: false,
  hdrPlain: false,
  interlaced: false,
  videoCodec: "h264",
  demuxer: "mov",
  videoIndex: 0,
  audioIndex: 1,
  color: { transfer: null, primaries: null, matrix: null, range: null },
};
const ALL = { can: { libx264: true, aac: true, libsvtav1: true, zscale: true, tonemap: true, setparams: true, bwdif: true, yadif: true, ebur128: true, alimiter: true, thumbnail: true } };

test("given an encode, then every input of it is guarded, metadata is dropped in every output, and one decode feeds all", () => {
  const rungs = ladder(FACTS).filter(({ codec }) => codec === "h264");
  const args = encodeArgs({ source: "/s", facts: FACTS, rungs, audioPath: "/a", tools: ALL });
  const count = (word: string): number => args.filter((arg) => arg === word).length;
  expect(count("-i")).toBe(2);
  expect(count("-protocol_whitelist")).toBe(2);
  expect(count("hls")).toBe(4);
  expect(count("-map_metadata")).toBe(4);
  const graph = args[args.indexOf("-filter_complex") + 1] ?? "";
  expect(graph.match(/\[0:0\]/g)).toHaveLength(1);
  expect(graph.match(/split=2/g)).toHaveLength(3);
});

test("given HDR and an ffmpeg that cannot map tones, then it is converted plainly", () => {
  const facts = { ...FACTS, hdr: true, color: { ...FACTS.color, transfer: "smpte2084" } };
  const size = { width: 640, height: 360 };
  expect(normalise(facts, size, ALL)).toContain("tonemap=");
  const plain = normalise(facts, size, { can: { ...ALL.can, zscale: false } });
  expect(plain).not.toContain("zscale");
  expect(plain).toContain("scale=640:360");
});

test("given untagged colours, then a large picture is taken for BT.709 and a small one for BT.601", () => {
  const size = { width: 640, height: 360 };
  expect(normalise(FACTS, size, ALL)).toContain("in_color_matrix=bt709");
  expect(normalise({ ...FACTS, height: 480 }, size, ALL)).toContain("in_color_matrix=smpte170m");
  expect(normalise({ ...FACTS, color: { ...FACTS.color, matrix: "bt2020nc" } }, size, ALL)).toContain("in_color_matrix=auto");
});

test.each([[30, "30"], [29.97, "30000/1001"], [23.976, "24000/1001"], [14.985, "15000/1001"], [18.5, "18500/1000"]])("given %d a second, then ffmpeg is told %s", (fps, rate) => {
  expect(rateOf(fps)).toBe(rate);
});

const RESULT: FfmpegResult = { code: 0, stdout: "", stdoutCut: false, stderr: "", cpuSec: 0, peakRssBytes: 0, errors: [] };

test("given an exit code, then the sender's fault is told from ours", () => {
  expect(() => requireSuccess(RESULT, "x")).not.toThrow();
  expect(() => requireSuccess({ ...RESULT, code: 69 }, "x")).toThrow(expect.objectContaining({ reason: "corrupt" }));
  expect(() => requireSuccess({ ...RESULT, code: 1, errors: ["[error] file: Invalid data found when processing input"] }, "x")).toThrow(expect.objectContaining({ reason: "corrupt" }));
  expect(() => requireSuccess({ ...RESULT, code: 1, errors: ["[error] No space left on device"] }, "x")).toThrow(expect.objectContaining({ name: "Error" }));
  expect(() => requireSuccess({ ...RESULT, code: null }, "x")).toThrow(/signal/);
  const tagged = { ...RESULT, code: 1, stderr: "[info]     location        : +31.2304+121.4737/", errors: ["[error] No space left on device"] };
  expect(() => requireSuccess(tagged, "x")).toThrow(/^x: ffmpeg ended with 1: \[error\] No space left on device$/);
  expect(() => requireSuccess({ ...tagged, errors: [] }, "x")).toThrow(/no reason$/);
});
