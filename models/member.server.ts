import { nanoid } from "nanoid";
import { defineCollection, findRows } from "./collection.server";
import type { Tx } from "./connection.server";
import { DomainError, NotFound } from "./errors";
import { claimMemberKey, findMemberIdByKey, releaseMemberKey } from "./member-key.server";
import { ROLES, type Role } from "./roles";
import { RowCache } from "./row-cache";
import { TIER_THRESHOLDS, tierOf, type Tier, type TierSignals } from "./tier";

/**
 * Member: a person with an account.
 * Guarantees: (1) handle, phone and e-mail each belong to one member: the row here and its key in member-key.server.ts
 * change in one transaction; (2) counters change only by `$inc`, in the transaction of the thing counted;
 * (3) `tier` always equals what tierOf() says about the four signals beside it.
 */
export interface Member extends TierSignals {
  _id: string;
  handle: string;
  handleLower: string;
  /** True until the member has chosen the handle: an account made by phone starts with a proposed one. */
  handleProposed: boolean;
  displayName: string;
  bio: string;
  role: Role;
  tier: Tier;
  /** argon2id in PHC form; null while the member logs in by phone only. */
  passwordHash: string | null;
  /** +country digits, e.g. +8613800000000. */
  phone: string | null;
  phoneVerifiedAt: Date | null;
  email: string | null;
  realNameVerifiedAt: Date | null;
  joinedAt: Date;
  language: "zh-CN" | "en";
  followerCount: number;
  followingCount: number;
  postCount: number;
  /** Day of the last post read, YYYY-MM-DD in UTC+8; each day counts once in readDays. */
  lastReadDay: string | null;
}

export type MemberCount = "followerCount" | "followingCount" | "postCount";

/** What another person may see of a member; never the phone, the e-mail or the password. */
export type PublicMember = Pick<
  Member,
  "_id" | "handle" | "displayName" | "bio" | "role" | "tier" | "joinedAt" | "language" | "followerCount" | "followingCount" | "postCount"
>;

const PUBLIC_FIELDS = {
  handle: 1,
  displayName: 1,
  bio: 1,
  role: 1,
  tier: 1,
  joinedAt: 1,
  language: 1,
  followerCount: 1,
  followingCount: 1,
  postCount: 1,
} as const;

const count = { type: Number, required: true, default: 0 };

const Members = defineCollection<Member>(
  {
    name: "members",
    shardKey: { _id: "hashed" },
    why: "every page asks for members by id; names are found through memberKeys",
    indexes: [],
  },
  {
    handle: { type: String, required: true },
    handleLower: { type: String, required: true },
    handleProposed: { type: Boolean, required: true, default: false },
    displayName: { type: String, required: true },
    bio: { type: String, default: "" },
    role: { type: String, enum: ROLES, required: true, default: "member" },
    tier: { type: Number, required: true, default: 0 },
    passwordHash: { type: String, default: null },
    phone: { type: String, default: null },
    phoneVerifiedAt: { type: Date, default: null },
    email: { type: String, default: null },
    realNameVerifiedAt: { type: Date, default: null },
    joinedAt: { type: Date, required: true },
    language: { type: String, enum: ["zh-CN", "en"], required: true },
    followerCount: count,
    followingCount: count,
    postCount: count,
    postsRead: count,
    readDays: count,
    postsApproved: count,
    reportsUpheld: count,
    lastReadDay: { type: String, default: null },
  },
);

export type NewMember = Pick<Member, "handle" | "displayName" | "joinedAt" | "language"> &
  Partial<Omit<Member, "_id" | "handleLower" | "tier">> & {
    _id?: string;
    /** For seeds and factories: stands on this tier from the start, with the signals that it asks for. */
    tier?: Tier;
  };

export class HandleTaken extends DomainError {
  constructor(handle: string) {
    super("CONFLICT", `handle ${handle} is taken`, { messageKey: "auth.handleTaken", fields: { handle: "auth.handleTaken" } });
  }
}

/** A phone or an address that already belongs to another account. Said only to someone who has proved to own it. */
export class ContactTaken extends DomainError {
  constructor(kind: "phone" | "email") {
    super("CONFLICT", `${kind} belongs to another member`, { messageKey: `auth.${kind}Taken`, fields: { [kind]: `auth.${kind}Taken` } });
  }
}

/** Writes the member and claims each of the names, or throws HandleTaken / ContactTaken and writes nothing. */
export async function insertMember(member: NewMember, tx: Tx): Promise<Member> {
  const _id = member._id ?? nanoid(12);
  if (await findMemberIdByKey("handle", member.handle, tx)) throw new HandleTaken(member.handle);
  if (member.phone && (await findMemberIdByKey("phone", member.phone, tx))) throw new ContactTaken("phone");
  if (member.email && (await findMemberIdByKey("email", member.email, tx))) throw new ContactTaken("email");
  const signals: TierSignals = { ...TIER_THRESHOLDS[member.tier ?? 0], ...pickSignals(member) };
  await claimMemberKey("handle", member.handle, _id, tx);
  if (member.phone) await claimMemberKey("phone", member.phone, _id, tx);
  if (member.email) await claimMemberKey("email", member.email, _id, tx);
  const [written] = await Members.create(
    [{ ...member, ...signals, _id, handleLower: member.handle.toLowerCase(), email: member.email?.toLowerCase() ?? null, tier: tierOf(signals) }],
    { session: tx },
  );
  if (!written) throw new Error("insert of a member returned nothing");
  shown.forget(_id, tx);
  return written.toObject<Member>();
}

function pickSignals(member: Partial<TierSignals>): Partial<TierSignals> {
  const { postsRead, readDays, postsApproved, reportsUpheld } = member;
  const given = { postsRead, readDays, postsApproved, reportsUpheld };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The whole member, secrets included: for services, never for a view. */
export async function getMember(memberId: string, tx?: Tx): Promise<Member | null> {
  return Members.findOne({ _id: memberId }, null, { session: tx ?? null }).lean<Member>();
}

export async function requireMemberById(memberId: string, tx?: Tx): Promise<Member> {
  const member = await getMember(memberId, tx);
  if (!member) throw new NotFound("member");
  return member;
}

export async function getPublicMember(memberId: string): Promise<PublicMember | null> {
  return Members.findOne({ _id: memberId }, PUBLIC_FIELDS).lean<PublicMember>();
}

export async function findPublicMemberByHandle(handle: string): Promise<PublicMember | null> {
  const memberId = await findMemberIdByKey("handle", handle);
  return memberId ? getPublicMember(memberId) : null;
}

const LOOKUP_BATCH = 500;

async function readPublicMembers(ids: string[]): Promise<Map<string, PublicMember>> {
  const found = new Map<string, PublicMember>();
  for (let from = 0; from < ids.length; from += LOOKUP_BATCH) {
    const batch = ids.slice(from, from + LOOKUP_BATCH);
    const rows = await findRows<Member, PublicMember>(Members, { _id: { $in: batch } }, { projection: PUBLIC_FIELDS, limit: batch.length });
    for (const row of rows) found.set(row._id, row);
  }
  return found;
}

/** Names stand beside every post and comment. A change made by another process is shown within a second. */
const shown = new RowCache<PublicMember>({ load: readPublicMembers, lifeMs: 1_000, rowsMax: 5_000 });

/** Public members by id, for showing; ids without a member are left out. */
export function listMembersByIds(memberIds: string[]): Promise<Map<string, PublicMember>> {
  return shown.list(memberIds);
}

export async function changeMemberCounts(memberId: string, delta: Partial<Record<MemberCount, number>>, tx: Tx): Promise<void> {
  const written = await Members.updateOne({ _id: memberId }, { $inc: delta }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound("member");
  shown.forget(memberId, tx);
}

/** Adds to the signals of the tier; call settleTier afterwards in the same transaction. */
export async function changeTierSignals(memberId: string, delta: Partial<TierSignals>, tx: Tx): Promise<void> {
  const written = await Members.updateOne({ _id: memberId }, { $inc: delta }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound("member");
}

/** Counts one post read on `day`; the first of a day also counts the day. */
export async function addReading(memberId: string, day: string, tx: Tx): Promise<void> {
  const firstToday = await Members.updateOne(
    { _id: memberId, lastReadDay: { $ne: day } },
    { $set: { lastReadDay: day }, $inc: { postsRead: 1, readDays: 1 } },
    { session: tx },
  );
  if (firstToday.matchedCount === 0) await changeTierSignals(memberId, { postsRead: 1 }, tx);
}

/** Brings the tier in line with the signals, up or down, and returns both. */
export async function settleTier(memberId: string, tx: Tx): Promise<{ before: Tier; after: Tier }> {
  const member = await requireMemberById(memberId, tx);
  const after = tierOf(member);
  if (after !== member.tier) {
    await Members.updateOne({ _id: memberId }, { $set: { tier: after } }, { session: tx });
    shown.forget(memberId, tx);
  }
  return { before: member.tier, after };
}

export type ProfileChange = Partial<Pick<Member, "displayName" | "bio" | "language">>;

export async function setProfile(memberId: string, change: ProfileChange, tx: Tx): Promise<void> {
  const written = await Members.updateOne({ _id: memberId }, { $set: change }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound("member");
  shown.forget(memberId, tx);
}

/** A proposed handle becomes a chosen one, once: links to profiles would break if handles moved freely. */
export async function chooseHandle(memberId: string, handle: string, tx: Tx): Promise<void> {
  const owner = await findMemberIdByKey("handle", handle, tx);
  if (owner && owner !== memberId) throw new HandleTaken(handle);
  const member = await requireMemberById(memberId, tx);
  if (!member.handleProposed) throw new DomainError("CONFLICT", "the handle was chosen before", { messageKey: "account.handleFixed" });
  if (!owner) {
    await releaseMemberKey("handle", member.handle, memberId, tx);
    await claimMemberKey("handle", handle, memberId, tx);
  }
  await Members.updateOne(
    { _id: memberId, handleProposed: true },
    { $set: { handle, handleLower: handle.toLowerCase(), handleProposed: false } },
    { session: tx },
  );
  shown.forget(memberId, tx);
}

export async function setPasswordHash(memberId: string, passwordHash: string, tx: Tx): Promise<void> {
  const written = await Members.updateOne({ _id: memberId }, { $set: { passwordHash } }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound("member");
}

/** Gives the member a phone whose code was just entered; the number it replaces becomes free. */
export async function setVerifiedPhone(memberId: string, phone: string, at: Date, tx: Tx): Promise<void> {
  const owner = await findMemberIdByKey("phone", phone, tx);
  if (owner && owner !== memberId) throw new ContactTaken("phone");
  const member = await requireMemberById(memberId, tx);
  if (!owner) {
    if (member.phone) await releaseMemberKey("phone", member.phone, memberId, tx);
    await claimMemberKey("phone", phone, memberId, tx);
  }
  await Members.updateOne({ _id: memberId }, { $set: { phone, phoneVerifiedAt: at } }, { session: tx });
}

/** Gives the member an e-mail address whose code was just entered. */
export async function setVerifiedEmail(memberId: string, email: string, tx: Tx): Promise<void> {
  const owner = await findMemberIdByKey("email", email, tx);
  if (owner && owner !== memberId) throw new ContactTaken("email");
  const member = await requireMemberById(memberId, tx);
  if (!owner) {
    if (member.email) await releaseMemberKey("email", member.email, memberId, tx);
    await claimMemberKey("email", email, memberId, tx);
  }
  await Members.updateOne({ _id: memberId }, { $set: { email: email.toLowerCase() } }, { session: tx });
}

export async function setRealNameVerified(memberId: string, at: Date, tx: Tx): Promise<void> {
  const written = await Members.updateOne({ _id: memberId }, { $set: { realNameVerifiedAt: at } }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound("member");
}

export async function setRole(memberId: string, role: Role, tx: Tx): Promise<void> {
  const written = await Members.updateOne({ _id: memberId }, { $set: { role } }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound("member");
  shown.forget(memberId, tx);
}
