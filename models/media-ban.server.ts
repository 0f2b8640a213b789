import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";
import type { AssetHash } from "./media-asset.server";

/**
 * Media ban: what was removed, by its fingerprints, so that it does not come back under another name.
 * One row per removed asset; the whole bank is read into the memory of a worker (media/match.ts scans it).
 */
export interface MediaBan {
  /** The removed asset. */
  _id: string;
  sha256: string | null;
  hashes: AssetHash[];
  at: Date;
}

/** A bank of this size is scanned in milliseconds; beyond it the newest count. */
export const BANS_MAX = 100_000;

const MediaBans = defineCollection<MediaBan>(
  {
    name: "mediaBans",
    shardKey: { _id: "hashed" },
    why: "written once per removal; workers read what is newer than what they know",
    indexes: [{ fields: { at: 1 } }],
  },
  { sha256: { type: String, default: null }, hashes: { type: [Object], default: [] }, at: { type: Date, required: true } },
);

export async function insertBan(ban: MediaBan, tx: Tx): Promise<void> {
  await MediaBans.updateOne({ _id: ban._id }, { $setOnInsert: { sha256: ban.sha256, hashes: ban.hashes, at: ban.at } }, { upsert: true, session: tx });
}

/** Bans from `since` on, oldest first. */
export async function listBans(since: Date, limit: number): Promise<MediaBan[]> {
  return MediaBans.find({ at: { $gte: since } }).sort({ at: 1 }).limit(limit).lean<MediaBan[]>();
}

/** Takes a removal back, as after an appeal. */
export async function removeBan(assetId: string, tx: Tx): Promise<void> {
  await MediaBans.deleteOne({ _id: assetId }, { session: tx });
}
