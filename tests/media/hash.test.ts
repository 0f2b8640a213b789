import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashFrames, hashPicture } from "@media/hash";
import { distanceOf, matchPicture } from "@media/match";
import { draw, makeScene } from "../support/pictures";

const SAMPLES = join(import.meta.dirname, "../../../shared/media-samples");
const removed = (hash: Awaited<ReturnType<typeof hashPicture>>) => [{ entryId: "removed", hashes: [hash] }];

describe("copies of one picture", () => {
  const scene = makeScene(1200, 800);
  const original = () => draw(scene).jpeg({ quality: 92 }).toBuffer();

  test("have hashes of 16 and 64 hex digits", async () => {
    expect(await hashPicture(await original())).toEqual({
      phash: expect.stringMatching(/^[0-9a-f]{16}$/),
      blockhash: expect.stringMatching(/^[0-9a-f]{64}$/),
      mirroredPhash: expect.stringMatching(/^[0-9a-f]{16}$/),
      mirroredBlockhash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("smaller and coarser, or as PNG: the same picture", async () => {
    const bank = removed(await hashPicture(await original()));
    const copies = await hashFrames([await draw(scene).resize(480).jpeg({ quality: 35 }).toBuffer(), await draw(scene).png().toBuffer(), await draw(scene).resize(640).webp({ quality: 40 }).toBuffer()]);
    for (const copy of copies) expect(matchPicture(copy, bank)).toMatchObject({ verdict: "block" });
  });

  test("mirrored: its straight hashes are the other's mirrored ones", async () => {
    const straight = await hashPicture(await original());
    const mirrored = await hashPicture(await draw(scene).flop().jpeg({ quality: 70 }).toBuffer());
    expect(distanceOf(straight.phash, mirrored.mirroredPhash)).toBeLessThanOrEqual(4);
    expect(distanceOf(straight.phash, mirrored.phash)).toBeGreaterThan(12);
    expect(matchPicture(mirrored, removed(straight)).verdict).toBe("block");
  });

  test("turned by a note in its EXIF: hashed as it is shown", async () => {
    const upright = await hashPicture(await original());
    const turned = await hashPicture(await draw(scene).rotate(270).withMetadata({ orientation: 6 }).jpeg({ quality: 80 }).toBuffer());
    expect(matchPicture(turned, removed(upright)).verdict).toBe("block");
  });

  test("with transparency: hashed on white, as its JPEG is", async () => {
    const clear = await draw(scene).ensureAlpha(0).png().toBuffer();
    const white = await draw({ ...scene, data: Buffer.alloc(scene.data.length, 255) }).png().toBuffer();
    const [a, b] = await hashFrames([clear, white]);
    expect(a).toEqual(b);
  });
});

test("another picture is another picture", async () => {
  const [one, other] = await hashFrames([await draw(makeScene(900, 600, 1)).png().toBuffer(), await draw(makeScene(900, 600, 99)).png().toBuffer()]);
  expect(matchPicture(other!, removed(one!)).verdict).toBe("none");
});

test("what is no picture is refused", async () => {
  await expect(hashPicture(Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'/>"))).rejects.toMatchObject({ name: "MediaRejected" });
});

describe.skipIf(!existsSync(SAMPLES))("photos that were sent again", () => {
  test.each([
    ["d02_reencoded_small.jpg", "block"],
    ["d03_cropped_bright.jpg", "review"],
    ["d04_mirrored.jpg", "block"],
    ["d05_other.jpg", "none"],
  ] as const)("%s → %s", async (file, verdict) => {
    const bank = removed(await hashPicture(join(SAMPLES, "d01_original.jpg")));
    expect(matchPicture(await hashPicture(join(SAMPLES, file)), bank).verdict).toBe(verdict);
  });
});
