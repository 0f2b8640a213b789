import { closeAsset, setAssetAccess, type MediaAsset } from "@models/media-asset.server";
import type { Tx } from "@models/connection.server";
import type { Post } from "@models/post.server";

/**
 * Who may fetch the files of a post: everybody while it is published, nobody but its author otherwise. Called in the
 * transaction that publishes, hides, deletes or brings back, so that no file is open a moment longer than its post.
 */
export async function setPostMediaAccess(
  post: Pick<Post, "_id" | "authorId" | "assetIds">,
  access: MediaAsset["access"],
  now: Date,
  tx: Tx,
): Promise<void> {
  for (const assetId of post.assetIds ?? []) {
    const key = { assetId, ownerId: post.authorId, postId: post._id };
    if (access === "public") await setAssetAccess({ ...key, access }, now, tx);
    else await closeAsset(key, now, tx);
  }
}
