import { nanoid } from "nanoid";
import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Page events: what changed, told to every process that keeps whole pages in memory.
 * Guarantee: an event is written in the transaction of the change itself, so a page cannot stay stale because a
 * process died between the two. Each process asks every half second for what was announced lately.
 */
export interface PageEvent {
  _id: string;
  /** Minute since the epoch, so that a poll reads one or two small ranges. */
  bucket: number;
  /** "post:<id>", "member:<id>", "feed:<key>", … as used in the X-Page-Tags header. */
  tags: string[];
  at: Date;
}

const EVENT_LIFE_SEC = 600;
/** More than this in one look-back are not read; the reader then drops every page it keeps. */
export const EVENTS_MAX = 5_000;

const PageEvents = defineCollection<PageEvent>(
  {
    name: "pageEvents",
    shardKey: { bucket: 1 },
    why: "every process polls the current and the last minute",
    indexes: [
      { fields: { bucket: 1, at: 1 } },
      { fields: { at: 1 }, options: { expireAfterSeconds: EVENT_LIFE_SEC } },
    ],
  },
  {
    bucket: { type: Number, required: true },
    tags: { type: [String], required: true },
    at: { type: Date, required: true },
  },
);

export function eventBucket(at: Date): number {
  return Math.floor(at.getTime() / 60_000);
}

/** Says that pages carrying any of `tags` are out of date. */
export async function announce(tags: string[], now: Date, tx?: Tx): Promise<void> {
  await PageEvents.create([{ _id: nanoid(), bucket: eventBucket(now), tags, at: now }], tx ? { session: tx } : {});
}

/**
 * Events announced at or after `since`, in no order; the caller skips those it has seen. `since` looks back further
 * than the last poll, because a transaction commits later than the instant it carries.
 */
export async function listPageEvents({ since, now, limit = EVENTS_MAX }: { since: Date; now: Date; limit?: number }): Promise<Pick<PageEvent, "_id" | "tags">[]> {
  const buckets: number[] = [];
  // The bucket after this one holds events of a process whose clock runs ahead of ours.
  for (let bucket = eventBucket(since); bucket <= eventBucket(now) + 1; bucket += 1) buckets.push(bucket);
  return PageEvents.find({ bucket: { $in: buckets }, at: { $gte: since } }, { tags: 1 }).limit(limit).lean();
}
