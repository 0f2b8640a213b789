import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distanceOf, isBlank, makeBank, matchFrames, matchPicture, type BankEntry } from "@media/match";
import type { PictureHash } from "@media/types";
import { withCpuMs } from "../support/cpu";

const hex = (digits: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: digits, maxLength: digits });
const anyHash = fc.record({ phash: hex(16), blockhash: hex(64), mirroredPhash: hex(16), mirroredBlockhash: hex(64) });

/** Turns round the first `bits` bits. */
function flip(hash: string, bits: number): string {
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(hash.length * 4 - bits);
  return (BigInt(`0x${hash}`) ^ mask).toString(16).padStart(hash.length, "0");
}

const BASE: PictureHash = {
  phash: "9d6b73883c24b65d",
  blockhash: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
  mirroredPhash: "626b8c88e324695d",
  mirroredBlockhash: "3c3c5a5a69699696a5a5c3c3f0f00f0f3c3c5a5a69699696a5a5c3c3f0f00f0f",
};
const OTHER: PictureHash = { phash: "00ff00ff12345678", blockhash: "a".repeat(32) + "5".repeat(32), mirroredPhash: "ffee0011aabb5566", mirroredBlockhash: "6".repeat(32) + "9".repeat(32) };
const BANK: BankEntry[] = [
  { entryId: "other", hashes: [OTHER] },
  { entryId: "removed", hashes: [BASE] },
];
const near = (phashBits: number, blockhashBits: number): PictureHash => ({ ...BASE, phash: flip(BASE.phash, phashBits), blockhash: flip(BASE.blockhash, blockhashBits) });

describe("a picture", () => {
  test.each([
    ["itself", 0, 0, "block"],
    ["at both bounds", 6, 24, "block"],
    ["one bit further in the spectrum", 7, 24, "review"],
    ["one bit further in the blocks", 6, 25, "review"],
    ["cropped and brighter", 10, 20, "review"],
    ["at the bounds of review", 12, 72, "review"],
    ["beyond the spectrum's bound", 13, 0, "none"],
    ["beyond the blocks' bound", 0, 73, "none"],
    ["unrelated", 30, 120, "none"],
  ] as const)("%s: phash %i, blockhash %i → %s", (_, phashBits, blockhashBits, verdict) => {
    const match = matchPicture(near(phashBits, blockhashBits), BANK);
    expect(match).toEqual(verdict === "none" ? { verdict, entryId: null, distance: 64 } : { verdict, entryId: "removed", distance: phashBits });
  });

  test("the mirror image of a removed picture is that picture", () => {
    const mirrored: PictureHash = { phash: BASE.mirroredPhash, blockhash: BASE.mirroredBlockhash, mirroredPhash: BASE.phash, mirroredBlockhash: BASE.blockhash };
    expect(matchPicture(mirrored, BANK)).toMatchObject({ verdict: "block", entryId: "removed" });
  });

  test("a picture like one frame of a removed clip goes to review", () => {
    expect(matchPicture(BASE, [{ entryId: "clip", hashes: [OTHER, BASE] }])).toMatchObject({ verdict: "review", entryId: "clip" });
  });

  test("blank pictures match nothing, not even each other", () => {
    const blank: PictureHash = { ...BASE, blockhash: "f".repeat(64), mirroredBlockhash: "f".repeat(64) };
    expect(isBlank(blank)).toBe(true);
    expect(matchPicture(blank, [{ entryId: "blank", hashes: [blank] }]).verdict).toBe("none");
  });

  test("an empty bank blocks nobody", () => {
    expect(matchPicture(BASE, [])).toEqual({ verdict: "none", entryId: null, distance: 64 });
  });

  test("whatever was removed is found again among others, and the nearest wins", () => {
    fc.assert(
      fc.property(fc.array(anyHash, { minLength: 1, maxLength: 30 }), fc.nat(), fc.integer({ min: 0, max: 6 }), (hashes, pick, bits) => {
        const entries = hashes.map((hash, index) => ({ entryId: String(index), hashes: [hash] }));
        const target = hashes[pick % hashes.length]!;
        fc.pre(!isBlank(target));
        const match = matchPicture({ ...target, phash: flip(target.phash, bits) }, entries);
        expect(match.verdict).toBe("block");
        expect(match.distance).toBeLessThanOrEqual(bits);
      }),
    );
  });

  test("distances are symmetric, zero for equals, and count the bits that were turned", () => {
    fc.assert(
      fc.property(hex(64), hex(64), fc.integer({ min: 0, max: 256 }), (a, b, bits) => {
        expect(distanceOf(a, b)).toBe(distanceOf(b, a));
        expect(distanceOf(a, flip(a, bits))).toBe(bits);
      }),
    );
  });

  test("a hundred thousand removed pictures are looked through in under 50 ms", () => {
    const words = new Uint32Array(100_000 * 10);
    let state = 1;
    for (let at = 0; at < words.length; at++) words[at] = state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const bank = { entries: BANK, owners: new Uint32Array(100_000), phashes: words.subarray(0, 200_000), blockhashes: words.subarray(200_000) };
    matchPicture(BASE, bank);
    const timesMs = Array.from({ length: 5 }, () => withCpuMs(() => matchPicture(BASE, bank)).cpuMs);
    expect(Math.min(...timesMs)).toBeLessThan(50);
  });
});

describe("a clip", () => {
  const far: PictureHash = { ...OTHER, phash: flip(OTHER.phash, 32), mirroredPhash: flip(OTHER.mirroredPhash, 32) };
  const bank = makeBank([{ entryId: "clip", hashes: [BASE, OTHER] }]);

  test.each([
    ["all frames", [BASE, OTHER], "block"],
    ["half of the frames", [BASE, far], "block"],
    ["half of the frames, roughly", [near(10, 30), far], "review"],
    ["a third of the frames", [BASE, far, far], "none"],
    ["none", [far, far], "none"],
    ["no frames", [], "none"],
  ] as const)("%s → %s", (_, frames, verdict) => {
    expect(matchFrames(frames, bank).verdict).toBe(verdict);
  });

  test("blank frames count neither way", () => {
    const blank: PictureHash = { ...far, blockhash: "0".repeat(64), mirroredBlockhash: "0".repeat(64) };
    expect(matchFrames([blank, blank, blank, BASE], bank).verdict).toBe("block");
    expect(matchFrames([blank, blank], makeBank([{ entryId: "blank", hashes: [blank] }])).verdict).toBe("none");
  });

  test("one frame that resembles several of the removed ones counts once", () => {
    const twins = makeBank([{ entryId: "clip", hashes: [BASE, BASE, BASE] }]);
    expect(matchFrames([BASE, far, far, far], twins).verdict).toBe("none");
  });
});
