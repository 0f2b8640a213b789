import { afterPrefix } from "../storage/keys";

/**
 * Sets of values as ranges of their ascending key bytes. Key bytes of one value are never the beginning of another's,
 * so a cut between two values is any byte string between them, and all set operations are comparisons of bytes.
 */
export interface Interval {
  /** Inclusive. */
  from: Buffer;
  /** Exclusive. */
  to: Buffer;
  /** The interval holds one value only (values that compare as equal count as one). */
  point: boolean;
}

export const EVERYTHING: readonly Interval[] = [{ from: Buffer.from([0x00]), to: Buffer.from([0xff, 0xff]), point: false }];

export function pointAt(bytes: Buffer): Interval {
  return { from: bytes, to: afterPrefix(bytes), point: true };
}

export function union(...sets: (readonly Interval[])[]): Interval[] {
  const sorted = sets.flat().sort((a, b) => Buffer.compare(a.from, b.from) || Buffer.compare(a.to, b.to));
  const result: Interval[] = [];
  for (const interval of sorted) {
    const last = result[result.length - 1];
    if (!last || Buffer.compare(interval.from, last.to) >= 0) result.push(interval);
    else if (Buffer.compare(interval.to, last.to) > 0) result[result.length - 1] = { from: last.from, to: interval.to, point: false };
  }
  return result;
}

export function intersect(one: readonly Interval[], other: readonly Interval[]): Interval[] {
  const result: Interval[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const a = one[i];
    const b = other[j];
    if (!a || !b) break;
    const from = Buffer.compare(a.from, b.from) > 0 ? a.from : b.from;
    const aEndsFirst = Buffer.compare(a.to, b.to) < 0;
    const to = aEndsFirst ? a.to : b.to;
    if (Buffer.compare(from, to) < 0) result.push({ from, to, point: a.point || b.point });
    if (aEndsFirst) i++;
    else j++;
  }
  return result;
}

export function complement(set: readonly Interval[]): Interval[] {
  const [all] = EVERYTHING;
  if (!all) return [];
  const result: Interval[] = [];
  let from = all.from;
  for (const interval of set) {
    if (Buffer.compare(from, interval.from) < 0) result.push({ from, to: interval.from, point: false });
    from = interval.to;
  }
  if (Buffer.compare(from, all.to) < 0) result.push({ from, to: all.to, point: false });
  return result;
}

export function contains(outer: readonly Interval[], inner: readonly Interval[]): boolean {
  return inner.every(({ from, to }) => outer.some((each) => Buffer.compare(each.from, from) <= 0 && Buffer.compare(to, each.to) <= 0));
}

/** The same values in the key bytes of a descending field, which are the complement of the ascending ones. */
export function descending(set: readonly Interval[]): Interval[] {
  return set
    .map(({ from, to, point }) => (point ? pointAt(flip(from)) : { from: afterPrefix(flip(to)), to: beyond(flip(from)), point }))
    .reverse();
}

function flip(bytes: Buffer): Buffer {
  const flipped = Buffer.allocUnsafe(bytes.length);
  for (let i = 0; i < bytes.length; i++) flipped[i] = ~(bytes[i] ?? 0) & 0xff;
  return flipped;
}

/** `afterPrefix`, also for the very first cut, whose complement is all 0xff. */
function beyond(bytes: Buffer): Buffer {
  return bytes.every((byte) => byte === 0xff) ? Buffer.concat([bytes, Buffer.from([0xff])]) : afterPrefix(bytes);
}
