import { inTransaction, type Tx } from "@models/connection.server";
import { Conflict, Invalid, NotFound } from "@models/errors";
import { announce } from "@models/page-event.server";
import { putVote } from "@models/poll-vote.server";
import { changePollVotes, getPost, requireVisiblePost, type Poll } from "@models/post.server";
import { toPollView, type PollView } from "./posts-read.server";

/** Votes are a desired state: the choices a member wants to stand. Sending them again, or others, keeps the counts exact. */
export interface CastVote {
  postId: string;
  memberId: string;
  choices: string[];
}

export class PollClosed extends Conflict {
  constructor() {
    super("the poll has ended", { messageKey: "poll.closedRefused" });
  }
}

export async function castVote(vote: CastVote, now: Date): Promise<PollView> {
  return inTransaction((tx) => castVoteIn(vote, now, tx));
}

/** The same inside a transaction that the caller holds, e.g. the one that uses up an intent. */
export async function castVoteIn({ postId, memberId, choices }: CastVote, now: Date, tx: Tx): Promise<PollView> {
  const { poll } = await requireVisiblePost(postId, tx);
  if (!poll) throw new NotFound(`poll of ${postId}`);
  if (poll.closesAt <= now) throw new PollClosed();
  const wanted = requireChoices(poll, choices);
  const before = await putVote({ postId, memberId, choices: wanted }, now, tx);
  const options = [
    ...wanted.filter((id) => !before.includes(id)).map((id) => ({ id, delta: 1 as const })),
    ...before.filter((id) => !wanted.includes(id)).map((id) => ({ id, delta: -1 as const })),
  ];
  await changePollVotes({ postId, options, voters: before.length === 0 ? 1 : 0 }, tx);
  if (options.length > 0) await announce([`post:${postId}`], now, tx);
  const after = await getPost(postId, tx);
  return toPollView(after?.poll ?? poll, wanted, now);
}

function requireChoices(poll: Poll, choices: string[]): string[] {
  const wanted = [...new Set(choices)];
  if (wanted.length === 0) throw new Invalid("no choice", { messageKey: "poll.chooseFirst", fields: { choice: "poll.chooseFirst" } });
  if (!poll.multiple && wanted.length > 1) throw new Invalid("one choice only", { messageKey: "poll.chooseOne", fields: { choice: "poll.chooseOne" } });
  if (wanted.some((id) => !poll.options.some((option) => option.id === id))) throw new Invalid("unknown choice", { messageKey: "poll.unknownChoice", fields: { choice: "poll.unknownChoice" } });
  return wanted;
}
