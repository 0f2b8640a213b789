import { describe, expect, test } from "vitest";
import { getMember } from "@models/member.server";
import { ACTS, may, RIGHTS, ROLES, type Act, type Role } from "@models/roles";
import { nextStepOf, NO_SIGNALS, TIER_THRESHOLDS, tierOf, type Tier, type TierSignals } from "@models/tier";
import { inTransaction } from "@models/connection.server";
import { isIdNumber, requireMayInteract, requireMayPost, verifyRealName } from "~/services/mainland.server";
import { admit, getTierView, noteRead, noteSignalsIn, requireMay } from "~/services/tiers.server";
import { useDatabase } from "../support/db";
import { makeMember, makeViewer } from "../support/factories";
import { AT_NOON, minutesAfter } from "../support/posts";

useDatabase();

describe("tiers", () => {
  const signals = (given: Partial<TierSignals>): TierSignals => ({ ...NO_SIGNALS, ...given });

  test.each<[Partial<TierSignals>, Tier]>([
    [{}, 0],
    [{ postsRead: 9, readDays: 9 }, 0],
    [{ postsRead: 10, readDays: 1 }, 0],
    [{ postsRead: 10, readDays: 2 }, 1],
    [{ postsRead: 9_999, readDays: 999 }, 1],
    [{ postsRead: 50, readDays: 7, postsApproved: 2 }, 2],
    [{ postsRead: 200, readDays: 30, postsApproved: 9 }, 2],
    [{ postsRead: 200, readDays: 30, postsApproved: 10 }, 3],
    [{ postsRead: 500, readDays: 90, postsApproved: 40, reportsUpheld: 4 }, 3],
    [{ postsRead: 500, readDays: 90, postsApproved: 40, reportsUpheld: 5 }, 4],
    [{ postsApproved: 99, reportsUpheld: 99 }, 0],
    [{ postsRead: -1 }, 0],
  ])("given %j, then the tier is T%d", (given, tier) => {
    expect(tierOf(signals(given))).toBe(tier);
  });

  test("given the thresholds of a tier, then one stands on it and its next step lists exactly what is missing", () => {
    for (const tier of [0, 1, 2, 3, 4] as const) {
      expect(tierOf(TIER_THRESHOLDS[tier])).toBe(tier);
      const next = nextStepOf(tier, TIER_THRESHOLDS[tier]);
      if (tier === 4) expect(next).toBeNull();
      else {
        const reached = { ...TIER_THRESHOLDS[tier], ...Object.fromEntries((next?.gaps ?? []).map((gap) => [gap.signal, gap.needs])) };
        expect(tierOf(reached)).toBe(tier + 1);
      }
    }
  });

  test("given reading over two days, then the member stands on T1 by themselves and sees what comes next", async () => {
    const { _id } = await makeMember();
    for (let read = 0; read < 10; read++) await noteRead(_id, minutesAfter(AT_NOON, read < 5 ? 0 : 24 * 60));
    expect(await getTierView(_id)).toMatchObject({
      tier: 1,
      signals: { postsRead: 10, readDays: 2 },
      next: { tier: 2, gaps: [{ signal: "postsRead", has: 10, needs: 50 }, { signal: "readDays", has: 2, needs: 7 }, { signal: "postsApproved", has: 0, needs: 2 }] },
    });
  });

  test("given reading before and after midnight in China, then it is two days; before and after midnight in London it is one", async () => {
    const { _id } = await makeMember();
    for (const at of ["2026-03-02T15:59:00Z", "2026-03-02T16:01:00Z", "2026-03-02T23:59:00Z", "2026-03-03T00:01:00Z"]) await noteRead(_id, new Date(at));
    expect((await getMember(_id))?.readDays).toBe(2);
  });

  test("given a post that is removed, then the tier falls", async () => {
    const { _id } = await makeMember({ tier: 3 });
    await inTransaction((tx) => noteSignalsIn(_id, { postsApproved: -1 }, tx));
    expect((await getMember(_id))?.tier).toBe(2);
  });
});

describe("roles", () => {
  /** Written out once more by hand: a change of the table has to be meant. */
  const EXPECTED: Record<Act, Role[]> = {
    like: [...ROLES],
    save: [...ROLES],
    follow: [...ROLES],
    vote: [...ROLES],
    report: [...ROLES],
    comment: [...ROLES],
    reply: [...ROLES],
    post: [...ROLES],
    edit: [...ROLES],
    draft: [...ROLES],
    upload: [...ROLES],
    account: [...ROLES],
    "moderation.read": ["operator", "lead", "admin"],
    "moderation.decide": ["operator", "lead", "admin"],
    "moderation.settle": ["lead", "admin"],
    "editors.choose": ["operator", "lead", "admin"],
    "rewards.read": ["finance", "admin"],
    "rewards.adjust": ["finance", "admin"],
    "members.changeRole": ["admin"],
    "platform.read": ["admin"],
  };

  test("given every role and act, then the table and the check agree", () => {
    expect(Object.keys(RIGHTS).sort()).toEqual(Object.keys(EXPECTED).sort());
    for (const act of ACTS) {
      for (const role of ROLES) {
        const allowed = EXPECTED[act].includes(role);
        expect(may(role, act)).toBe(allowed);
        if (allowed) expect(() => requireMay({ role }, act)).not.toThrow();
        else expect(() => requireMay({ role }, act)).toThrow(expect.objectContaining({ code: "FORBIDDEN" }));
      }
    }
  });

  test("given a role that does not exist, then it may do nothing", () => {
    for (const act of ACTS) expect(may("owner" as Role, act)).toBe(false);
  });
});

describe("the mainland rule", () => {
  const on = { mainland: true };
  const off = { mainland: false };
  const member = (phoneVerified: boolean, realNameVerified: boolean) => ({ phoneVerified, realNameVerified });

  test("given the rule is off, then nobody is asked", () => {
    expect(() => requireMayPost(member(false, false), off)).not.toThrow();
  });

  test("given the rule is on, then a phone comes before any act and the real name before a post", () => {
    expect(() => requireMayInteract(member(false, true), on)).toThrow(expect.objectContaining({ messageKey: "account.phoneNeeded", code: "FORBIDDEN" }));
    expect(() => requireMayInteract(member(true, false), on)).not.toThrow();
    expect(() => requireMayPost(member(true, false), on)).toThrow(expect.objectContaining({ messageKey: "account.realNameNeeded" }));
    expect(() => requireMayPost(member(true, true), on)).not.toThrow();
  });

  test("given a check that agrees, then the time is stored and neither name nor number", async () => {
    const made = await makeMember();
    const match = { verify: () => Promise.resolve("match" as const) };
    await verifyRealName({ memberId: made._id, phone: null, claim: { name: "样例", idNumber: "99999919900307001 2".replace(" ", "") } }, AT_NOON, match);
    const stored = await getMember(made._id);
    expect(stored?.realNameVerifiedAt).toEqual(AT_NOON);
    expect(JSON.stringify(stored)).not.toContain("999999");
  });

  test("given a number with a wrong last digit or a check that disagrees, then nothing is stored", async () => {
    const made = await makeMember();
    const mismatch = { verify: () => Promise.resolve("mismatch" as const) };
    const claim = { name: "样例", idNumber: "999999199003070012" };
    await expect(verifyRealName({ memberId: made._id, phone: null, claim: { ...claim, idNumber: "999999199003070013" } }, AT_NOON, mismatch)).rejects.toMatchObject({ fields: { idNumber: "account.idNumberWrong" } });
    await expect(verifyRealName({ memberId: made._id, phone: null, claim }, AT_NOON, mismatch)).rejects.toMatchObject({ fields: { name: "account.realNameMismatch" } });
    expect((await getMember(made._id))?.realNameVerifiedAt).toBeNull();
  });

  test.each(["", "1", "99999919900307001X", "9999991990030700122", "99999919900307001a"])("given %j, then it is no identity number", (idNumber) => {
    expect(isIdNumber(idNumber)).toBe(false);
  });
});

test("given an ordinary member, when acts are admitted, then the limits count", async () => {
  const viewer = await makeViewer();
  for (let count = 0; count < 3; count++) await admit(viewer, "post", AT_NOON);
  await expect(admit(viewer, "post", AT_NOON)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  await expect(admit(viewer, "moderation.decide", AT_NOON)).rejects.toMatchObject({ code: "FORBIDDEN" });
});
