import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { convertHeic, findHeicDecoder } from "@media/heic";
import { processImage } from "@media/image";
import type { PictureHeader } from "@media/image-guard";
import { sniffFile } from "@media/sniff";

const SAMPLES = join(import.meta.dirname, "../../../shared/media-samples");
const IPHONE = join(SAMPLES, "i02_heic_iphone_p3_gps.heic");
const SAMSUNG = join(SAMPLES, "i03_samsung_motionphoto.heic");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "goldbean-heic-"));
  await mkdir(join(folder, "out"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const run = async (source: string) => processImage({ source, sniffed: await sniffFile(source), outDir: join(folder, "out"), ctx: { workDir: folder, outDir: join(folder, "out") } });

describe.skipIf(!existsSync(SAMPLES) || !findHeicDecoder())("photos of phones", () => {
  test.each([
    [IPHONE, 4032, 3024],
    [SAMSUNG, 3000, 4000],
  ])("%s is taken upright, %i × %i, and keeps neither place nor film", async (source, width, height) => {
    const result = await run(source);
    expect(result).toMatchObject({ width, height, animated: false });
    const made = await readdir(join(folder, "out"));
    expect(made).toHaveLength(8);
    for (const name of made) {
      const bytes = await readFile(join(folder, "out", name));
      for (const trace of ["GPS", "Exif", "EXIF", "ftyp", "mdat", "MotionPhoto"]) expect(bytes.includes(trace), `${trace} in ${name}`).toBe(false);
    }
    const { width: madeWidth, height: madeHeight } = await sharp(join(folder, "out", "1600.jpg")).metadata();
    expect(madeHeight! > madeWidth!).toBe(height > width);
    expect(await readdir(folder)).toEqual(["out"]);
  });

  test("half of one is refused, and nothing is left", async () => {
    const half = join(folder, "half.heic");
    await writeFile(half, (await readFile(IPHONE)).subarray(0, 400_000));
    await expect(run(half)).rejects.toMatchObject({ reason: expect.stringMatching(/^(truncated|corrupt)$/) });
    expect((await readdir(folder)).sort()).toEqual(["half.heic", "out"]);
    expect(await readdir(join(folder, "out"))).toEqual([]);
  });
});

test("without a decoder it is refused by its own name, so that the page can say what to do", async () => {
  const header: PictureHeader = { format: "heif", width: 4032, height: 3024, orientation: 1, frames: 1, compression: "hevc", bitsPerSample: 8, hasProfile: true };
  await expect(convertHeic({ source: join(folder, "photo.heic"), header, ctx: { workDir: folder, outDir: folder }, program: null })).rejects.toMatchObject({ reason: "heic_unsupported" });
});
