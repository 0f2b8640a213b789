import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Poll vote: what one member chose in one poll. Guarantees: (1) one row per member and poll; (2) the counts in the post
 * change in the transaction that writes the row, by the difference between the old and the new choices.
 */
export interface PollVote {
  _id: string;
  postId: string;
  memberId: string;
  choices: string[];
  votedAt: Date;
}

const PollVotes = defineCollection<PollVote>(
  {
    name: "pollVotes",
    shardKey: { postId: 1 },
    why: "a vote is read and written beside its post",
    indexes: [{ fields: { postId: 1, memberId: 1 }, options: { unique: true } }],
  },
  {
    postId: { type: String, required: true },
    memberId: { type: String, required: true },
    choices: { type: [String], required: true },
    votedAt: { type: Date, required: true },
  },
);

/** The member's choices; empty before voting. */
export async function getVote(postId: string, memberId: string, tx?: Tx): Promise<string[]> {
  const vote = await PollVotes.findOne({ postId, memberId }, { choices: 1 }, tx ? { session: tx } : {}).lean<Pick<PollVote, "choices">>();
  return vote?.choices ?? [];
}

/** Writes the member's choices and returns the ones they replace; empty the first time. */
export async function putVote({ postId, memberId, choices }: Pick<PollVote, "postId" | "memberId" | "choices">, at: Date, tx: Tx): Promise<string[]> {
  const before = await PollVotes.findOneAndUpdate(
    { postId, memberId },
    { $set: { choices, votedAt: at }, $setOnInsert: { _id: `${postId}:${memberId}` } },
    { upsert: true, new: false, session: tx },
  ).lean<PollVote>();
  return before?.choices ?? [];
}
