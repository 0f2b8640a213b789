import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";
import { DomainError } from "./errors";
import type { Tier } from "./tier";

/**
 * Media quota: how much a member uploads in a day, and how many uploads are open at once. One row per member.
 * Guarantee: an upload is counted in the transaction that creates its asset, under a filter on what was counted before.
 */
export const UPLOADS_OPEN_MAX = 2;
const MIB = 1024 * 1024;

/** Bytes a day by trust tier: the first covers one full-length clip and some photos. */
export const UPLOAD_BYTES_A_DAY: Record<Tier, number> = { 0: 300 * MIB, 1: 600 * MIB, 2: 1_200 * MIB, 3: 2_400 * MIB, 4: 4_800 * MIB };

interface OpenUpload {
  assetId: string;
  at: Date;
}

interface MediaQuota {
  /** The member. */
  _id: string;
  /** UTC day that `bytes` belongs to, yyyy-mm-dd. */
  day: string;
  bytes: number;
  open: OpenUpload[];
}

const MediaQuotas = defineCollection<MediaQuota>(
  { name: "mediaQuotas", shardKey: { _id: "hashed" }, why: "each upload asks for its member's row", indexes: [] },
  { day: { type: String, required: true }, bytes: { type: Number, required: true }, open: { type: [Object], default: [] } },
);

export class UploadsOpen extends DomainError {
  constructor() {
    super("RATE_LIMITED", "too many uploads at once", { messageKey: "media.uploadsOpen", params: { count: UPLOADS_OPEN_MAX }, retryAfterSec: 60 });
  }
}

export class QuotaSpent extends DomainError {
  constructor(retryAfterSec: number, bytesMax: number) {
    super("RATE_LIMITED", "upload quota of the day is spent", {
      messageKey: "media.quotaSpent",
      params: { megabytes: Math.round(bytesMax / MIB), hours: Math.ceil(retryAfterSec / 3600) },
      retryAfterSec,
    });
  }
}

const DAY_MS = 86_400_000;

/** Counts an upload that begins. Entries of `open` from before `staleBefore` belong to uploads that have expired. */
export async function openUpload(
  { memberId, assetId, sizeBytes, bytesMax, staleBefore }: { memberId: string; assetId: string; sizeBytes: number; bytesMax: number; staleBefore: Date },
  now: Date,
  tx: Tx,
): Promise<void> {
  const day = now.toISOString().slice(0, 10);
  const row = await MediaQuotas.findById(memberId, null, { session: tx }).lean<MediaQuota>();
  const open = (row?.open ?? []).filter((upload) => upload.at > staleBefore);
  const bytes = (row?.day === day ? row.bytes : 0) + sizeBytes;
  if (open.length >= UPLOADS_OPEN_MAX) throw new UploadsOpen();
  if (bytes > bytesMax) throw new QuotaSpent(Math.ceil((DAY_MS - (now.getTime() % DAY_MS)) / 1000), bytesMax);
  // Read and written in one transaction under snapshot: of two at once one meets a write conflict and runs again.
  await MediaQuotas.updateOne({ _id: memberId }, { $set: { day, bytes, open: [...open, { assetId, at: now }] } }, { upsert: true, session: tx });
}

/** Assets whose upload has begun and is not over; at most UPLOADS_OPEN_MAX that still live. */
export async function listOpenUploads(memberId: string): Promise<string[]> {
  const row = await MediaQuotas.findById(memberId).lean<MediaQuota>();
  return (row?.open ?? []).map(({ assetId }) => assetId);
}

/** The upload is over, finished or broken off. Its bytes stay counted. */
export async function closeUpload(memberId: string, assetId: string, tx: Tx): Promise<void> {
  await MediaQuotas.updateOne({ _id: memberId }, { $pull: { open: { assetId } } }, { session: tx });
}
