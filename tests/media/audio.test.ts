import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { gainFor, makeAudio } from "@media/audio";
import { sniffFile } from "@media/sniff";
import { inspectVideo } from "@media/video";
import { ffprobe, makeVideo, openWorkplace, type Workplace } from "../support/video-clips";

let place: Workplace;
beforeEach(async () => {
  place = await openWorkplace();
});
afterEach(() => place.close());
vi.setConfig({ testTimeout: 120_000 });

test.each([
  ["a loud one comes down", { integrated: -6, peak: -0.1 }, -10],
  ["a very loud one by no more than 24", { integrated: 12, peak: 0 }, -24],
  ["a soft one comes up", { integrated: -22, peak: -12 }, 6],
  ["a very soft one by no more than 12", { integrated: -50, peak: -40 }, 12],
  ["peaks are not cut", { integrated: -22, peak: -4 }, 2.5],
  ["peaks at the top leave no room", { integrated: -22, peak: -0.5 }, 0],
  ["a silent room stays silent", { integrated: -65, peak: -50 }, 0],
  ["digital silence too", { integrated: -Infinity, peak: -Infinity }, 0],
  ["what cannot be measured is left alone", { integrated: Number.NaN, peak: Number.NaN }, 0],
])("given %s: %o, then the gain is %d dB", (_name, loudness, gain) => {
  expect(gainFor(loudness)).toBeCloseTo(gain, 5);
});

test.each([
  ["loud mono", "sine=frequency=440:sample_rate=44100,volume=16dB"],
  ["soft stereo", "aevalsrc='0.06*sin(2764*t)|0.06*sin(3000*t)':c=stereo:s=48000"],
  ["six channels", "aevalsrc='0.1*sin(2764*t)|0.1*sin(3000*t)|0.1*sin(2500*t)|0|0.05*sin(2200*t)|0.05*sin(2000*t)':c=5.1:s=48000"],
])("given %s, then the sound is stereo at about -16 LUFS", async (_name, sound) => {
  const path = await makeVideo(place.dir, { width: 64, height: 64, sec: 2, sound });
  const { facts } = await inspectVideo(path, await sniffFile(path), place.ctx);
  const audio = await makeAudio({ source: path, facts, ctx: place.ctx });
  expect(audio?.path).toBe(join(place.ctx.workDir, "audio.m4a"));
  const graph = `amovie='${audio?.path}',ebur128=metadata=1`;
  const { frames } = await ffprobe<{ frames: { tags?: Record<string, string> }[] }>(graph, "-f", "lavfi", "-show_entries", "frame_tags=lavfi.r128.I");
  const loudness = Number(frames.findLast(({ tags }) => tags?.["lavfi.r128.I"])?.tags?.["lavfi.r128.I"]);
  expect(Math.abs(loudness + 16)).toBeLessThan(1.5);
  const again = await makeAudio({ source: path, facts, ctx: place.ctx });
  expect(again).toEqual({ path: audio?.path, cpuSec: 0, peakRssBytes: 0 });
});

test("given a clip without sound, then there is none", async () => {
  const path = await makeVideo(place.dir, { sound: null });
  const { facts } = await inspectVideo(path, await sniffFile(path), place.ctx);
  expect(await makeAudio({ source: path, facts, ctx: place.ctx })).toBeNull();
});
