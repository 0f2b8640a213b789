import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Guest draft: words that somebody sent before logging in. Kept for 15 minutes under the nonce of their intent, then,
 * once its owner has logged in, for a day and for that member alone. Nothing here is ever published by itself.
 */
export interface GuestDraft {
  _id: string;
  /** Null until somebody has logged in with the intent that carries the nonce. */
  memberId: string | null;
  act: "comment" | "reply" | "post" | "edit";
  /** The post that is answered or edited; null for a new post. */
  postId: string | null;
  /** The comment that is answered or edited. */
  commentId: string | null;
  /** Field name → text, as the form sent it. */
  fields: Record<string, string>;
  expiresAt: Date;
}

const GuestDrafts = defineCollection<GuestDraft>(
  {
    name: "guestDrafts",
    shardKey: { _id: 1 },
    why: "the composer asks for one nonce",
    indexes: [{ fields: { expiresAt: 1 }, options: { expireAfterSeconds: 0 } }],
  },
  {
    memberId: { type: String, default: null },
    act: { type: String, required: true },
    postId: { type: String, default: null },
    commentId: { type: String, default: null },
    fields: { type: Object, required: true },
    expiresAt: { type: Date, required: true },
  },
);

export async function keepGuestDraft(draft: GuestDraft): Promise<void> {
  await GuestDrafts.create([draft]);
}

/** Hands the words to the member who logged in; false when they are gone or already someone's. */
export async function claimGuestDraft({ nonce, memberId, expiresAt }: { nonce: string; memberId: string; expiresAt: Date }, now: Date, tx: Tx): Promise<boolean> {
  const written = await GuestDrafts.updateOne(
    { _id: nonce, memberId: null, expiresAt: { $gt: now } },
    { $set: { memberId, expiresAt } },
    { session: tx },
  );
  return written.modifiedCount === 1;
}

export async function findClaimedDraft(nonce: string, memberId: string, now: Date): Promise<GuestDraft | null> {
  return GuestDrafts.findOne({ _id: nonce, memberId, expiresAt: { $gt: now } }).lean<GuestDraft>();
}

/** Called when the words were published or stored elsewhere. */
export async function dropClaimedDraft(nonce: string, memberId: string): Promise<void> {
  await GuestDrafts.deleteOne({ _id: nonce, memberId });
}
