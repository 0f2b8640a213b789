import { createHash } from "node:crypto";

/** Repeatable choices for the seed: the same content gives the same ids, likes and follows on every machine. */
export type Random = () => number;

/** Numbers in [0, 1) from a text: a 32-bit generator (mulberry32) started with its hash. */
export function randomFrom(text: string): Random {
  let state = createHash("sha256").update(text).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A short id that depends on the text alone. */
export function idFrom(text: string): string {
  return createHash("sha256").update(text).digest("base64url").replace(/[-_]/g, "x").slice(0, 12);
}

/** Each element with the given chance. */
export function some<T>(from: readonly T[], chance: number, random: Random): T[] {
  return from.filter(() => random() < chance);
}
