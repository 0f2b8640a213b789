import { clearDeletedComments } from "@models/comment.server";
import { inTransaction, type Tx } from "@models/connection.server";
import { takeFromDeleted } from "@models/feed-entry.server";
import { advanceAsset, listAssets } from "@models/media-asset.server";
import { clearDeletedPost, listPostsToClear, RESTORE_DAYS, type Post } from "@models/post.server";
import { removeRevisions } from "@models/post-revision.server";
import { eraseFiles } from "./media-moderation.server";

/** What the privacy page promises: words deleted longer than RESTORE_DAYS ago are cleared, with earlier versions and pictures. */
const DAY_MS = 86_400_000;
const BATCH = 100;
const BATCHES_MAX = 20;

export interface Swept {
  posts: number;
  comments: number;
}

/** Safe to run in several processes at once and again after a crash: each row is cleared by its own conditional write. */
export async function sweepDeletedWords(now: Date): Promise<Swept> {
  const deletedBefore = new Date(now.getTime() - RESTORE_DAYS * DAY_MS);
  const swept: Swept = { posts: 0, comments: 0 };
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const posts = await listPostsToClear(deletedBefore, BATCH);
    for (const post of posts) {
      const cleared = await inTransaction(async (tx) => {
        if (!(await clearDeletedPost(post._id, deletedBefore, tx))) return null;
        await removeRevisions(post._id, tx);
        await takeFromDeleted(post, tx);
        return clearPictures(post, now, tx);
      });
      if (!cleared) continue;
      swept.posts += 1;
      for (const assetId of cleared) await eraseFiles(assetId);
    }
    const comments = await clearDeletedComments(deletedBefore, BATCH);
    swept.comments += comments;
    if (posts.length < BATCH && comments < BATCH) break;
  }
  return swept;
}

/** The pictures and the clip go with the words, unless another post shows them by now. Returns whose files are to be erased. */
async function clearPictures(post: Pick<Post, "_id" | "assetIds">, now: Date, tx: Tx): Promise<string[]> {
  const assets = await listAssets(post.assetIds ?? [], tx);
  const own = [...assets.values()].filter((asset) => asset.postId === post._id).map((asset) => asset._id);
  for (const assetId of own) await advanceAsset({ assetId, to: "removed", found: { hasSource: false } }, now, tx);
  return own;
}
