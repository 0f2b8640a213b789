import { spawnSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ffmpeg from "@ffmpeg-installer/ffmpeg";
import ffprobe from "@ffprobe-installer/ffprobe";
import { expect, test } from "vitest";
import { clipProblemsOf } from "../../scripts/clip-figures";
import { LINE_MAX, lengthOf } from "../../scripts/seed/clip-captions";
import { listSeedClips, rowsOf, type SeedClip } from "../../scripts/seed/clip-content";
import { canDraw, FRAME, inkOf, rasterise, STAGE, type Sprite } from "../../scripts/seed/clip-drawing";
import { filmable, filmSeedClip } from "../../scripts/seed/clip-film";
import { layOut } from "../../scripts/seed/clip-layout";
import { BAND, frameCount, makeReel } from "../../scripts/seed/clip-motion";
import { toneBed } from "../../scripts/seed/clip-sound";
import { loadSeedContent } from "../../scripts/seed/content";

/** Listing already refuses an unknown member or topic, a caption too long for a phone, and a clip too short or too long. */
const clips = await listSeedClips();
/** Pictures are looked at only where the machine has the letters; the numbers are checked everywhere. */
const { clips: drawable } = await filmable(clips);
const hasChinese = await canDraw("zh-CN");

function clip(slug: string): SeedClip {
  const found = clips.find((one) => one.slug === slug);
  if (!found) throw new Error(`no clip ${slug}`);
  return found;
}

test("there are enough clips in both languages, each of 20 to 60 seconds, under names of their own", () => {
  expect(clips.filter(({ lang }) => lang === "zh-CN").length).toBeGreaterThanOrEqual(8);
  expect(clips.filter(({ lang }) => lang === "en").length).toBeGreaterThanOrEqual(5);
  expect(clips.length).toBeGreaterThanOrEqual(14);
  expect(clips.filter(({ durationSec }) => durationSec < 20 || durationSec > 60)).toEqual([]);
  expect(new Set(clips.map(({ slug, lang }) => `${lang}/${slug}`)).size).toBe(clips.length);
});

test("every number in the clips is computed or declared as given, and every drawn value is what its formula gives", () => {
  expect(clips.flatMap(clipProblemsOf)).toEqual([]);
});

test("given a clip with a wrong figure, a wrong value or a number from nowhere, then each is found", () => {
  const right = clip("monthly-fee-half-percent");
  const [first, ...rest] = right.figures;
  const wrongFigure = { ...right, figures: [{ says: "10.9%", is: "flatFeeApr(0.006, 12) * 100", digits: 1 }, ...rest] };
  expect(first?.says).toBe("10.9%");
  expect(clipProblemsOf(wrongFigure)).toEqual([expect.stringContaining('says "10.9%"')]);
  const scenes = structuredClone(right.scenes);
  const bars = scenes.find(({ scene }) => scene.kind === "bars")?.scene;
  if (bars?.kind === "bars" && bars.rows[1]?.parts[0]) bars.rows[1].parts[0].value = 11.9;
  expect(clipProblemsOf({ ...right, scenes })).toEqual([expect.stringContaining("draws 11.9")]);
  expect(clipProblemsOf({ ...right, description: "一年 13.7%。" })).toEqual([expect.stringContaining("neither computed nor given")]);
});

test("given a comment with a number from nowhere, then it is found", () => {
  const right = clip("monthly-fee-half-percent");
  const comments = [{ by: "xiaoman", at: 1, text: "我算出来是 11.7%。", replies: [] }];
  expect(clipProblemsOf({ ...right, comments: [...right.comments, ...comments] })).toEqual([expect.stringContaining('"我算出来是 11.7%。" is neither computed nor given')]);
});

test("every clip is talked about by members who answer one another, each after what it answers and before now", () => {
  const { members } = loadSeedContent();
  const joinedHoursAgo = new Map(members.map(({ handle, joinedDaysAgo }) => [handle, joinedDaysAgo * 24]));
  for (const { comments, hoursAgo, file } of clips) {
    const rows = rowsOf(comments);
    expect(rows.length, file).toBeGreaterThanOrEqual(3);
    expect(rows.length, file).toBeLessThanOrEqual(8);
    expect(comments.some(({ replies }) => replies.length > 0), file).toBe(true);
    expect(new Set(rows.map(({ by }) => by)).size, file).toBeGreaterThanOrEqual(3);
    expect(comments.filter(({ at, replies }) => replies.some((reply) => reply.at <= at)), file).toEqual([]);
    expect(rows.filter(({ at }) => at >= hoursAgo), file).toEqual([]);
    expect(rows.filter(({ by, at }) => hoursAgo - at > (joinedHoursAgo.get(by) ?? 0)), file).toEqual([]);
  }
});

test("no comment stands under two clips, or under a clip and an article", () => {
  const { posts } = loadSeedContent();
  const texts = [...clips, ...posts].flatMap(({ comments }) => rowsOf(comments).map(({ text }) => text));
  expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([]);
});

test("captions follow one another without a gap, stay within their scene, and fit a phone", () => {
  for (const { scenes, lang, durationSec, file } of clips) {
    const cues = scenes.flatMap((scene) => scene.cues);
    for (const [index, { startSec, lines }] of cues.entries()) {
      expect(startSec, file).toBe(cues[index - 1]?.endSec ?? 0);
      for (const line of lines) expect(lengthOf(line, lang), line).toBeLessThanOrEqual(LINE_MAX[lang]);
    }
    for (const { startSec, endSec, cues: own } of scenes) {
      expect(own[0]?.startSec, file).toBe(startSec);
      expect(own.at(-1)?.endSec ?? Infinity, file).toBeLessThanOrEqual(endSec);
    }
    expect(scenes.at(-1)?.endSec, file).toBe(durationSec);
  }
});

test("given a clip, when its captions are read as WebVTT, then every cue is there with its times", () => {
  const { captions, scenes } = clip("monthly-fee-half-percent");
  expect(captions.startsWith("WEBVTT\n\n1\n00:00:00.000 --> 00:00:0")).toBe(true);
  expect([...captions.matchAll(/^\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}$/gm)]).toHaveLength(scenes.flatMap(({ cues }) => cues).length);
});

test("the transcript holds every caption and every word of the pictures", () => {
  for (const { transcript, scenes, file } of clips) {
    for (const line of scenes.flatMap(({ cues }) => cues.flatMap(({ lines }) => lines))) expect(transcript, file).toContain(line);
    for (const { scene } of scenes) expect(transcript, file).toContain(scene.headline);
  }
});

test("nothing that is drawn reaches under the captions, the buttons or the tabs, no word is cut off, and nothing lies on anything else", async () => {
  const outside: string[] = [];
  for (const { scenes, lang, file } of drawable) {
    for (const timed of scenes) {
      const parts = layOut(timed, { lang, isFirst: false });
      const sprites = await rasterise(parts.map(({ box, markup, frames }) => ({ box, markup: frames?.at(-1) ?? markup })));
      const problems = [...sprites.flatMap(problemOf), ...overlapsOf(sprites.filter((_, index) => parts[index]?.enter !== "wipe"))];
      outside.push(...problems.map((problem) => `${file}: "${timed.scene.headline}": ${problem}`));
    }
  }
  expect(outside).toEqual([]);
});

/** The rail of buttons stands beside what is below the headline only. */
function problemOf(sprite: Sprite): string[] {
  const ink = inkOf(sprite);
  if (!ink) return ["nothing is drawn"];
  const rightMax = sprite.y < STAGE.top ? STAGE.headRight : STAGE.right + 8;
  const bounds = [
    [ink.x >= STAGE.left - 16, `starts at ${ink.x}`],
    [ink.x + ink.width <= rightMax, `ends at ${ink.x + ink.width}`],
    [ink.y >= STAGE.top, `begins at ${ink.y}`],
    [ink.y + ink.height <= STAGE.bottom, `reaches down to ${ink.y + ink.height}`],
  ] as const;
  return bounds.flatMap(([isRight, problem]) => (isRight ? [] : [problem]));
}

/** Words and bars never lie on one another; lines may run past a label. */
function overlapsOf(sprites: readonly Sprite[]): string[] {
  const inks = sprites.flatMap((sprite) => inkOf(sprite) ?? []);
  return inks.flatMap((one, index) =>
    inks
      .slice(index + 1)
      .filter((other) => one.x < other.x + other.width && other.x < one.x + one.width && one.y < other.y + other.height && other.y < one.y + one.height)
      .map((other) => `something at ${one.x},${one.y} lies on something at ${other.x},${other.y}`),
  );
}

test("the reel moves only when something moves, and ends with the clip", async () => {
  const english = clip("five-minute-rule");
  const { frames, pictures } = await makeReel(english);
  expect(frames[0]).toBe(0);
  expect(frames.at(-1)).toBe(frameCount(english));
  expect(frames.every((frame, index) => index === 0 || frame >= (frames[index - 1] ?? 0))).toBe(true);
  expect(frames.length).toBeLessThan(frameCount(english) / 2);
  let count = 0;
  for (const picture of pictures()) {
    expect(picture.length).toBe(FRAME.width * BAND.height * 3);
    count += 1;
  }
  expect(count).toBe(frames.length);
});

test("given the same clip twice, then its pictures and its tones are the same to the byte", async () => {
  const english = clip("why-the-long-bond-moves");
  const [once, again] = [await makeReel(english), await makeReel(english)];
  const others = again.pictures();
  for (const picture of once.pictures()) expect(picture.equals(others.next().value as Buffer)).toBe(true);
  expect(others.next().done).toBe(true);
  expect(toneBed(english).equals(toneBed(english))).toBe(true);
});

test("given a clip, when it is filmed, then it is an upright MP4 of 25 frames a second with sound, as long as its captions say", async () => {
  const directory = await mkdtemp(join(tmpdir(), "goldbean-clips-"));
  const english = clip("twenty-five-or-thirty-five");
  const path = join(directory, "clip.mp4");
  try {
    await filmSeedClip(english, path, { ffmpegPath: ffmpeg.path });
    const { stdout } = spawnSync(ffprobe.path, ["-v", "error", "-of", "json", "-show_streams", path], { encoding: "utf8" });
    const { streams } = JSON.parse(stdout) as { streams: Record<string, unknown>[] };
    expect(streams).toHaveLength(2);
    expect(streams[0]).toMatchObject({ codec_name: "h264", width: 720, height: 1280, r_frame_rate: "25/1", nb_frames: String(frameCount(english)), pix_fmt: "yuv420p", color_space: "bt709" });
    expect(streams[1]).toMatchObject({ codec_name: "aac", sample_rate: "48000" });
    expect(Number(streams[0]?.duration)).toBeCloseTo(english.durationSec, 2);
    expect((await stat(path)).size).toBeLessThan(2_000_000);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}, 60_000);

test("given an ffmpeg that refuses, when a clip is filmed, then its complaint is passed on", async () => {
  await expect(filmSeedClip(clip("five-minute-rule"), join(tmpdir(), "no", "such", "folder", "clip.mp4"), { ffmpegPath: ffmpeg.path })).rejects.toThrow(/ffmpeg ended with/);
}, 60_000);

test("a machine that has a Chinese font films every clip; one without leaves the Chinese ones out and says so", async () => {
  const { clips: able, without } = await filmable(clips);
  expect(without).toEqual(hasChinese ? [] : ["zh-CN"]);
  expect(able).toHaveLength(hasChinese ? clips.length : clips.filter(({ lang }) => lang === "en").length);
});

test.skipIf(drawable.length === 0)("filming that is stopped says so, and nothing of it is left unanswered", async () => {
  const folder = await mkdtemp(join(tmpdir(), "goldbean-film-"));
  try {
    const stopping = new AbortController();
    const filming = filmSeedClip(drawable[0] as SeedClip, join(folder, "film.mp4"), { ffmpegPath: ffmpeg.path, signal: stopping.signal });
    setImmediate(() => stopping.abort());
    await expect(filming).rejects.toThrow("aborted");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
