import fc from "fast-check";
import { expect, test } from "vitest";
import { isBase, ladder } from "@media/ladder";

const sizes = (width: number, height: number): string[] => ladder({ width, height, fps: 30 }).map((rung) => `${rung.name} ${rung.width}x${rung.height}`);

test.each([
  [1920, 1080, ["360 640x360", "540 960x540", "720 1280x720", "1080 1920x1080", "av1-720 1280x720"]],
  [1080, 1920, ["360 360x640", "540 540x960", "720 720x1280", "1080 1080x1920", "av1-720 720x1280"]],
  [3840, 2160, ["360 640x360", "540 960x540", "720 1280x720", "1080 1920x1080", "av1-720 1280x720"]],
  [1280, 720, ["360 640x360", "540 960x540", "720 1280x720", "av1-720 1280x720"]],
  [1200, 676, ["360 640x360", "540 958x540", "720 1200x676"]],
  [854, 480, ["360 640x360", "540 854x480"]],
  [480, 854, ["360 360x640", "540 480x854"]],
  [660, 372, ["360 638x360"]],
  [352, 288, ["360 352x288"]],
  [639, 359, ["360 638x358"]],
  [64, 64, ["360 64x64"]],
  [1440, 360, ["360 1440x360"]],
  [1904, 1000, ["360 686x360", "540 1028x540", "720 1370x720", "1080 1904x1000", "av1-720 1370x720"]],
])("given a source of %dx%d, then its rungs are %j", (width, height, rungs) => {
  expect(sizes(width, height)).toEqual(rungs);
});

test("given any size that is taken, then there is a first rung, sides are even, nothing grows, and the shape stays", () => {
  fc.assert(
    fc.property(fc.integer({ min: 64, max: 4096 }), fc.integer({ min: 64, max: 4096 }), (width, height) => {
      fc.pre(Math.max(width, height) <= 4 * Math.min(width, height));
      const rungs = ladder({ width, height, fps: 30 });
      expect(rungs[0]?.name).toBe("360");
      expect(rungs.filter(isBase).length).toBeLessThanOrEqual(3);
      for (const rung of rungs) {
        expect([rung.width % 2, rung.height % 2]).toEqual([0, 0]);
        expect(rung.width).toBeLessThanOrEqual(width);
        expect(rung.height).toBeLessThanOrEqual(height);
        // Rounding a short side of 64 to even numbers moves the shape by at most one part in thirty.
        expect(Math.abs(rung.width / rung.height / (width / height) - 1)).toBeLessThan(0.035);
      }
    }),
  );
});

test("given a rate, then a group of pictures is two seconds of it", () => {
  expect(ladder({ width: 640, height: 360, fps: 29.97 })[0]?.gopFrames).toBe(60);
  expect(ladder({ width: 640, height: 360, fps: 25 })[0]?.gopFrames).toBe(50);
});
