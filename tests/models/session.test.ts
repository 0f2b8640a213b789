import mongoose from "mongoose";
import { describe, expect, test } from "vitest";
import {
  deleteSession,
  deleteSessionByKey,
  deleteSessionsOf,
  findSession,
  insertSession,
  listSessionsOf,
  sessionKeyOf,
} from "@models/session.server";
import { useDatabase } from "../support/db";
import { AT_NOON } from "../support/factories";

useDatabase();

const LATER = new Date(AT_NOON.getTime() + 3_600_000);
const BEFORE = new Date(AT_NOON.getTime() - 1_000);

function rowOf(memberId: string, given: { lastSeenAt?: Date; expiresAt?: Date; userAgent?: string } = {}) {
  return { memberId, createdAt: AT_NOON, lastSeenAt: AT_NOON, expiresAt: LATER, userAgent: "", address: "192.0.2.1", ...given };
}

const idOf = (memberId: string, letter: string): string => `${memberId}.r${letter.repeat(30)}`;

describe("what is stored", () => {
  test("given a session, when the collection is read, then the secret of the browser is nowhere in it", async () => {
    const id = idOf("mem-a", "x");
    await insertSession(id, rowOf("mem-a"));
    const raw = JSON.stringify(await mongoose.connection.collection("sessions").find({}).toArray());
    expect(raw).not.toContain("x".repeat(30));
    expect(await findSession(id)).toMatchObject({ memberId: "mem-a", _id: sessionKeyOf(id) });
  });

  test("given the stored key, when it is presented as a session id, then it opens nothing", async () => {
    const id = idOf("mem-b", "y");
    await insertSession(id, rowOf("mem-b"));
    expect(await findSession(sessionKeyOf(id) ?? "")).toBeNull();
  });

  test.each(["", ".", "nodot", "a.b", "mem.short", "mem.with space and more text", "mem.$gt-aaaaaaaaaaaaaaaaaaaa", `mem.${"x".repeat(200)}`, "a.b.cccccccccccccccccccc"])(
    "given %j, then it is not shaped like a session id",
    async (id) => {
      expect(sessionKeyOf(id)).toBeNull();
      expect(await findSession(id)).toBeNull();
    },
  );

  test("given a long user agent, then 200 characters of it are kept", async () => {
    await insertSession(idOf("mem-c", "z"), rowOf("mem-c", { userAgent: "u".repeat(900) }));
    expect((await findSession(idOf("mem-c", "z")))?.userAgent).toHaveLength(200);
  });
});

describe("the range of one member", () => {
  test("given members whose ids begin alike, when one logs out everywhere, then the others stay logged in", async () => {
    for (const memberId of ["ab", "ab-", "ab_", "abc", "ab0"]) await insertSession(idOf(memberId, "q"), rowOf(memberId));
    await insertSession(idOf("ab", "w"), rowOf("ab"));
    expect(await deleteSessionsOf("ab")).toBe(2);
    for (const memberId of ["ab-", "ab_", "abc", "ab0"]) expect(await findSession(idOf(memberId, "q"))).not.toBeNull();
  });

  test("given three sessions, when the others end, then this one stays", async () => {
    for (const letter of ["a", "b", "c"]) await insertSession(idOf("mem-d", letter), rowOf("mem-d"));
    const mine = sessionKeyOf(idOf("mem-d", "b")) ?? "";
    expect(await deleteSessionsOf("mem-d", { exceptKey: mine })).toBe(2);
    expect((await listSessionsOf("mem-d", AT_NOON)).map((row) => row._id)).toEqual([mine]);
  });

  test("given a key of somebody else, when a member ends it, then nothing happens", async () => {
    await insertSession(idOf("mem-e", "a"), rowOf("mem-e"));
    const key = sessionKeyOf(idOf("mem-e", "a")) ?? "";
    expect(await deleteSessionByKey("mem-f", key)).toBe(false);
    expect(await findSession(idOf("mem-e", "a"))).not.toBeNull();
    expect(await deleteSessionByKey("mem-e", key)).toBe(true);
  });

  test("given an ended session that is still stored, then it is not listed; the newest use comes first", async () => {
    await insertSession(idOf("mem-g", "a"), rowOf("mem-g", { lastSeenAt: BEFORE }));
    await insertSession(idOf("mem-g", "b"), rowOf("mem-g"));
    await insertSession(idOf("mem-g", "c"), rowOf("mem-g", { expiresAt: new Date(AT_NOON.getTime() + 1) }));
    const listed = await listSessionsOf("mem-g", new Date(AT_NOON.getTime() + 1_000));
    expect(listed.map((row) => row._id)).toEqual([sessionKeyOf(idOf("mem-g", "b")), sessionKeyOf(idOf("mem-g", "a"))]);
  });

  test("given a session that was ended, when it is ended again, then nothing happens", async () => {
    await insertSession(idOf("mem-h", "a"), rowOf("mem-h"));
    await deleteSession(idOf("mem-h", "a"));
    await deleteSession(idOf("mem-h", "a"));
    expect(await findSession(idOf("mem-h", "a"))).toBeNull();
  });
});
