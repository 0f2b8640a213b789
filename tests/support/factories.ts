import { nanoid } from "nanoid";
import { inTransaction } from "@models/connection.server";
import { insertMember, type Member, type NewMember } from "@models/member.server";
import { toViewer, type Viewer } from "~/services/viewer";
import { AT_NOON } from "./posts";

export { AT_NOON, makeComment, makePost } from "./posts";

/** A member written through the writer of production; the handle is random unless given. */
export function makeMember(given: Partial<NewMember> = {}): Promise<Member> {
  const handle = given.handle ?? `m_${nanoid(10).replace(/[^a-z0-9]/gi, "x")}`;
  return inTransaction((tx) => insertMember({ handle, displayName: handle, joinedAt: AT_NOON, language: "zh-CN", ...given }, tx));
}

/** A member as pages and services see one. */
export async function makeViewer(given: Partial<NewMember> = {}): Promise<Viewer> {
  return toViewer(await makeMember(given));
}
