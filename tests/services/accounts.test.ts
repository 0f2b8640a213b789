import { beforeAll, describe, expect, test } from "vitest";
import { findMemberIdByKey } from "@models/member-key.server";
import { getMember } from "@models/member.server";
import { listOutbox } from "@models/outbox.server";
import { findSession } from "@models/session.server";
import {
  changeHandle,
  changePassword,
  changeRole,
  join,
  logInWithCode,
  logInWithPassword,
  requestContactCode,
  requestLoginCode,
  requestReset,
  resetPassword,
  verifyContact,
} from "~/services/accounts.server";
import { normalizePhone, readContact, requireHandle } from "~/services/contact";
import { findPasswordProblem } from "~/services/password-policy";
import { isRemembered, listSessions, openSession, readSession, revokeOtherSessions, revokeSession } from "~/services/sessions.server";
import { useDatabase } from "../support/db";
import { makeMember } from "../support/factories";
import { AT_NOON, minutesAfter } from "../support/posts";

useDatabase();

const GOOD = "three slow harbour cranes";
let addresses = 0;
const address = (): string => `203.0.113.${++addresses % 250}`;
const joined = (handle: string, password = GOOD) => join({ handle, password, locale: "zh-CN", address: address() }, AT_NOON);
const login = (handle: string, password: string, now = AT_NOON) => logInWithPassword({ handle, password, address: address() }, now);

async function codeSentTo(to: string): Promise<string> {
  const message = (await listOutbox(50)).find((one) => one.to === to);
  return /\d{6}/.exec(message?.text ?? "")?.[0] ?? "";
}

describe("joining with a handle", () => {
  test("given a new handle, then the member can log in with it in any letters", async () => {
    const member = await joined("Lighthouse");
    expect((await login("lightHOUSE ", GOOD))._id).toBe(member._id);
    expect((await getMember(member._id))?.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  test("given one form sent twice at the same time, then there is one account and one clear answer", async () => {
    const results = await Promise.allSettled([joined("twice"), joined("twice")]);
    expect(results.map((result) => result.status).sort()).toEqual(["fulfilled", "rejected"]);
    const refused = results.find((result) => result.status === "rejected") as PromiseRejectedResult;
    expect(refused.reason).toMatchObject({ code: "CONFLICT", fields: { handle: "auth.handleTaken" } });
  });

  test.each(["ab", "1abc", "with space", "名字", "a".repeat(21), "a$gt", "a.b"])("given the handle %j, then its shape is refused", (handle) => {
    expect(() => requireHandle(handle)).toThrow("malformed handle");
  });

  test.each(["admin", "Admin_1", "goldbean", "support2"])("given the handle %j, then it is kept for the house", (handle) => {
    expect(() => requireHandle(handle)).toThrow("reserved handle");
  });
});

describe("wrong logins", () => {
  let known = "";
  beforeAll(async () => {
    known = (await joined("knownone")).handle;
  });

  test("given an unknown handle, a wrong password and an account without one, then the answers are the same", async () => {
    await makeMember({ handle: "codeonly" });
    const answers = await Promise.all(["knownone", "unknownone", "codeonly"].map((handle) => login(handle, "not the password").catch((error: unknown) => error)));
    const shapes = answers.map((error) => {
      const { code, messageKey, fields, params } = error as Record<string, unknown>;
      return JSON.stringify({ code, messageKey, fields, params });
    });
    expect(new Set(shapes).size).toBe(1);
  });

  test("given twelve of each, then an unknown handle takes as long as a known one", async () => {
    const time = async (handle: string, at: Date) => {
      const start = performance.now();
      await login(handle, "not the password", at).catch((error: unknown) => error);
      return performance.now() - start;
    };
    const times: Record<"known" | "unknown", number[]> = { known: [], unknown: [] };
    // One round per window of the rate limit; taken in turns, so that a busy machine slows both.
    for (let round = 0; round < 12; round++) {
      const at = minutesAfter(AT_NOON, 15 * round);
      times.known.push(await time(known, at));
      times.unknown.push(await time("unknownone", at));
    }
    // The quickest of twelve is the one that nothing else held up.
    const ratio = Math.min(...times.known) / Math.min(...times.unknown);
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.67);
  });

  test("given ten wrong passwords, then the account waits, known or not, and the wait is told; the right one clears the count", async () => {
    for (const handle of ["knownone", "neverwas"]) {
      const at = minutesAfter(AT_NOON, 600);
      for (let tries = 0; tries < 10; tries++) await login(handle, "wrong wrong wrong", at).catch((error: unknown) => error);
      await expect(login(handle, GOOD, at)).rejects.toMatchObject({ code: "RATE_LIMITED", messageKey: "auth.retryInMinutes", params: { count: 15 } });
    }
    const later = minutesAfter(AT_NOON, 615);
    for (let tries = 0; tries < 9; tries++) await login("knownone", "wrong wrong wrong", later).catch((error: unknown) => error);
    await login("knownone", GOOD, later);
    for (let tries = 0; tries < 9; tries++) await login("knownone", "wrong wrong wrong", later).catch((error: unknown) => error);
    await login("knownone", GOOD, later);
  });
});

describe("by phone", () => {
  test("given a number nobody has, when its code is entered, then an account with a proposed handle exists; the next time it is the same", async () => {
    const first = await requestLoginCode({ phone: "138 0000 1111", locale: "en", address: address() }, AT_NOON);
    const made = await logInWithCode({ challengeId: first, code: await codeSentTo("+8613800001111"), address: address(), locale: "en" }, AT_NOON);
    expect(made).toMatchObject({ created: true, member: { handleProposed: true, phone: "+8613800001111", language: "en", phoneVerifiedAt: AT_NOON } });
    expect(made.member.handle).toMatch(/^bean\d{6,8}$/);
    expect(made.member.displayName).toMatch(/^Goldbean reader \d{4}$/);
    const later = minutesAfter(AT_NOON, 2);
    const second = await requestLoginCode({ phone: "+86 13800001111", locale: "en", address: address() }, later);
    const again = await logInWithCode({ challengeId: second, code: await codeSentTo("+8613800001111"), address: address(), locale: "en" }, later);
    expect(again).toMatchObject({ created: false, member: { _id: made.member._id } });
  });

  test("given two tabs with a code each, when both are entered at once, then there is one account", async () => {
    const phone = "13800002222";
    const to = "+8613800002222";
    const challenges: { challengeId: string; code: string }[] = [];
    for (let tab = 0; tab < 2; tab++) {
      const challengeId = await requestLoginCode({ phone, locale: "zh-CN", address: address() }, minutesAfter(AT_NOON, tab));
      challenges.push({ challengeId, code: await codeSentTo(to) });
    }
    const logins = await Promise.all(challenges.map((one) => logInWithCode({ ...one, address: address(), locale: "zh-CN" }, minutesAfter(AT_NOON, 1))));
    expect(new Set(logins.map((one) => one.member._id)).size).toBe(1);
    expect(logins.filter((one) => one.created)).toHaveLength(1);
  });

  test("given one code sent twice at once, then one of them logs in and the other is told that it was used", async () => {
    const challengeId = await requestLoginCode({ phone: "13800003333", locale: "zh-CN", address: address() }, AT_NOON);
    const code = await codeSentTo("+8613800003333");
    const results = await Promise.allSettled([1, 2].map(() => logInWithCode({ challengeId, code, address: address(), locale: "zh-CN" }, AT_NOON)));
    const refused = results.find((result) => result.status === "rejected") as PromiseRejectedResult;
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    expect(refused.reason).toMatchObject({ messageKey: "auth.codeUsed" });
  });

  test("given a proposed handle, when a better one is chosen twice, then the first stays", async () => {
    const member = await makeMember({ handle: "bean7654321", handleProposed: true });
    await changeHandle({ memberId: member._id, handle: "Seagull" }, AT_NOON);
    await expect(changeHandle({ memberId: member._id, handle: "Heron" }, AT_NOON)).rejects.toMatchObject({ messageKey: "account.handleFixed" });
    expect(await findMemberIdByKey("handle", "seagull")).toBe(member._id);
  });

  test.each([
    ["13800001234", "+8613800001234"],
    ["１３８００００１２３４", "+8613800001234"],
    [" 138-0000-1234 ", "+8613800001234"],
    ["0086 138 0000 1234", "+8613800001234"],
    ["+44 7700 900123", "+447700900123"],
  ])("given %j, then it is read as %s", (typed, stored) => {
    expect(normalizePhone(typed)).toBe(stored);
  });

  test.each(["", "12345", "12800001234", "+8612345678901", "+1", "phone", "{}", "1380000123456789"])("given %j, then it is no phone number", (typed) => {
    expect(() => normalizePhone(typed)).toThrow("malformed phone number");
  });

  test.each(["a@b", "a b@c.de", "@c.de", "a@", "12", "a@@b.cd"])("given %j, then it is neither phone nor address", (typed) => {
    expect(() => readContact(typed)).toThrow();
  });
});

describe("new passwords", () => {
  test("given a reset by e-mail, then the new password works, the old one does not and every session has ended", async () => {
    const member = await joined("forgetful");
    const challenge = await requestContactCode({ memberId: member._id, contact: "F@Example.com", locale: "en", address: address() }, AT_NOON);
    await verifyContact({ memberId: member._id, challengeId: challenge, code: await codeSentTo("f@example.com"), address: address(), purpose: "email" }, AT_NOON);
    const session = await openSession({ memberId: member._id, remember: true, userAgent: "", address: "" }, AT_NOON);
    const later = minutesAfter(AT_NOON, 5);
    const challengeId = await requestReset({ contact: "f@example.com", locale: "en", address: address() }, later);
    const code = await untilSent("f@example.com", "new password");
    await resetPassword({ challengeId, code, password: "four quiet harbour gulls", address: address() }, later);
    expect(await findSession(session)).toBeNull();
    await expect(login("forgetful", GOOD, later)).rejects.toMatchObject({ messageKey: "auth.wrongLogin" });
    await expect(login("forgetful", "four quiet harbour gulls", later)).resolves.toBeDefined();
  });

  test("given a reset for a number that nobody has, then the answer is a challenge like any other", async () => {
    const id = await requestReset({ contact: "13800009999", locale: "en", address: address() }, AT_NOON);
    expect(id).toMatch(/^[\w-]{21}$/);
    expect((await listOutbox(100)).filter((message) => message.to === "+8613800009999")).toEqual([]);
  });

  test("given a wrong current password, then nothing changes; given the right one, every session ends", async () => {
    const member = await joined("changer");
    const session = await openSession({ memberId: member._id, remember: false, userAgent: "", address: "" }, AT_NOON);
    await expect(changePassword({ memberId: member._id, currentPassword: "wrong", newPassword: "four quiet harbour gulls" }, AT_NOON)).rejects.toMatchObject({
      fields: { currentPassword: "account.currentPasswordWrong" },
    });
    expect(await findSession(session)).not.toBeNull();
    await changePassword({ memberId: member._id, currentPassword: GOOD, newPassword: "four quiet harbour gulls" }, AT_NOON);
    expect(await findSession(session)).toBeNull();
  });

  test("given a member without a password, then the first one is set without asking for one", async () => {
    const member = await makeMember({ handle: "firstpass" });
    await changePassword({ memberId: member._id, currentPassword: "", newPassword: GOOD }, AT_NOON);
    expect((await login("firstpass", GOOD))._id).toBe(member._id);
  });

  test("given a new role, then the sessions with the old one have ended", async () => {
    const member = await makeMember();
    const session = await openSession({ memberId: member._id, remember: true, userAgent: "", address: "" }, AT_NOON);
    await changeRole({ memberId: member._id, role: "operator" });
    expect(await findSession(session)).toBeNull();
    expect((await getMember(member._id))?.role).toBe("operator");
  });

  test.each([
    ["short1!", "passwordShort"],
    ["x".repeat(129), "passwordLong"],
    ["password", "passwordCommon"],
    ["P@ssw0rd2024!!", "passwordCommon"],
    ["letmein123", "passwordCommon"],
    ["woaini1314", "passwordCommon"],
    ["IloveYou99", "passwordCommon"],
    ["dragonmaster", "passwordCommon"],
    ["sunshine!1", "passwordCommon"],
    ["12345678", "passwordSequence"],
    ["87654321", "passwordSequence"],
    ["qwertyuiop", "passwordSequence"],
    ["1qaz2wsx", "passwordSequence"],
    ["abcdefgh1", "passwordSequence"],
    ["asdfghjkl;", "passwordSequence"],
    ["aaaaaaaa", "passwordRepeat"],
    ["abababab", "passwordRepeat"],
    ["abc1abc1", "passwordRepeat"],
    ["19870415", "passwordDigits"],
    ["13812348890", "passwordDigits"],
    ["2024-11-05", "passwordDigits"],
    ["harbour1", "passwordHandle"],
    ["Harbour_2024", "passwordHandle"],
  ])("given the password %j for @harbour, then it is refused: %s", (password, problem) => {
    expect(findPasswordProblem(password, "harbour")).toBe(problem);
  });

  test.each(["three slow harbour cranes", "月亮照在旧码头的木桩上", "Tq7#vLm2xW", "correct-horse-battery", "ninefrogsjumpover", "rainy tuesday in Lyon", "xK9 wool teapot"])("given the password %j, then it passes", (password) => {
    expect(findPasswordProblem(password, "harbour")).toBeNull();
  });
});

describe("sessions", () => {
  test("given a login over an old session, then the old one is worth nothing", async () => {
    const { _id: memberId } = await makeMember();
    const planted = await openSession({ memberId, remember: true, userAgent: "", address: "" }, AT_NOON);
    const fresh = await openSession({ memberId, remember: true, userAgent: "", address: "", previousSessionId: planted }, AT_NOON);
    expect(await readSession(planted, AT_NOON)).toBeNull();
    expect(await readSession(fresh, AT_NOON)).toMatchObject({ memberId });
  });

  test("given a remembered and a short session, then they live for 30 days and for one", async () => {
    const { _id: memberId } = await makeMember();
    for (const [remember, hours] of [[true, 720], [false, 24]] as const) {
      const id = await openSession({ memberId, remember, userAgent: "", address: "" }, new Date());
      expect(isRemembered(id)).toBe(remember);
      const row = await findSession(id);
      expect(Math.round(((row?.expiresAt.getTime() ?? 0) - Date.now()) / 3_600_000)).toBe(hours);
    }
  });

  test("given a session whose kind was changed by hand, then it opens nothing", async () => {
    const { _id: memberId } = await makeMember();
    const id = await openSession({ memberId, remember: false, userAgent: "", address: "" }, AT_NOON);
    expect(await readSession(id.replace(".s", ".r"), AT_NOON)).toBeNull();
    expect(await readSession(id, AT_NOON)).not.toBeNull();
  });

  test("given three devices, when one and then the others are ended, then this one stays", async () => {
    const { _id: memberId } = await makeMember();
    const ids = [];
    for (let device = 0; device < 3; device++) ids.push(await openSession({ memberId, remember: true, userAgent: `device ${device}`, address: "" }, AT_NOON));
    const mine = (await readSession(ids[0] ?? "", AT_NOON))?.sessionKey ?? "";
    const listed = await listSessions(memberId, mine, AT_NOON);
    expect(listed.filter((session) => session.current)).toHaveLength(1);
    const second = listed.find((session) => session.userAgent === "device 1");
    expect(await revokeSession(memberId, second?.key ?? "")).toBe(true);
    expect(await revokeSession("somebody", second?.key ?? "")).toBe(false);
    expect(await revokeOtherSessions(memberId, mine)).toBe(1);
    expect(await readSession(ids[0] ?? "", AT_NOON)).not.toBeNull();
    expect(await readSession(ids[2] ?? "", AT_NOON)).toBeNull();
  });
});

/** A reset answers before its message is stored, so the test waits for the message, with a deadline. */
async function untilSent(to: string, words: string): Promise<string> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const message = (await listOutbox(50)).find((one) => one.to === to && one.text.includes(words));
    const code = /\d{6}/.exec(message?.text ?? "")?.[0];
    if (code) return code;
    if (Date.now() > deadline) throw new Error(`no message with "${words}" to ${to}`);
  }
}
