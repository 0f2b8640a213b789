import type { Tx } from "@models/connection.server";
import { placeInFeeds, withdrawFromFeeds } from "@models/feed-entry.server";
import { changeMemberCounts } from "@models/member.server";
import { announce } from "@models/page-event.server";
import type { Post } from "@models/post.server";
import { setPostMediaAccess } from "./media-access.server";
import { tagsOfPost } from "./page-tags.server";
import { noteSignalsIn } from "./tiers.server";

/**
 * Everything that follows from a post coming before readers (1) or being taken away from them (-1): its rows in feeds,
 * who may fetch its files, its author's count and signals, and the pages that must be made anew. The caller has changed
 * the state of the post in the same transaction, and asks only when it did change.
 */
export async function changeStanding(post: Post, standing: 1 | -1, now: Date, tx: Tx): Promise<void> {
  if (standing === 1) await placeInFeeds(post, tx);
  else await withdrawFromFeeds(post, tx);
  await setPostMediaAccess(post, standing === 1 ? "public" : "private", now, tx);
  await changeMemberCounts(post.authorId, { postCount: standing }, tx);
  await noteSignalsIn(post.authorId, { postsApproved: standing }, tx);
  await announce(tagsOfPost(post), now, tx);
}
