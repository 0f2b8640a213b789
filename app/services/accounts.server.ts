import { hash, verify } from "@node-rs/argon2";
import { randomInt } from "node:crypto";
import { inTransaction, type Tx } from "@models/connection.server";
import { Conflict, DomainError, Invalid } from "@models/errors";
import { findMemberIdByKey } from "@models/member-key.server";
import {
  chooseHandle,
  getMember,
  insertMember,
  requireMemberById,
  setPasswordHash,
  setProfile,
  setRole,
  setVerifiedEmail,
  setVerifiedPhone,
  type Member,
  type ProfileChange,
} from "@models/member.server";
import { announce } from "@models/page-event.server";
import type { Role } from "@models/roles";
import { deleteSessionsOf } from "@models/session.server";
import { requireHandle, normalizePhone, readContact } from "./contact";
import { checkCode, sendCode, spendCode } from "./codes.server";
import { findPasswordProblem } from "./password-policy";
import { addressKey, consume, forgive, type RateRule } from "./rate-limit.server";
import type { Locale } from "../i18n/locales";
import { getFixedT } from "../i18n/t";

/**
 * Accounts: joining, logging in, changing what one logs in with.
 * Guarantees: (1) a wrong handle and a wrong password get the same answer after the same work; (2) a code is used in the
 * same transaction as what it allows; (3) whoever changes the password ends every other session.
 */
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

export function hashPassword(password: string): Promise<string> {
  return hash(password.normalize("NFKC"), ARGON2);
}

let dummyHash: Promise<string> | undefined;

/** Verifies against a hash that nothing matches when there is none, so that both cases cost the same. */
async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  dummyHash ??= hashPassword("no member has this password");
  const dummy = await dummyHash;
  const matches = await verify(passwordHash ?? dummy, password.normalize("NFKC"));
  return matches && passwordHash !== null;
}

const LOGIN_PER_ADDRESS: RateRule = { name: "login.address", times: 60, windowSec: 900 };
const LOGIN_PER_ACCOUNT: RateRule = { name: "login.account", times: 10, windowSec: 900 };
const JOIN_PER_ADDRESS: RateRule = { name: "join.address", times: 20, windowSec: 3_600 };

export class WrongLogin extends DomainError {
  constructor() {
    super("INVALID", "handle or password is wrong", { messageKey: "auth.wrongLogin", fields: { password: "auth.wrongLogin" } });
  }
}

function requireStrong(password: string, handle: string, field = "password"): void {
  const problem = findPasswordProblem(password, handle);
  if (problem) throw new Invalid(problem, { messageKey: `auth.${problem}`, fields: { [field]: `auth.${problem}` } });
}

export interface Join {
  handle: string;
  password: string;
  locale: Locale;
  address: string;
}

export async function join({ handle, password, locale, address }: Join, now: Date): Promise<Member> {
  requireHandle(handle);
  requireStrong(password, handle);
  await consume(JOIN_PER_ADDRESS, addressKey(address), now);
  const passwordHash = await hashPassword(password);
  return inTransaction((tx) => insertMember({ handle, displayName: handle, passwordHash, joinedAt: now, language: locale }, tx));
}

export interface PasswordLogin {
  handle: string;
  password: string;
  address: string;
}

/** Ten tries per account and quarter of an hour, known or not; the right password clears the count. */
export async function logInWithPassword({ handle, password, address }: PasswordLogin, now: Date): Promise<Member> {
  const account = handle.trim().normalize("NFKC").toLowerCase().slice(0, 100);
  await consume(LOGIN_PER_ADDRESS, addressKey(address), now);
  await consume(LOGIN_PER_ACCOUNT, account, now);
  const memberId = await findMemberIdByKey("handle", account);
  // An unknown handle asks for a member as well: the same two reads, then the same verification.
  const member = await getMember(memberId ?? "-");
  const matches = await verifyPassword(member?.passwordHash ?? null, password);
  if (!member || !matches) throw new WrongLogin();
  await forgive(LOGIN_PER_ACCOUNT, account, now);
  return member;
}

/** Sends a login code. The same for a known and an unknown number: the first login creates the account. */
export function requestLoginCode({ phone, locale, address }: { phone: string; locale: Locale; address: string }, now: Date): Promise<string> {
  return sendCode({ purpose: "login", channel: "sms", to: normalizePhone(phone), memberId: null, deliver: true, locale, address }, now);
}

export interface CodeEntry {
  challengeId: string;
  code: string;
  address: string;
}

export interface CodeLogin {
  member: Member;
  created: boolean;
}

export async function logInWithCode({ challengeId, code, address, locale }: CodeEntry & { locale: Locale }, now: Date): Promise<CodeLogin> {
  const row = await checkCode({ id: challengeId, code, purpose: "login", address }, now);
  return inTransaction(async (tx) => {
    await spendCode(row, now, tx);
    const memberId = await findMemberIdByKey("phone", row.to, tx);
    if (memberId) return { member: await requireMemberById(memberId, tx), created: false };
    const handle = await proposeHandle(tx);
    const displayName = getFixedT(locale)("auth.proposedName", { number: handle.slice(-4) });
    const fields = { handle, handleProposed: true, displayName, phone: row.to, phoneVerifiedAt: now, joinedAt: now, language: locale };
    return { member: await insertMember(fields, tx), created: true };
  });
}

const PROPOSALS_MAX = 8;

/** "bean" and digits: free at this moment, and still guarded by the unique key when it is written. */
async function proposeHandle(tx: Tx): Promise<string> {
  for (let attempt = 0; attempt < PROPOSALS_MAX; attempt++) {
    const handle = `bean${randomInt(100_000, 100_000_000)}`;
    if (!(await findMemberIdByKey("handle", handle, tx))) return handle;
  }
  throw new Conflict("no free handle was found");
}

/** Sends a reset code to a phone or an e-mail address. Always returns a challenge, whether or not an account has it. */
export async function requestReset({ contact, locale, address }: { contact: string; locale: Locale; address: string }, now: Date): Promise<string> {
  const { channel, to } = readContact(contact);
  const memberId = await findMemberIdByKey(channel === "sms" ? "phone" : "email", to);
  return sendCode({ purpose: "reset", channel, to, memberId, deliver: memberId !== null, locale, address }, now);
}

/** Sets a new password and ends every session of the member; the caller opens a new one. */
export async function resetPassword({ challengeId, code, address, password }: CodeEntry & { password: string }, now: Date): Promise<Member> {
  requireStrong(password, "");
  const row = await checkCode({ id: challengeId, code, purpose: "reset", address }, now);
  const { memberId } = row;
  if (!memberId) throw new WrongLogin();
  const passwordHash = await hashPassword(password);
  return inTransaction(async (tx) => {
    await spendCode(row, now, tx);
    await setPasswordHash(memberId, passwordHash, tx);
    await deleteSessionsOf(memberId, { tx });
    return requireMemberById(memberId, tx);
  });
}

export interface ChangePassword {
  memberId: string;
  /** Not asked of a member who has no password yet. */
  currentPassword: string;
  newPassword: string;
}

/** Ends every session of the member, this one too; the caller opens a new one for this browser. */
export async function changePassword({ memberId, currentPassword, newPassword }: ChangePassword, now: Date): Promise<void> {
  const member = await requireMemberById(memberId);
  requireStrong(newPassword, member.handle, "newPassword");
  if (member.passwordHash !== null) {
    await consume(LOGIN_PER_ACCOUNT, member.handleLower, now);
    if (!(await verifyPassword(member.passwordHash, currentPassword))) {
      throw new Invalid("current password is wrong", { messageKey: "account.currentPasswordWrong", fields: { currentPassword: "account.currentPasswordWrong" } });
    }
  }
  const passwordHash = await hashPassword(newPassword);
  await inTransaction(async (tx) => {
    await setPasswordHash(memberId, passwordHash, tx);
    await deleteSessionsOf(memberId, { tx });
  });
}

/** Sends a code to a phone or an address that a logged-in member wants to add. */
export async function requestContactCode({ memberId, contact, locale, address }: { memberId: string; contact: string; locale: Locale; address: string }, now: Date): Promise<string> {
  const { channel, to } = readContact(contact);
  return sendCode({ purpose: channel === "sms" ? "phone" : "email", channel, to, memberId, deliver: true, locale, address }, now);
}

/** Rights may follow from a verified phone, so the caller rotates the session. */
export async function verifyContact({ memberId, challengeId, code, address, purpose }: CodeEntry & { memberId: string; purpose: "phone" | "email" }, now: Date): Promise<void> {
  const row = await checkCode({ id: challengeId, code, purpose, address }, now);
  if (row.memberId !== memberId) throw new WrongLogin();
  await inTransaction(async (tx) => {
    await spendCode(row, now, tx);
    if (purpose === "phone") await setVerifiedPhone(memberId, row.to, now, tx);
    else await setVerifiedEmail(memberId, row.to, tx);
  });
}

export async function changeProfile({ memberId, change }: { memberId: string; change: ProfileChange }, now: Date): Promise<void> {
  await inTransaction(async (tx) => {
    await setProfile(memberId, change, tx);
    await announce([`member:${memberId}`], now, tx);
  });
}

/** Once, for accounts that began with a proposed handle. */
export async function changeHandle({ memberId, handle }: { memberId: string; handle: string }, now: Date): Promise<void> {
  requireHandle(handle);
  await inTransaction(async (tx) => {
    await chooseHandle(memberId, handle, tx);
    await announce([`member:${memberId}`], now, tx);
  });
}

/** Rights changed: every session ends, so that none goes on with the old ones. */
export async function changeRole({ memberId, role }: { memberId: string; role: Role }): Promise<void> {
  await inTransaction(async (tx) => {
    await setRole(memberId, role, tx);
    await deleteSessionsOf(memberId, { tx });
  });
}
