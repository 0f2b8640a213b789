import type { PictureHash } from "./types";

/**
 * Is this picture one that was removed? Pure: hashes in, verdict out. Distances are differing bits, of 64 (phash) and
 * 256 (blockhash). Measured on photos and clips: another size and quality gives 0 and 0; a crop of 6 % with 12 % more
 * light 10 and 20; a clip cropped, scaled and with a watermark 5–9 and 18–26; unrelated pictures 23–38 and 76–142.
 */
export const BLOCK = { phash: 6, blockhash: 24 } as const;
/**
 * Wider, for a moderator to look at. The bound on the second hash keeps out blank pictures, whose phash is the noise of
 * rounding and the same for all of them.
 */
export const REVIEW = { phash: 12, blockhash: 72 } as const;
/** Of a clip's sampled frames. */
const FRAME_SHARE_MIN = 0.5;

/** A removed thing: one hash for a picture, several for the sampled frames of a clip. */
export interface BankEntry {
  entryId: string;
  hashes: readonly PictureHash[];
}

export interface Match {
  verdict: "block" | "review" | "none";
  /** The nearest entry; null with "none". */
  entryId: string | null;
  /** Of its phash, 0 to 64; 64 with "none". */
  distance: number;
}

const NONE: Match = { verdict: "none", entryId: null, distance: 64 };
const PHASH_WORDS = 2;
const BLOCKHASH_WORDS = 8;

/** The bank as numbers in a row: 100,000 hashes take 4.4 MB and are read through in a few milliseconds. */
export interface HashBank {
  entries: readonly BankEntry[];
  /** For each hash, the index of its entry. */
  owners: Uint32Array;
  phashes: Uint32Array;
  blockhashes: Uint32Array;
}

/** Worth keeping while the list of removed things does not change. Blank pictures are left out: they look like all blank pictures. */
export function makeBank(entries: readonly BankEntry[]): HashBank {
  const rows = entries.flatMap(({ hashes }, owner) => hashes.filter((hash) => !isBlank(hash)).map((hash) => ({ owner, hash })));
  const bank: HashBank = {
    entries,
    owners: new Uint32Array(rows.length),
    phashes: new Uint32Array(rows.length * PHASH_WORDS),
    blockhashes: new Uint32Array(rows.length * BLOCKHASH_WORDS),
  };
  rows.forEach(({ owner, hash }, row) => {
    bank.owners[row] = owner;
    bank.phashes.set(toWords(hash.phash), row * PHASH_WORDS);
    bank.blockhashes.set(toWords(hash.blockhash), row * BLOCKHASH_WORDS);
  });
  return bank;
}

/**
 * The nearest removed thing, straight or mirrored. A picture that equals one frame of a removed clip is a matter for
 * review: a frame is not yet the clip.
 */
export function matchPicture(picture: PictureHash, bank: HashBank | readonly BankEntry[]): Match {
  const known = "owners" in bank ? bank : makeBank(bank);
  let best = NONE;
  for (const hit of findHits(picture, known)) {
    const entry = known.entries[hit.owner]!;
    const verdict = hit.blocks && entry.hashes.length === 1 ? "block" : "review";
    const found: Match = { verdict, entryId: entry.entryId, distance: hit.distance };
    if (isWorse(found, best)) best = found;
  }
  return best;
}

/**
 * A clip matches a removed thing when half of its telling frames do: all at the nearer distance blocks it, else it goes
 * to review. Frames that are blank count neither way; a clip of blank frames matches nothing.
 */
export function matchFrames(frames: readonly PictureHash[], bank: HashBank | readonly BankEntry[]): Match {
  const known = "owners" in bank ? bank : makeBank(bank);
  const telling = frames.filter((frame) => !isBlank(frame));
  const tally = new Map<number, { blocks: number; reviews: number; distance: number }>();
  for (const frame of telling) {
    for (const { owner, blocks, distance } of bestPerEntry(findHits(frame, known))) {
      const count = tally.get(owner) ?? { blocks: 0, reviews: 0, distance: 64 };
      tally.set(owner, { blocks: count.blocks + (blocks ? 1 : 0), reviews: count.reviews + 1, distance: Math.min(count.distance, distance) });
    }
  }
  let best = NONE;
  for (const [owner, { blocks, reviews, distance }] of tally) {
    if (reviews < telling.length * FRAME_SHARE_MIN) continue;
    const verdict = blocks >= telling.length * FRAME_SHARE_MIN ? "block" : "review";
    const found: Match = { verdict, entryId: known.entries[owner]!.entryId, distance };
    if (isWorse(found, best)) best = found;
  }
  return best;
}

/** Every block darker or brighter than the median means that none is: one colour all over. */
export function isBlank({ blockhash }: PictureHash): boolean {
  const ones = toWords(blockhash).reduce((sum, word) => sum + countBits(word), 0);
  return ones === 0 || ones === 256;
}

/** Differing bits of two hashes of the same length, in hex. */
export function distanceOf(a: string, b: string): number {
  const other = toWords(b);
  return toWords(a).reduce((sum, word, at) => sum + countBits(word ^ (other[at] ?? 0)), 0);
}

interface Hit {
  owner: number;
  distance: number;
  blocks: boolean;
}

function findHits(picture: PictureHash, { owners, phashes, blockhashes }: HashBank): Hit[] {
  if (isBlank(picture)) return [];
  const hits: Hit[] = [];
  const views = [
    { phash: toWords(picture.phash), blockhash: toWords(picture.blockhash) },
    { phash: toWords(picture.mirroredPhash), blockhash: toWords(picture.mirroredBlockhash) },
  ];
  for (const { phash, blockhash } of views) {
    const first = phash[0]!;
    const second = phash[1]!;
    for (let row = 0; row < owners.length; row++) {
      const distance = countBits(phashes[row * PHASH_WORDS]! ^ first) + countBits(phashes[row * PHASH_WORDS + 1]! ^ second);
      if (distance > REVIEW.phash) continue;
      let blockDistance = 0;
      for (let word = 0; word < BLOCKHASH_WORDS; word++) blockDistance += countBits(blockhashes[row * BLOCKHASH_WORDS + word]! ^ blockhash[word]!);
      if (blockDistance > REVIEW.blockhash) continue;
      hits.push({ owner: owners[row]!, distance, blocks: distance <= BLOCK.phash && blockDistance <= BLOCK.blockhash });
    }
  }
  return hits;
}

/** One frame may resemble several frames of a removed clip, and counts once. */
function bestPerEntry(hits: readonly Hit[]): Hit[] {
  const best = new Map<number, Hit>();
  for (const hit of hits) {
    const known = best.get(hit.owner);
    best.set(hit.owner, known ? { owner: hit.owner, distance: Math.min(known.distance, hit.distance), blocks: known.blocks || hit.blocks } : hit);
  }
  return [...best.values()];
}

const RANK = { none: 0, review: 1, block: 2 } as const;

function isWorse(a: Match, b: Match): boolean {
  return RANK[a.verdict] - RANK[b.verdict] > 0 || (a.verdict === b.verdict && a.distance < b.distance);
}

function toWords(hex: string): number[] {
  return (hex.match(/.{8}/g) ?? []).map((digits) => Number.parseInt(digits, 16) >>> 0);
}

/** Set bits of 32, by adding neighbours in ever wider lanes. */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
