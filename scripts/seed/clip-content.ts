import { readdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { cueTimes, onFrame, SCENE_TAIL_SEC, toVtt, type Cue } from "./clip-captions";
import { Scene, wordsOf } from "./clip-scenes";
import { SeedComment } from "./content";

/**
 * The demo's clips, read from files that a writer can edit: one YAML file a clip, with its words, its scenes and the
 * formula behind every number. A file that does not fit its shape stops the seed with the file's name.
 */
const FOLDER = resolve("scripts/seed");
const LANGS = ["zh-CN", "en"] as const;
const CLIPS_MAX = 200;
const DURATION_SEC_MIN = 20;
const DURATION_SEC_MAX = 60;

const Figure = z.strictObject({ says: z.string().min(1), is: z.string().min(1), digits: z.int().min(0).max(6) });

const ClipFile = z.strictObject({
  title: z.string().min(4).max(60),
  author: z.string().regex(/^[a-z0-9_]{2,20}$/),
  topics: z.array(z.string()).min(1).max(3),
  description: z.string().min(10).max(300),
  /** Hours before the day of the seed. */
  hoursAgo: z.int().min(1).max(2_400),
  views: z.int().min(0),
  /** How warmly it was received, 0 to 1. */
  heat: z.number().min(0).max(1),
  figures: z.array(Figure).default([]),
  /** Numbers that are assumed and not computed, as they stand in the text. */
  given: z.array(z.string().min(1)).default([]),
  scenes: z.array(Scene).min(2).max(10),
  comments: z.array(SeedComment).default([]),
});

export interface TimedScene {
  scene: Scene;
  startSec: number;
  endSec: number;
  cues: Cue[];
}

export interface SeedClip extends Omit<z.infer<typeof ClipFile>, "scenes"> {
  slug: string;
  lang: (typeof LANGS)[number];
  /** Relative to scripts/seed, for messages. */
  file: string;
  scenes: TimedScene[];
  durationSec: number;
  /** WebVTT. */
  captions: string;
  /** Plain text, a paragraph a scene: what is said, then what the picture shows. */
  transcript: string;
}

/** All clips, oldest first. Throws for a file that does not fit its shape, and for an unknown member or topic. */
export async function listSeedClips(): Promise<SeedClip[]> {
  const clips: SeedClip[] = [];
  const known = { handles: await keysOf("members.yaml", "handle"), slugs: await keysOf("topics.yaml", "slug") };
  for (const lang of LANGS) {
    const names = (await readdir(join(FOLDER, "clips", lang))).filter((name) => name.endsWith(".yaml")).sort();
    for (const name of names.slice(0, CLIPS_MAX)) clips.push(await readClip(lang, name, known));
  }
  return clips.sort((a, b) => b.hoursAgo - a.hoursAgo || a.slug.localeCompare(b.slug));
}

interface Known {
  handles: Set<string>;
  slugs: Set<string>;
}

async function keysOf(name: string, key: string): Promise<Set<string>> {
  const rows = z.array(z.looseObject({ [key]: z.string() })).parse(parse(await readFile(join(FOLDER, name), "utf8")));
  return new Set(rows.map((row) => String(row[key])));
}

async function readClip(lang: SeedClip["lang"], name: string, known: Known): Promise<SeedClip> {
  const file = join("clips", lang, name);
  const result = ClipFile.safeParse(parse(await readFile(join(FOLDER, file), "utf8")));
  if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
  const { scenes: written, ...facts } = result.data;
  const writers = [facts.author, ...rowsOf(facts.comments).map(({ by }) => by)];
  for (const writer of writers) if (!known.handles.has(writer)) throw new Error(`${file}: unknown member ${writer}`);
  for (const topic of facts.topics) if (!known.slugs.has(topic)) throw new Error(`${file}: unknown topic ${topic}`);
  const scenes = timeScenes(written, lang, file);
  const durationSec = scenes.at(-1)?.endSec ?? 0;
  if (durationSec < DURATION_SEC_MIN || durationSec > DURATION_SEC_MAX) throw new Error(`${file}: lasts ${durationSec.toFixed(1)} s, which is not ${DURATION_SEC_MIN} to ${DURATION_SEC_MAX}`);
  const cues = scenes.flatMap((scene) => scene.cues);
  return { ...facts, slug: name.replace(/\.yaml$/, ""), lang, file, scenes, durationSec, captions: toVtt(cues), transcript: transcriptOf(scenes, lang) };
}

/** Each comment before its replies. */
export function rowsOf(comments: readonly SeedComment[]): Omit<SeedComment, "replies">[] {
  return comments.flatMap((comment) => [comment, ...comment.replies]);
}

/** A scene lasts as long as its captions take to read, so the two cannot drift apart. */
function timeScenes(written: readonly Scene[], lang: SeedClip["lang"], file: string): TimedScene[] {
  const timed: TimedScene[] = [];
  let startSec = 0;
  for (const [index, scene] of written.entries()) {
    const cues = cueTimes(scene.say, { lang, startSec, file });
    const isLast = index === written.length - 1;
    const endSec = onFrame((cues.at(-1)?.endSec ?? startSec) + (isLast ? SCENE_TAIL_SEC : 0));
    timed.push({ scene, startSec, endSec, cues });
    startSec = endSec;
  }
  return timed;
}

function transcriptOf(scenes: readonly TimedScene[], lang: SeedClip["lang"]): string {
  const [gap, open, comma, close] = lang === "en" ? [" ", "[On screen: ", "; ", "]"] : ["", "【画面：", "；", "】"];
  return scenes
    .map(({ scene, cues }) => `${cues.map(({ lines }) => lines.join(gap)).join(lang === "en" ? " " : "。")}${lang === "en" ? "" : "。"}\n${open}${wordsOf(scene).join(comma)}${close}`)
    .join("\n\n")
    .replace(/([。？！：；，…])。/g, "$1");
}
