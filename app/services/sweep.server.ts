import { clearDeletedComments } from "@models/comment.server";
import { inTransaction } from "@models/connection.server";
import { takeFromDeleted } from "@models/feed-entry.server";
import { clearDeletedPost, listPostsToClear, RESTORE_DAYS } from "@models/post.server";
import { removeRevisions } from "@models/post-revision.server";

/** What the privacy page promises: words deleted longer than RESTORE_DAYS ago are cleared, earlier versions with them. */
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
        if (!(await clearDeletedPost(post._id, deletedBefore, tx))) return false;
        await removeRevisions(post._id, tx);
        await takeFromDeleted(post, tx);
        return true;
      });
      if (cleared) swept.posts += 1;
    }
    const comments = await clearDeletedComments(deletedBefore, BATCH);
    swept.comments += comments;
    if (posts.length < BATCH && comments < BATCH) break;
  }
  return swept;
}
