import type { Collection, Index } from "../storage/collection";
import { KEY_MAX_BYTES, afterPrefix, identKey } from "../storage/keys";
import type { Entry, View } from "../storage/layers";
import { EVERYTHING, descending } from "./intervals";
import type { Interval } from "./intervals";

/** How records are reached, and the walk itself. */
export interface KeyRange {
  from: Buffer;
  to: Buffer;
  /** `from` is a whole key of a unique index: one look-up instead of a walk. */
  single: boolean;
}

export interface IndexScan {
  kind: "index";
  index: Index;
  /** Lists of ranges; within one list the ranges follow each other in key order. */
  groups: { prefixBytes: number; ranges: KeyRange[] }[];
  /** The lists are merged by what follows their prefix: each has the asked order, together they have it only merged. */
  merged: boolean;
  reverse: boolean;
  /** One record may stand under several keys of the scan. */
  repeats: boolean;
}

export interface CollectionScan {
  kind: "collection";
  reverse: boolean;
}

export interface UnionScan {
  kind: "union";
  branches: (IndexScan | UnionScan)[];
}

export type Access = IndexScan | CollectionScan | UnionScan;

export interface ScanStats {
  keysExamined: number;
  docsExamined: number;
}

/** Points multiply from field to field; beyond this many ranges the rest of the fields are left to the matcher. */
export const RANGES_MAX = 2000;

/** The key ranges for sets of values of the first fields of an index. `mergeAt` splits them into lists by the fields before it. */
export function rangesFor(index: Index, sets: readonly (readonly Interval[])[], mergeAt: number): IndexScan["groups"] {
  let prefixes: Buffer[] = [identKey(index.ident)];
  let groups: { prefixBytes: number; ranges: KeyRange[] }[] | undefined;
  const origin = new Map<Buffer, { prefixBytes: number; ranges: KeyRange[] }>();
  const openGroups = (): void => {
    groups = prefixes.map((prefix) => ({ prefixBytes: prefix.length, ranges: [] }));
    prefixes.forEach((prefix, i) => origin.set(prefix, groups?.[i] ?? { prefixBytes: 0, ranges: [] }));
  };
  if (mergeAt === 0) openGroups();
  let ranges: [prefix: Buffer, range: KeyRange][] | undefined;
  for (const [position, ascending] of sets.entries()) {
    const set = index.directions[position] === -1 ? descending(ascending) : ascending;
    if (ascending === EVERYTHING) break;
    if (!set.every((interval) => interval.point)) {
      ranges = prefixes.flatMap((prefix) => set.map(({ from, to }): [Buffer, KeyRange] => [prefix, { from: Buffer.concat([prefix, from]), to: Buffer.concat([prefix, to]), single: false }]));
      break;
    }
    const extended: Buffer[] = [];
    for (const prefix of prefixes) {
      for (const { from } of set) {
        const longer = Buffer.concat([prefix, from]);
        const group = origin.get(prefix);
        if (group) origin.set(longer, group);
        extended.push(longer);
      }
    }
    prefixes = extended;
    if (position + 1 === mergeAt) openGroups();
  }
  const single = index.unique && sets.length === index.fields.length;
  ranges ??= prefixes.map((prefix): [Buffer, KeyRange] => [prefix, { from: prefix, to: afterPrefix(prefix), single }]);
  for (const [prefix, range] of ranges) {
    const storable = withinKeySize(range, prefix === range.from);
    if (storable) origin.get(prefix)?.ranges.push(storable);
  }
  return groups ?? [];
}

const STORED_MAX_BYTES = KEY_MAX_BYTES + 4;

/** No stored key is longer than the limit: a longer one value is not there, and longer bounds are cut outwards. */
function withinKeySize({ from, to, single }: KeyRange, oneValue: boolean): KeyRange | undefined {
  if (from.length <= STORED_MAX_BYTES && to.length <= STORED_MAX_BYTES) return { from, to, single };
  if (oneValue) return undefined;
  return { from: from.subarray(0, STORED_MAX_BYTES), to: to.length > STORED_MAX_BYTES ? afterPrefix(to.subarray(0, STORED_MAX_BYTES)) : to, single };
}

/** Whether a bound of these sets may have been cut, so that the scan meets more than the sets say. */
export function mayBeCut(sets: readonly (readonly Interval[])[]): boolean {
  const longest = sets.reduce((sum, set) => sum + set.reduce((most, { from, to }) => Math.max(most, from.length, to.length), 0), 0);
  return longest > KEY_MAX_BYTES;
}

/** The record numbers that an index scan meets, in its order, each once. */
export function* scanIndex(view: View, scan: IndexScan, stats: ScanStats): Iterable<number> {
  const seen = scan.repeats ? new Set<number>() : undefined;
  for (const entry of scanEntries(view, scan)) {
    stats.keysExamined++;
    const recordNumber = scan.index.recordNumber(entry);
    if (seen) {
      if (seen.has(recordNumber)) continue;
      seen.add(recordNumber);
    }
    yield recordNumber;
  }
}

export function scanEntries(view: View, { groups, merged, reverse }: IndexScan): Iterable<Entry> {
  const ordered = reverse ? [...groups].reverse() : groups;
  const walks = ordered.map((group) => walkRanges(view, group.ranges, reverse));
  return merged && walks.length > 1 ? mergeWalks(walks, ordered.map((group) => group.prefixBytes), reverse) : chain(walks);
}

/** How many records an access meets, without reading them; undefined where a record may stand under several keys. */
export function countScan(view: View, collection: Collection, access: Access): number | undefined {
  if (access.kind === "collection") {
    const from = identKey(collection.ident);
    return view.count({ from, to: afterPrefix(from) });
  }
  if (access.kind === "union" || access.repeats) return undefined;
  return access.groups.reduce((sum, { ranges }) => sum + ranges.reduce((keys, range) => keys + view.count(range), 0), 0);
}

export function* scanRecords(view: View, collection: Collection, access: Access, stats: ScanStats): Iterable<{ recordNumber: number; bytes: Buffer }> {
  if (access.kind === "collection") {
    for (const record of collection.records(view, access.reverse)) {
      stats.docsExamined++;
      yield record;
    }
    return;
  }
  const numbers = access.kind === "index" ? scanIndex(view, access, stats) : scanUnion(view, access, stats);
  for (const recordNumber of numbers) {
    const bytes = collection.get(view, recordNumber);
    // Between two batches of a cursor a record may have gone while its key was already read.
    if (!bytes) continue;
    stats.docsExamined++;
    yield { recordNumber, bytes };
  }
}

function* scanUnion(view: View, { branches }: UnionScan, stats: ScanStats, seen = new Set<number>()): Iterable<number> {
  for (const branch of branches) {
    for (const recordNumber of branch.kind === "index" ? scanIndex(view, branch, stats) : scanUnion(view, branch, stats, seen)) {
      if (branch.kind === "index") {
        if (seen.has(recordNumber)) continue;
        seen.add(recordNumber);
      }
      yield recordNumber;
    }
  }
}

function* walkRanges(view: View, ranges: readonly KeyRange[], reverse: boolean): Generator<Entry, undefined> {
  for (const { from, to, single } of reverse ? [...ranges].reverse() : ranges) {
    const value = single ? view.get(from) : undefined;
    if (value) yield { key: from, value };
    if (!single) yield* view.range({ from, to, reverse });
  }
}

function* chain(walks: Generator<Entry, undefined>[]): Iterable<Entry> {
  for (const walk of walks) yield* walk;
}

function* mergeWalks(walks: Generator<Entry, undefined>[], prefixBytes: number[], reverse: boolean): Iterable<Entry> {
  const heads = walks.map((walk, i) => ({ walk, skip: prefixBytes[i] ?? 0, entry: walk.next().value }));
  for (;;) {
    let best: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (!head.entry) continue;
      if (!best?.entry) {
        best = head;
        continue;
      }
      const order = head.entry.key.compare(best.entry.key, best.skip, best.entry.key.length, head.skip, head.entry.key.length);
      if (reverse ? order > 0 : order < 0) best = head;
    }
    if (!best?.entry) return;
    yield best.entry;
    best.entry = best.walk.next().value;
  }
}
