import { findMemberIdByKey } from "@models/member-key.server";
import { findPublicMemberByHandle } from "@models/member.server";

/** Members by what is typed after an @. */
export interface MentionView {
  handle: string;
  displayName: string;
}

const HANDLE = /^[A-Za-z0-9_]{2,30}$/;

export async function findMemberId(handle: string): Promise<string | null> {
  return HANDLE.test(handle) ? findMemberIdByKey("handle", handle) : null;
}

/** The member with exactly this handle: a list of everybody whose name begins with a letter would be a way to harvest them. */
export async function suggestMentions(text: string): Promise<MentionView[]> {
  if (!HANDLE.test(text)) return [];
  const member = await findPublicMemberByHandle(text);
  return member ? [{ handle: member.handle, displayName: member.displayName }] : [];
}
