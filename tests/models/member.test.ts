import { describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { findMemberIdByKey, findMemberIdsByHandles, listHandlesByPrefix } from "@models/member-key.server";
import {
  addReading,
  changeMemberCounts,
  changeTierSignals,
  chooseHandle,
  ContactTaken,
  findPublicMemberByHandle,
  getMember,
  HandleTaken,
  insertMember,
  listMembersByIds,
  setProfile,
  setVerifiedPhone,
  settleTier,
} from "@models/member.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makeMember } from "../support/factories";

useDatabase();

describe("names", () => {
  test("given a handle in other letters, when it is asked for, then the same member is found", async () => {
    const member = await makeMember({ handle: "NanShan1" });
    expect(await findMemberIdByKey("handle", "nanshan1")).toBe(member._id);
    expect((await findPublicMemberByHandle("NANSHAN1"))?._id).toBe(member._id);
  });

  test("given eight people who want one handle at the same time, then one gets it and seven are told so", async () => {
    const attempts = Array.from({ length: 8 }, () => makeMember({ handle: "wanted" }));
    const results = await Promise.allSettled(attempts);
    const refused = results.filter((result) => result.status === "rejected");
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    expect(refused.map((result) => (result as PromiseRejectedResult).reason instanceof HandleTaken)).toEqual(Array(7).fill(true));
  });

  test("given a refused member, then nothing of them is left behind", async () => {
    await makeMember({ handle: "first1", phone: "+8613800000001" });
    await expect(makeMember({ handle: "second1", phone: "+8613800000001" })).rejects.toBeInstanceOf(ContactTaken);
    expect(await findMemberIdByKey("handle", "second1")).toBeNull();
  });

  test("given a proposed handle, when it is chosen, then the old name is free and a second choice is refused", async () => {
    const member = await makeMember({ handle: "bean123456", handleProposed: true });
    await inTransaction((tx) => chooseHandle(member._id, "Harvest", tx));
    expect(await findMemberIdByKey("handle", "bean123456")).toBeNull();
    expect((await getMember(member._id))?.handle).toBe("Harvest");
    await expect(inTransaction((tx) => chooseHandle(member._id, "again", tx))).rejects.toMatchObject({ code: "CONFLICT" });
  });

  test("given a member whose name has just been shown, when it changes, then the next page shows the new one", async () => {
    const member = await makeMember({ displayName: "旧名" });
    const shownName = async () => (await listMembersByIds([member._id])).get(member._id)?.displayName;
    expect(await shownName()).toBe("旧名");
    await inTransaction(async (tx) => {
      await setProfile(member._id, { displayName: "新名" }, tx);
      // A page made meanwhile still reads the old name, and must not keep it.
      expect(await shownName()).toBe("旧名");
    });
    expect(await shownName()).toBe("新名");
  });

  test("given a new phone, when it is verified, then the old number is free and nobody else's can be taken", async () => {
    const member = await makeMember({ phone: "+8613800000010", phoneVerifiedAt: AT_NOON });
    const other = await makeMember({ phone: "+8613800000011" });
    await inTransaction((tx) => setVerifiedPhone(member._id, "+8613800000012", AT_NOON, tx));
    expect(await findMemberIdByKey("phone", "+8613800000010")).toBeNull();
    await expect(inTransaction((tx) => setVerifiedPhone(other._id, "+8613800000012", AT_NOON, tx))).rejects.toBeInstanceOf(ContactTaken);
  });

  test("given several handles, when they are looked up for mentions, then only those that exist come back", async () => {
    const member = await makeMember({ handle: "Mention_me" });
    expect([...(await findMemberIdsByHandles(["mention_me", "nobody_here"]))]).toEqual([["mention_me", member._id]]);
    expect((await listHandlesByPrefix("mention")).map((row) => row.handle)).toEqual(["mention_me"]);
  });
});

describe("what others see", () => {
  test("given members with secrets, when they are listed, then no secret is in the answer", async () => {
    const member = await makeMember({ phone: "+8613800000020", passwordHash: "hash" });
    const listed = await listMembersByIds([member._id, "unknown", member._id]);
    expect([...listed.keys()]).toEqual([member._id]);
    expect(Object.keys(listed.get(member._id) ?? {}).sort()).toEqual(
      ["_id", "bio", "displayName", "followerCount", "followingCount", "handle", "joinedAt", "language", "postCount", "role", "tier"].sort(),
    );
  });
});

describe("counts and tiers", () => {
  test("given twenty changes at once, then the count is exact", async () => {
    const { _id } = await makeMember();
    await Promise.all(Array.from({ length: 20 }, () => inTransaction((tx) => changeMemberCounts(_id, { followerCount: 1 }, tx))));
    expect((await getMember(_id))?.followerCount).toBe(20);
  });

  test("given a member who is not there, when a count changes, then it is refused", async () => {
    await expect(inTransaction((tx) => changeMemberCounts("nobody", { postCount: 1 }, tx))).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  test("given reading on two days, then each day counts once", async () => {
    const { _id } = await makeMember();
    for (const day of ["2026-03-02", "2026-03-02", "2026-03-03"]) await inTransaction((tx) => addReading(_id, day, tx));
    expect(await getMember(_id)).toMatchObject({ postsRead: 3, readDays: 2, lastReadDay: "2026-03-03" });
  });

  test("given signals that reach and leave a tier, then the tier follows up and down", async () => {
    const { _id } = await makeMember();
    await inTransaction((tx) => changeTierSignals(_id, { postsRead: 60, readDays: 8, postsApproved: 2 }, tx));
    expect(await inTransaction((tx) => settleTier(_id, tx))).toEqual({ before: 0, after: 2 });
    await inTransaction((tx) => changeTierSignals(_id, { postsApproved: -1 }, tx));
    expect(await inTransaction((tx) => settleTier(_id, tx))).toEqual({ before: 2, after: 1 });
  });

  test("given a member made for a tier, then the signals fit it", async () => {
    const member = await makeMember({ tier: 3 });
    expect(member).toMatchObject({ tier: 3, postsRead: 200, postsApproved: 10 });
    const again = await inTransaction((tx) => settleTier(member._id, tx));
    expect(again).toEqual({ before: 3, after: 3 });
  });

  test("given a field that a member does not have, when it is inserted, then it is an error and not silence", async () => {
    const stray = { handle: "stray1", displayName: "s", joinedAt: AT_NOON, language: "en" as const, isAdmin: true };
    await expect(inTransaction((tx) => insertMember(stray, tx))).rejects.toThrow(/isAdmin/);
  });
});
