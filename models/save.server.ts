import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/** Save: a post a member keeps for later; private to that member. The post's saveCount changes in the same transaction. */
export interface SaveKey {
  memberId: string;
  postId: string;
}
interface Save extends SaveKey {
  _id: string;
  at: Date;
}

const Saves = defineCollection<Save>(
  {
    name: "saves",
    shardKey: { memberId: 1 },
    why: "a member's saved list, and which items of a page are saved",
    indexes: [
      { fields: { memberId: 1, postId: 1 }, options: { unique: true } },
      { fields: { memberId: 1, at: -1, _id: -1 } },
    ],
  },
  { memberId: { type: String, required: true }, postId: { type: String, required: true }, at: { type: Date, required: true } },
);

const idOf = ({ memberId, postId }: SaveKey): string => `${memberId}:${postId}`;

export async function addSave(key: SaveKey, at: Date, tx: Tx): Promise<boolean> {
  const written = await Saves.updateOne(key, { $setOnInsert: { _id: idOf(key), at } }, { upsert: true, session: tx });
  return written.upsertedCount === 1;
}

export async function removeSave(key: SaveKey, tx: Tx): Promise<boolean> {
  const written = await Saves.deleteOne(key, { session: tx });
  return written.deletedCount === 1;
}

export async function listSaved(memberId: string, postIds: string[]): Promise<Set<string>> {
  if (postIds.length === 0) return new Set();
  const rows = await Saves.find({ memberId, postId: { $in: postIds } }, { postId: 1, _id: 0 }).lean<{ postId: string }[]>();
  return new Set(rows.map((row) => row.postId));
}

/** The member's own list, last saved first, strictly before `before`. */
export async function listSaves(memberId: string, before: Date | null, limit: number): Promise<{ postId: string; at: Date }[]> {
  return Saves.find({ memberId, ...(before ? { at: { $lt: before } } : {}) }, { postId: 1, at: 1 })
    .sort({ at: -1, _id: -1 })
    .limit(limit)
    .lean<{ postId: string; at: Date }[]>();
}

export async function insertSaves(saves: (SaveKey & { at: Date })[]): Promise<void> {
  await Saves.insertMany(saves.map((save) => ({ _id: idOf(save), ...save })), { ordered: true });
}
