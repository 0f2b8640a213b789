import { inTransaction, type Tx } from "@models/connection.server";
import { DomainError, NotFound } from "@models/errors";
import { addFollow, countFollows, FOLLOWS_MAX, removeFollow, type FollowKind } from "@models/follow.server";
import { changeMemberCounts, getMember } from "@models/member.server";
import { announce } from "@models/page-event.server";
import { DEFAULT_LOCALE } from "~/i18n/locales";
import { getTopic } from "./topics.server";

export interface SetFollow {
  kind: FollowKind;
  /** Member id or topic slug. */
  targetId: string;
  memberId: string;
  followed: boolean;
}

export class SelfFollowRefused extends DomainError {
  constructor() {
    super("FORBIDDEN", "members do not follow themselves", { messageKey: "errors.selfFollow" });
  }
}

export class TooManyFollows extends DomainError {
  constructor() {
    super("CONFLICT", `at most ${FOLLOWS_MAX} follows`, { messageKey: "errors.tooManyFollows", params: { max: FOLLOWS_MAX } });
  }
}

export function setFollow(request: SetFollow, now: Date): Promise<{ followed: boolean }> {
  return inTransaction((tx) => setFollowIn(request, now, tx));
}

export async function setFollowIn({ kind, targetId, memberId, followed }: SetFollow, now: Date, tx: Tx): Promise<{ followed: boolean }> {
  if (kind === "member" && targetId === memberId) throw new SelfFollowRefused();
  const known = kind === "member" ? await getMember(targetId, tx) : await getTopic(targetId, DEFAULT_LOCALE, now);
  if (!known) throw new NotFound(`${kind} ${targetId}`);
  const key = { followerId: memberId, kind, targetId };
  if (followed && (await countFollows(memberId, tx)) >= FOLLOWS_MAX) throw new TooManyFollows();
  const changed = followed ? await addFollow(key, now, tx) : await removeFollow(key, tx);
  if (changed && kind === "member") {
    const delta = followed ? 1 : -1;
    await changeMemberCounts(targetId, { followerCount: delta }, tx);
    await changeMemberCounts(memberId, { followingCount: delta }, tx);
    await announce([`member:${targetId}`, `member:${memberId}`], now, tx);
  }
  return { followed };
}
