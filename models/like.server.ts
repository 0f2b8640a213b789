import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Like: one member likes one post or comment, once.
 * Guarantee: a row exists exactly while the heart is shown filled; the counter of the target changes in the same
 * transaction (app/services/likes.server.ts).
 */
export type LikeKind = "post" | "comment";
export interface LikeKey {
  memberId: string;
  kind: LikeKind;
  targetId: string;
}
interface Like extends LikeKey {
  _id: string;
  at: Date;
}

const Likes = defineCollection<Like>(
  {
    name: "likes",
    shardKey: { memberId: 1 },
    why: "a page asks which of its items this member likes",
    indexes: [{ fields: { memberId: 1, kind: 1, targetId: 1 }, options: { unique: true } }],
  },
  {
    memberId: { type: String, required: true },
    kind: { type: String, required: true },
    targetId: { type: String, required: true },
    at: { type: Date, required: true },
  },
);

const idOf = ({ memberId, kind, targetId }: LikeKey): string => `${memberId}:${kind}:${targetId}`;

/** True when the like is new. */
export async function addLike(key: LikeKey, at: Date, tx: Tx): Promise<boolean> {
  const written = await Likes.updateOne(key, { $setOnInsert: { _id: idOf(key), at } }, { upsert: true, session: tx });
  return written.upsertedCount === 1;
}

/** True when there was a like to take back. */
export async function removeLike(key: LikeKey, tx: Tx): Promise<boolean> {
  const written = await Likes.deleteOne(key, { session: tx });
  return written.deletedCount === 1;
}

/** Which of the targets this member likes. */
export async function listLiked(memberId: string, kind: LikeKind, targetIds: string[]): Promise<Set<string>> {
  if (targetIds.length === 0) return new Set();
  const rows = await Likes.find({ memberId, kind, targetId: { $in: targetIds } }, { targetId: 1, _id: 0 }).lean<{ targetId: string }[]>();
  return new Set(rows.map((row) => row.targetId));
}

/** Bulk insert for the seed script. */
export async function insertLikes(likes: (LikeKey & { at: Date })[], tx?: Tx): Promise<void> {
  await Likes.insertMany(likes.map((like) => ({ _id: idOf(like), ...like })), { ordered: true, ...(tx ? { session: tx } : {}) });
}
