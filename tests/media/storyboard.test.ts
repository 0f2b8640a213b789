import { expect, test } from "vitest";
import { masterPlaylist } from "@media/package";
import { planStoryboard, storyboardTrack } from "@media/storyboard";
import type { Rendition } from "@media/types";

test.each([
  [0.5, 1, 2],
  [2, 1, 2],
  [2.05, 1, 2],
  [6, 3, 2],
  [120, 60, 2],
  [121, 31, 4],
  [181, 46, 4],
])("given %d s, then there are %d tiles, every %d s", (durationSec, tiles, intervalSec) => {
  const plan = planStoryboard({ width: 640, height: 360, durationSec });
  expect(plan).toMatchObject({ tiles, intervalSec, tileWidth: 160, tileHeight: 90 });
  expect(plan.columns * plan.rows).toBeGreaterThanOrEqual(tiles);
});

test("given a tall clip, then tiles are tall", () => {
  expect(planStoryboard({ width: 360, height: 640, durationSec: 10 })).toMatchObject({ tileWidth: 90, tileHeight: 160 });
});

test("given a plan of two rows, then every cue names its part of the sprite and the last ends with the clip", () => {
  const plan = planStoryboard({ width: 640, height: 360, durationSec: 23.5 });
  const cues = storyboardTrack(plan, 23.5).trim().split("\n\n");
  expect(cues[0]).toBe("WEBVTT");
  expect(cues[1]).toBe("00:00:00.000 --> 00:00:02.000\nstoryboard.jpg#xywh=0,0,160,90");
  expect(cues[11]).toBe("00:00:20.000 --> 00:00:22.000\nstoryboard.jpg#xywh=0,90,160,90");
  expect(cues.at(-1)).toBe("00:00:22.000 --> 00:00:23.500\nstoryboard.jpg#xywh=160,90,160,90");
});

test("given rungs in any order, then the master lists the lowest first and AV1 last, with measured figures", () => {
  const rung = (name: Rendition["name"], codecs: string): Rendition => ({ name, width: 640, height: 360, bytes: 1, codecs, bandwidthPeak: 900, bandwidthAverage: 800, frameRate: 29.97 });
  const master = masterPlaylist([rung("av1-720", "av01.0.05M.08"), rung("720", "avc1.64001f"), rung("360", "avc1.64001e,mp4a.40.2")]);
  expect(master.split("\n").filter((line) => line.endsWith(".m3u8"))).toEqual(["360.m3u8", "720.m3u8", "av1-720.m3u8"]);
  expect(master).toContain('#EXT-X-STREAM-INF:BANDWIDTH=900,AVERAGE-BANDWIDTH=800,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970\n360.m3u8');
});
