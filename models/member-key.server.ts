import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";

/**
 * Member key: a name by which exactly one member is found: handle, phone number or e-mail address.
 * Guarantee: a key belongs to at most one member, on a sharded cluster too, because the name itself is `_id`.
 * Written only inside the transaction that writes the member (app/services/accounts.server.ts).
 */
export type MemberKeyKind = "handle" | "phone" | "email";

interface MemberKey {
  _id: string;
  memberId: string;
}

const MemberKeys = defineCollection<MemberKey>(
  {
    name: "memberKeys",
    shardKey: { _id: 1 },
    why: "login and profile pages ask for one name",
    indexes: [],
  },
  { memberId: { type: String, required: true } },
);

/** Values are compared as stored here: handles and e-mail addresses in lower case, phones as +country digits. */
const keyOf = (kind: MemberKeyKind, value: string): string => `${kind}:${kind === "phone" ? value : value.toLowerCase()}`;

export async function findMemberIdByKey(kind: MemberKeyKind, value: string, tx?: Tx): Promise<string | null> {
  const row = await MemberKeys.findOne({ _id: keyOf(kind, value) }, null, { session: tx ?? null }).lean<MemberKey>();
  return row?.memberId ?? null;
}

/** Fails with a duplicate-key error when another member has the name; inTransaction then runs the use case again. */
export async function claimMemberKey(kind: MemberKeyKind, value: string, memberId: string, tx: Tx): Promise<void> {
  await MemberKeys.create([{ _id: keyOf(kind, value), memberId }], { session: tx });
}

/** Gives the name back; only its owner can. */
export async function releaseMemberKey(kind: MemberKeyKind, value: string, memberId: string, tx: Tx): Promise<void> {
  await MemberKeys.deleteOne({ _id: keyOf(kind, value), memberId }, { session: tx });
}

/** Which of these handles exist: handle in lower case → member id. For mentions; at most 100 names. */
export async function findMemberIdsByHandles(handles: string[]): Promise<Map<string, string>> {
  const ids = [...new Set(handles.slice(0, 100).map((handle) => keyOf("handle", handle)))];
  if (ids.length === 0) return new Map();
  const rows = await MemberKeys.find({ _id: { $in: ids } }).lean<MemberKey[]>();
  return new Map(rows.map((row) => [row._id.slice("handle:".length), row.memberId]));
}

/** Handles that begin with `prefix`, for the typeahead of mentions: one range of `_id`. */
export async function listHandlesByPrefix(prefix: string, limit = 8): Promise<{ handle: string; memberId: string }[]> {
  const from = keyOf("handle", prefix);
  // Handles are a-z, 0-9 and "_", all below "{".
  const rows = await MemberKeys.find({ _id: { $gte: from, $lt: `${from}{` } })
    .sort({ _id: 1 })
    .limit(Math.min(limit, 20))
    .lean<MemberKey[]>();
  return rows.map((row) => ({ handle: row._id.slice("handle:".length), memberId: row.memberId }));
}
