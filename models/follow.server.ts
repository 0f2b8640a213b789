import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/** Follow: a member wants posts of a member or a topic in the following feed. Counts change in the same transaction. */
export type FollowKind = "member" | "topic";
export interface FollowKey {
  followerId: string;
  kind: FollowKind;
  targetId: string;
}
interface Follow extends FollowKey {
  _id: string;
  at: Date;
}

/** The following feed merges this many feeds at most; MongoDB merges up to 200 ranges without sorting in memory. */
export const FOLLOWS_MAX = 200;

const Follows = defineCollection<Follow>(
  {
    name: "follows",
    shardKey: { followerId: 1 },
    why: "the following feed starts from what one member follows",
    indexes: [{ fields: { followerId: 1, kind: 1, targetId: 1 }, options: { unique: true } }],
  },
  {
    followerId: { type: String, required: true },
    kind: { type: String, required: true },
    targetId: { type: String, required: true },
    at: { type: Date, required: true },
  },
);

const idOf = ({ followerId, kind, targetId }: FollowKey): string => `${followerId}:${kind}:${targetId}`;

export async function addFollow(key: FollowKey, at: Date, tx: Tx): Promise<boolean> {
  const written = await Follows.updateOne(key, { $setOnInsert: { _id: idOf(key), at } }, { upsert: true, session: tx });
  return written.upsertedCount === 1;
}

export async function removeFollow(key: FollowKey, tx: Tx): Promise<boolean> {
  const written = await Follows.deleteOne(key, { session: tx });
  return written.deletedCount === 1;
}

export async function countFollows(followerId: string, tx?: Tx): Promise<number> {
  return Follows.countDocuments({ followerId }, { limit: FOLLOWS_MAX + 1, ...(tx ? { session: tx } : {}) });
}

/** Everything one member follows; bounded by FOLLOWS_MAX. */
export async function listFollows(followerId: string): Promise<Pick<Follow, "kind" | "targetId">[]> {
  return Follows.find({ followerId }, { kind: 1, targetId: 1, _id: 0 }).limit(FOLLOWS_MAX).lean<Pick<Follow, "kind" | "targetId">[]>();
}

export async function isFollowing(key: FollowKey): Promise<boolean> {
  return (await Follows.countDocuments(key, { limit: 1 })) === 1;
}

export async function insertFollows(follows: (FollowKey & { at: Date })[]): Promise<void> {
  await Follows.insertMany(follows.map((follow) => ({ _id: idOf(follow), ...follow })), { ordered: true });
}
