import { mkdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import ffmpeg from "@ffmpeg-installer/ffmpeg";
import { listSeedClips } from "./seed/clip-content";
import { filmable, filmSeedClip } from "./seed/clip-film";

/**
 * Films the demo's clips into a directory, for looking at: `node --import tsx scripts/make-clips.ts --out DIR`;
 * `--only SLUG` for one. Beside each film stand its captions and its transcript.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: "string" }, only: { type: "string" }, ffmpeg: { type: "string" } } });
  if (!values.out) throw new Error("say where to: --out DIR");
  const directory = resolve(values.out);
  const all = (await listSeedClips()).filter(({ slug }) => !values.only || slug === values.only);
  const { clips, without } = await filmable(all);
  if (without.length > 0) console.error(`No font here has the letters of ${without.join(" and ")}; those clips are skipped. Installing fonts-noto-cjk brings Chinese.`);
  await mkdir(directory, { recursive: true });
  const startedAtMs = performance.now();
  for (const clip of clips) {
    const base = join(directory, `${clip.lang}-${clip.slug}`);
    const fromMs = performance.now();
    await filmSeedClip(clip, `${base}.mp4`, { ffmpegPath: values.ffmpeg ?? ffmpeg.path });
    await writeFile(`${base}.vtt`, clip.captions);
    await writeFile(`${base}.txt`, `${clip.transcript}\n`);
    const { size } = await stat(`${base}.mp4`);
    console.log(`${clip.lang} ${clip.slug}: ${clip.durationSec.toFixed(1)} s, ${(size / 1024).toFixed(0)} KiB, ${((performance.now() - fromMs) / 1000).toFixed(1)} s to film`);
  }
  console.log(`${clips.length} clips in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
