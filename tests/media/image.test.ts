import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addAvif, processImage, rungsOf, type ImageResult } from "@media/image";
import { sniffFile } from "@media/sniff";
import { readStatedColors, toSrgb } from "@media/wide-color";
import { animate, draw, insertSegment, makeHostileFiles, makeScene, makeScreenshot, makeTextBomb, makeZeroPng, transpose, type Scene } from "../support/pictures";

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "goldbean-image-"))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const out = () => join(folder, "out");
const work = () => join(folder, "work");

async function run(bytes: Buffer, step = processImage): Promise<ImageResult> {
  const source = join(folder, "source");
  await writeFile(source, bytes);
  for (const path of [out(), work()]) await mkdir(path, { recursive: true });
  return step({ source, sniffed: await sniffFile(source), outDir: out(), ctx: { workDir: work(), outDir: out() } });
}

const output = (name: string) => readFile(join(out(), name));
async function pixelOf(bytes: Buffer, u: number, v: number): Promise<number[]> {
  const { data, info } = await sharp(bytes).toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const at = (Math.floor(v * info.height) * info.width + Math.floor(u * info.width)) * info.channels;
  return [...data.subarray(at, at + info.channels)];
}
const expectNear = (found: number[], wanted: number[], off: number) => wanted.forEach((value, at) => expect(Math.abs(found[at]! - value), `${found} is ${wanted}`).toBeLessThanOrEqual(off));
function plain(width: number, height: number, color: number[]): Scene {
  return { data: Buffer.from(Uint8Array.from({ length: width * height * 3 }, (_, at) => color[at % 3]!)), width, height, channels: 3 };
}

describe("sizes", () => {
  test.each([
    [4000, 3000, ["320x240", "640x480", "1080x810", "1600x1200"]],
    [800, 533, ["320x213", "640x426", "800x533"]],
    [640, 480, ["320x240", "640x480"]],
    [300, 300, ["300x300"]],
    [1, 1, ["1x1"]],
    [1080, 40_000, ["320x11852", "432x16000", "432x16000"]],
    [9000, 3, ["320x1", "640x1", "1080x1", "1600x1"]],
  ])("%i × %i → %j", (width, height, sizes) => {
    expect(rungsOf({ width, height }).map((rung) => `${rung.width}x${rung.height}`)).toEqual(sizes);
  });

  test("every width comes as JPEG and WebP, in the size that is said", async () => {
    const { files, width, height, thumbhash, animated } = await run(await draw(makeScene(1200, 800)).jpeg().toBuffer());
    expect({ width, height, animated }).toEqual({ width: 1200, height: 800, animated: false });
    expect(files.map(({ name }) => name)).toEqual(["320.jpg", "320.webp", "640.jpg", "640.webp", "1080.jpg", "1080.webp", "1600.jpg", "1600.webp"]);
    for (const file of files) {
      const found = await sharp(join(out(), file.name)).metadata();
      expect([found.width, found.height, found.mediaType]).toEqual([file.width, file.height, file.type]);
      expect((await output(file.name)).length).toBe(file.bytes);
    }
    expect(Buffer.from(thumbhash, "base64").length).toBeLessThan(30);
    expect((await readdir(out())).sort()).toEqual(files.map(({ name }) => name).sort());
    expect(await readdir(work())).toEqual([]);
  });

  test("a second run writes the same bytes", async () => {
    const bytes = await draw(makeScene(500, 300)).jpeg().toBuffer();
    await run(bytes);
    const before = await Promise.all((await readdir(out())).map(output));
    await run(bytes);
    expect(await Promise.all((await readdir(out())).map(output))).toEqual(before);
  });

  test("AVIF comes later, at the same widths, and from the largest JPEG too", async () => {
    await run(await draw(makeScene(800, 533)).jpeg().toBuffer());
    const { files } = await run(await output("1080.jpg"), async (input) => ({ files: await addAvif(input) }) as ImageResult);
    expect(files.map(({ name, width, type }) => [name, width, type])).toEqual([["320.avif", 320, "image/avif"], ["640.avif", 640, "image/avif"], ["1080.avif", 800, "image/avif"]]);
    expect((await sharp(join(out(), "640.avif")).metadata()).compression).toBe("av1");
  });
});

describe("upright", () => {
  /** What EXIF says → how the upright picture was stored. */
  const stored: Record<number, (scene: Scene) => Sharp> = {
    1: (scene) => draw(scene),
    2: (scene) => draw(scene).flop(),
    3: (scene) => draw(scene).rotate(180),
    4: (scene) => draw(scene).flip(),
    5: (scene) => draw(transpose(scene)),
    6: (scene) => draw(scene).rotate(270),
    7: (scene) => draw(transpose(scene)).rotate(180),
    8: (scene) => draw(scene).rotate(90),
  };
  const scene = makeScene(400, 240);

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("EXIF orientation %i", async (orientation) => {
    const turned = await stored[orientation]!(scene).raw().toBuffer({ resolveWithObject: true });
    const bytes = await draw({ data: turned.data, width: turned.info.width, height: turned.info.height, channels: 3 }).withMetadata({ orientation }).jpeg({ quality: 95, chromaSubsampling: "4:4:4" }).toBuffer();
    expect(await run(bytes)).toMatchObject({ width: 400, height: 240 });
    // The bright spot and the slopes differ in all eight, so 40 blocks tell them apart.
    const made = await output("640.jpg");
    const ideal = await draw(scene).jpeg({ quality: 95 }).toBuffer();
    const [found, wanted] = await Promise.all([made, ideal].map((bytes) => sharp(bytes).resize(8, 5, { fit: "fill" }).raw().toBuffer()));
    const off = [...wanted!].reduce((sum, value, at) => sum + Math.abs(value - found![at]!), 0) / wanted!.length;
    expect(off).toBeLessThan(4);
    expect((await sharp(made).metadata()).orientation).toBeUndefined();
  });
});

describe("colours", () => {
  test("Display P3 is turned into sRGB, not only relabelled", async () => {
    const bytes = await draw(plain(40, 40, [60, 160, 90])).withIccProfile("p3").png().toBuffer();
    const relabelled = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(Math.abs(relabelled[0]! - 60)).toBeGreaterThan(10);
    await run(bytes);
    expectNear(await pixelOf(await output("320.webp"), 0.5, 0.5), [60, 160, 90], 4);
    expect((await sharp(join(out(), "320.webp")).metadata()).icc).toBeUndefined();
  });

  test("CMYK comes out in its colours", async () => {
    await run(await draw(plain(64, 64, [200, 60, 50])).toColourspace("cmyk").jpeg({ quality: 95 }).toBuffer());
    expectNear(await pixelOf(await output("320.jpg"), 0.5, 0.5), [200, 60, 50], 25);
    expect((await sharp(join(out(), "320.jpg")).metadata()).space).toBe("srgb");
  });

  test("grey, 16 bits and both with transparency", async () => {
    await run(await draw(plain(50, 50, [120, 120, 120])).greyscale().png().toBuffer());
    expectNear(await pixelOf(await output("320.jpg"), 0.5, 0.5), [120, 120, 120], 2);
    await run(await draw(plain(50, 50, [120, 120, 120])).ensureAlpha(0.5).toColourspace("rgb16").png().toBuffer());
    expectNear(await pixelOf(await output("320.webp"), 0.5, 0.5), [120, 120, 120, 128], 2);
  });

  test("transparency stays in WebP and is white in JPEG", async () => {
    await run(await draw(plain(200, 200, [200, 30, 30])).ensureAlpha(0).png().toBuffer());
    expect((await pixelOf(await output("320.webp"), 0.5, 0.5))[3]).toBe(0);
    expectNear(await pixelOf(await output("320.jpg"), 0.5, 0.5), [255, 255, 255], 1);
  });

  test("AVIF of ten bits becomes eight bits of the same picture", async () => {
    await run(await draw(makeScene(400, 300)).avif({ bitdepth: 10, effort: 0, quality: 80 }).toBuffer());
    const [found, wanted] = await Promise.all([sharp(join(out(), "640.webp")).stats(), draw(makeScene(400, 300)).stats()]);
    found.channels.forEach(({ mean }, at) => expect(Math.abs(mean - wanted.channels[at]!.mean)).toBeLessThan(4));
  });

  test("colours stated by number: HDR white is white, P3 is transformed, sRGB is left alone", async () => {
    const white = Math.round(0.58069 * 65_535);
    expect([...toSrgb(new Uint16Array([white, white, white, 0, 0, 0]), 3, { primaries: 9, transfer: 16 })].map((value) => Math.round(value / 8))).toEqual([30, 30, 30, 0, 0, 0]);
    const brighter = toSrgb(Uint16Array.from([0.4, 0.5, 0.6, 0.7].flatMap((signal) => Array<number>(3).fill(signal * 65_535))), 3, { primaries: 9, transfer: 16 });
    expect([...brighter].sort((a, b) => a - b)).toEqual([...brighter]);
    expect([...toSrgb(new Uint8Array([90, 90, 90, 200]), 4, { primaries: 12, transfer: 13 })]).toEqual([90, 90, 90, 200]);
    expect(toSrgb(new Uint8Array([200, 80, 80]), 3, { primaries: 12, transfer: 13 })[0]).toBeGreaterThan(205);
    const plainAvif = join(folder, "plain.avif");
    await writeFile(plainAvif, await draw(makeScene(64, 64)).avif({ effort: 0 }).toBuffer());
    expect(await readStatedColors(plainAvif)).toBeNull();
  });
});

describe("nothing but pixels", () => {
  const PLACE = "GPS-31.2304N-121.4737E";

  test("EXIF with a place and a thumbnail, comments, profiles and what follows the picture are gone", async () => {
    const thumbnail = await draw(plain(160, 120, [1, 250, 1])).jpeg().toBuffer();
    const photo = await draw(makeScene(700, 500)).withExif({ IFD0: { Copyright: PLACE }, IFD3: { GPSLatitudeRef: "N" } }).jpeg().toBuffer();
    const exif = Buffer.concat([Buffer.from("Exif\0\0"), Buffer.from(PLACE), thumbnail]);
    const html = Buffer.from("<script>alert(1)</script><?php system($_GET[0]); ?>");
    const zip = Buffer.from("PK\x03\x04 a zip behind the photo PK\x05\x06", "latin1");
    const { files } = await run(Buffer.concat([insertSegment(insertSegment(photo, 0xe1, exif), 0xfe, html), zip, Buffer.from("MotionPhoto_Data ftypmp42")]));
    await run(await readFile(join(folder, "source")), async (input) => ({ files: await addAvif(input) }) as ImageResult);
    const names = await readdir(out());
    expect(names).toHaveLength(files.length + 3);
    for (const name of names) {
      const text = (await output(name)).toString("latin1");
      for (const trace of [PLACE, "GPS", "Exif", "EXIF", "<script", "<?php", "PK\x03\x04", "ftypmp42", "Copyright"]) expect(text.includes(trace), `${trace} in ${name}`).toBe(false);
      if (name.endsWith(".jpg")) expect(text.split("\xff\xd8\xff").length).toBe(2);
    }
  });

  test("a photo with a gain map is taken as its plain picture", async () => {
    const light = Float32Array.from({ length: 320 * 240 * 3 }, (_, at) => ((at % 960) / 960) * 3);
    const picture = sharp(light, { raw: { width: 320, height: 240, channels: 3 } }).pipelineColourspace("scrgb").toColourspace("scrgb");
    // Not in sharp's types yet.
    const bytes = await (picture as Sharp & { withGainMap: () => Sharp }).withGainMap().jpeg().toBuffer();
    expect(bytes.includes("urn:iso:std:iso:ts:21496")).toBe(true);
    expect(await run(bytes)).toMatchObject({ width: 320, height: 240 });
    expect((await output("320.jpg")).includes("urn:iso:std:iso:ts:21496")).toBe(false);
  });
});

describe("screenshots", () => {
  test("come as WebP without loss, and small", async () => {
    const screen = makeScreenshot(1000, 700);
    await run(await draw(screen).png().toBuffer());
    expect(screen.data.equals(await sharp(join(out(), "1080.webp")).raw().toBuffer())).toBe(true);
    expect((await output("1080.webp")).length).toBeLessThan((await output("1080.jpg")).length);
  });

  test("a photo saved as PNG is pressed like a photo", async () => {
    const png = await draw(makeScene(800, 600)).png().toBuffer();
    await run(png);
    expect((await output("1080.webp")).length).toBeLessThan(png.length / 4);
  });
});

describe("animations", () => {
  test.each(["gif", "webp"] as const)("%s: one WebP that moves at the same pace, and still JPEGs", async (format) => {
    const result = await run(await animate(12, 700, 420, format));
    expect(result).toMatchObject({ width: 700, height: 420, animated: true });
    expect(result.files.map(({ name }) => name)).toEqual(["640.webp", "320.jpg", "640.jpg"]);
    const moving = await sharp(join(out(), "640.webp"), { animated: true }).metadata();
    expect(moving).toMatchObject({ width: 640, pageHeight: 384, pages: 12, delay: Array<number>(12).fill(50) });
    expect((await sharp(join(out(), "640.jpg")).metadata()).width).toBe(640);
  });

  test("many frames make it smaller, never endless", async () => {
    const { files } = await run(await animate(300, 640, 640, "gif"));
    const moving = files.find(({ type }) => type === "image/webp")!;
    expect(moving.width! * moving.height! * 300).toBeLessThanOrEqual(120e6 * 1.01);
    expect((await sharp(join(out(), moving.name), { animated: true }).metadata()).pages).toBe(300);
  }, 120_000);

  test("an animation gets no AVIF", async () => {
    expect((await run(await animate(3, 64, 64, "gif"), async (input) => ({ files: await addAvif(input) }) as ImageResult)).files).toEqual([]);
  });
});

describe("refusals", () => {
  test("every hostile file is refused for its reason, in under half a second of CPU time, and leaves nothing", async () => {
    for (const { name, bytes, reasons } of await makeHostileFiles()) {
      // That is for the one who knows its name.
      if (reasons.includes("type_mismatch")) continue;
      const startedAt = process.cpuUsage();
      const refusal: unknown = await run(bytes).catch((error: unknown) => error);
      expect(refusal, name).toMatchObject({ name: "MediaRejected", reason: expect.stringMatching(new RegExp(`^(${reasons.join("|")})$`)) });
      const { user, system } = process.cpuUsage(startedAt);
      expect((user + system) / 1e6, name).toBeLessThan(0.5);
      expect(await readdir(out()).catch(() => []), name).toEqual([]);
      expect(await readdir(work()).catch(() => []), name).toEqual([]);
    }
  });

  test("a large picture within the limits is taken; a text of ordinary length in a PNG is no bomb", async () => {
    expect(await run(makeZeroPng({ width: 8000, height: 7900, extra: [makeTextBomb(100_000)] }))).toMatchObject({ width: 8000, height: 7900 });
  });

  test("when it stops halfway, nothing is left", async () => {
    const source = join(folder, "source");
    await writeFile(source, await draw(makeScene(900, 600)).jpeg().toBuffer());
    const stop = new AbortController();
    const ctx = { workDir: folder, outDir: folder, signal: stop.signal, onProgress: () => stop.abort() };
    await expect(processImage({ source, sniffed: await sniffFile(source), outDir: folder, ctx })).rejects.toMatchObject({ name: "AbortError" });
    expect(await readdir(folder)).toEqual(["source"]);
  });
});
