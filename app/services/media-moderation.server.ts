import { inTransaction, type Tx } from "@models/connection.server";
import { NotFound } from "@models/errors";
import { advanceAsset, getAsset, releaseAsset, type MediaAsset } from "@models/media-asset.server";
import { insertBan } from "@models/media-ban.server";
import { mediaPrefix, sourceKey } from "@media/storage";
import { boostJobs, enqueueSettle, removeJobs, reviveJobs } from "@models/media-job.server";
import { getPost } from "@models/post.server";
import { forgetServedAsset } from "./media-lookup.server";
import { settleAsset, settleClipIn } from "./media-settle.server";
import { getStorage } from "./storage.server";
import { requireMay } from "./tiers.server";
import type { Viewer } from "./viewer";

/**
 * What operators decide about media. Removing bans the fingerprints in the same transaction, so that the same file is
 * refused from that moment on; the bytes go after the commit, and the address answers 410 from the commit on.
 */
export async function removeMedia(operator: Viewer, assetId: string, now: Date): Promise<void> {
  requireMay(operator, "moderation.decide");
  await inTransaction(async (tx) => {
    const asset = await requireAsset(assetId, tx);
    if (!(await advanceAsset({ assetId, to: "removed", found: { held: false, hasSource: false } }, now, tx))) return;
    await insertBan({ _id: assetId, sha256: asset.sha256, hashes: asset.hashes, at: now }, tx);
    await removeJobs(assetId, tx);
    await enqueueSettle(asset, "removed", now, tx);
    const post = asset.postId ? await getPost(asset.postId, tx) : null;
    if (post?.clip?.assetId === assetId) await settleClipIn(post, { ...asset, state: "removed" }, now, tx);
  });
  // This process answers 410 from now on, the others within the second for which they remember an asset.
  forgetServedAsset(assetId);
  await eraseFiles(assetId);
  await settleAsset(assetId, now);
}

/** Deletes every byte of an asset. Deleting what is gone is no error, so that it can be repeated after a crash. */
export async function eraseFiles(assetId: string): Promise<void> {
  const storage = getStorage();
  await storage.remove(sourceKey(assetId));
  await storage.removeAll(mediaPrefix(assetId));
}

/** A held asset is what it seems to be no copy of: it goes on its way. */
export async function releaseMedia(operator: Viewer, assetId: string, now: Date): Promise<void> {
  requireMay(operator, "moderation.decide");
  await inTransaction(async (tx) => {
    const asset = await requireAsset(assetId, tx);
    // The post is settled right after the commit, and by this job should the process die in between.
    if (await releaseAsset(assetId, now, tx)) await enqueueSettle(asset, "released", now, tx);
  });
  await settleAsset(assetId, now);
}

/** Takes an asset's jobs to the front of the queue, and gives those that were given up another chance; 0 takes the push back. */
export function boostMedia(operator: Viewer, assetId: string, boost: 0 | 1, now: Date): Promise<void> {
  requireMay(operator, "moderation.decide");
  return inTransaction(async (tx) => {
    await requireAsset(assetId, tx);
    await boostJobs(assetId, boost, tx);
    if (boost > 0) await reviveJobs(assetId, now, tx);
  });
}

async function requireAsset(assetId: string, tx: Tx): Promise<MediaAsset> {
  const asset = await getAsset(assetId, tx);
  if (!asset) throw new NotFound(`asset ${assetId}`);
  return asset;
}
