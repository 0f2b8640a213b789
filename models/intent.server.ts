import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Used intent: the nonce of an act that a guest tried and that was completed after login.
 * Guarantee: a nonce is written in the transaction of the act itself, so the act happens exactly once, whatever is
 * replayed, doubled or cut off. An intent is refused by its own date after 15 minutes; the row only has to outlive it.
 */
interface UsedIntent {
  _id: string;
  memberId: string;
  act: string;
  expiresAt: Date;
}

const UsedIntents = defineCollection<UsedIntent>(
  {
    name: "intents",
    shardKey: { _id: 1 },
    why: "resuming asks for one nonce",
    indexes: [{ fields: { expiresAt: 1 }, options: { expireAfterSeconds: 0 } }],
  },
  {
    memberId: { type: String, required: true },
    act: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
);

/** False when the nonce was used before. Call it first in the transaction of the act. */
export async function spendNonce({ nonce, ...row }: Omit<UsedIntent, "_id"> & { nonce: string }, tx: Tx): Promise<boolean> {
  const known = await UsedIntents.findOne({ _id: nonce }, { _id: 1 }, { session: tx }).lean();
  if (known) return false;
  await UsedIntents.create([{ _id: nonce, ...row }], { session: tx });
  return true;
}

export async function isNonceSpent(nonce: string): Promise<boolean> {
  return (await UsedIntents.findOne({ _id: nonce }, { _id: 1 }).lean()) !== null;
}
