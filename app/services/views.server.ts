import { createHmac } from "node:crypto";
import { inTransaction } from "@models/connection.server";
import { changePostCount, requireVisiblePost } from "@models/post.server";
import { addView } from "@models/view.server";
import { noteRead } from "./tiers.server";

/**
 * Views are counted once per reader per day, bots apart. A guest is known only by a keyed hash of address and browser,
 * which changes every day with the key and is deleted after two: enough to count, not enough to follow anybody.
 */
export function guestReaderKey({ address, userAgent, secret, now }: { address: string; userAgent: string; secret: string; now: Date }): string {
  const day = now.toISOString().slice(0, 10);
  return `g:${createHmac("sha256", `${secret}:${day}`).update(`${address}\n${userAgent.slice(0, 300)}`).digest("base64url").slice(0, 22)}`;
}

/** True when this view was counted. Unknown or hidden posts count nothing and say so by the usual errors. */
export async function recordView(
  { postId, reader }: { postId: string; reader: { memberId: string } | { guestKey: string } },
  now: Date,
): Promise<boolean> {
  const readerKey = "memberId" in reader ? `m:${reader.memberId}` : reader.guestKey;
  const counted = await inTransaction(async (tx) => {
    const post = await requireVisiblePost(postId, tx);
    const added = await addView({ postId, readerKey, at: now }, tx);
    if (added) await changePostCount(postId, "viewCount", 1, tx);
    return { added, authorId: post.authorId };
  });
  // Reading other people's posts is what the first trust tier is earned by.
  if (counted.added && "memberId" in reader && reader.memberId !== counted.authorId) await noteRead(reader.memberId, now);
  return counted.added;
}
