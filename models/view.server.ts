import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * View: one reader opened one post on one day. Guarantee: at most one row per (post, reader, day), so the count does
 * not grow by reloading. The reader is a member id or a keyed hash of address and browser; rows live two days.
 */
interface View {
  _id: string;
  at: Date;
}

const LIFE_SEC = 2 * 24 * 3600;

const Views = defineCollection<View>(
  {
    name: "views",
    shardKey: { _id: "hashed" },
    why: "a view is only ever asked for by its id",
    indexes: [{ fields: { at: 1 }, options: { expireAfterSeconds: LIFE_SEC } }],
  },
  { at: { type: Date, required: true } },
);

/** True when this is the reader's first view of the post on that day (UTC). */
export async function addView({ postId, readerKey, at }: { postId: string; readerKey: string; at: Date }, tx: Tx): Promise<boolean> {
  const _id = `${postId}:${readerKey}:${at.toISOString().slice(0, 10)}`;
  const written = await Views.updateOne({ _id }, { $setOnInsert: { at } }, { upsert: true, session: tx });
  return written.upsertedCount === 1;
}
