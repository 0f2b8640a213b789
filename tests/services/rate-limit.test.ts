import mongoose from "mongoose";
import { describe, expect, test } from "vitest";
import { ACTS, LIMITS } from "@models/roles";
import { connect, disconnect } from "@models/connection.server";
import { addressKey, consume, forgive, requireWithinLimit, waitInWords, type RateRule } from "~/services/rate-limit.server";
import { useDatabase } from "../support/db";
import { AT_NOON, minutesAfter } from "../support/posts";

useDatabase();

const rule = (name: string, times: number, windowSec = 600): RateRule => ({ name, times, windowSec });

describe("counting", () => {
  test("given twenty uses at once where five are allowed, then five pass", async () => {
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => consume(rule("race", 5), "key", AT_NOON)));
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(5);
  });

  test("given a full window, then the next one begins empty and the time until it is told", async () => {
    const at = new Date(Math.ceil(AT_NOON.getTime() / 600_000) * 600_000 + 540_000);
    await consume(rule("window", 1), "key", at);
    await expect(consume(rule("window", 1), "key", at)).rejects.toMatchObject({ code: "RATE_LIMITED", retryAfterSec: 60, messageKey: "auth.retryInSeconds", params: { count: 60 } });
    await expect(consume(rule("window", 1), "key", minutesAfter(at, 1))).resolves.toBeUndefined();
  });

  test("given a count, when the process connects anew, then the count is still there", async () => {
    await consume(rule("restart", 1), "key", AT_NOON);
    const uri = addressOfConnection();
    await disconnect();
    await connect(uri);
    await expect(consume(rule("restart", 1), "key", AT_NOON)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });

  test("given something forgiven, then the count begins again; other keys are not touched", async () => {
    await consume(rule("forgive", 1), "a", AT_NOON);
    await consume(rule("forgive", 1), "b", AT_NOON);
    await forgive(rule("forgive", 1), "a", AT_NOON);
    await expect(consume(rule("forgive", 1), "a", AT_NOON)).resolves.toBeUndefined();
    await expect(consume(rule("forgive", 1), "b", AT_NOON)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });
});

describe("limits of members", () => {
  test("given every limited act, then a higher tier never has less", () => {
    for (const act of ACTS) {
      const times = Object.values(LIMITS[act]?.times ?? { 0: 0 });
      expect([...times].sort((a, b) => a - b)).toEqual(times);
    }
  });

  test("given a newcomer with three posts today, then the fourth waits; a T2 goes on and staff have no limit", async () => {
    const post = (id: string, tier: 0 | 2, role: "member" | "operator") => requireWithinLimit({ id, tier, role }, "post", AT_NOON);
    for (let count = 0; count < 3; count++) await post("newcomer", 0, "member");
    await expect(post("newcomer", 0, "member")).rejects.toMatchObject({ code: "RATE_LIMITED", messageKey: "auth.retryInHours" });
    for (let count = 0; count < 10; count++) await post("regular", 2, "member");
    await expect(post("regular", 2, "member")).rejects.toMatchObject({ code: "RATE_LIMITED" });
    for (let count = 0; count < 40; count++) await post("staff", 0, "operator");
  });

  test("given a member who rises within a window, then what was used counts on under the new limit", async () => {
    for (let count = 0; count < 3; count++) await requireWithinLimit({ id: "riser", tier: 0, role: "member" }, "post", AT_NOON);
    for (let count = 0; count < 2; count++) await requireWithinLimit({ id: "riser", tier: 1, role: "member" }, "post", AT_NOON);
    await expect(requireWithinLimit({ id: "riser", tier: 1, role: "member" }, "post", AT_NOON)).rejects.toMatchObject({ code: "RATE_LIMITED" });
  });
});

test.each([
  [0, "auth.retryInSeconds", 1],
  [59.2, "auth.retryInSeconds", 60],
  [91, "auth.retryInMinutes", 2],
  [900, "auth.retryInMinutes", 15],
  [5_401, "auth.retryInHours", 2],
  [80_000, "auth.retryInHours", 23],
])("given a wait of %d s, then it is told as %s with %d", (waitSec, messageKey, count) => {
  expect(waitInWords(waitSec)).toEqual({ messageKey, params: { count } });
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:DB8::9", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["", "unknown"],
])("given the address %j, then it counts as %s", (address, key) => {
  expect(addressKey(address)).toBe(key);
});

/** The address that the running connection was made with; the driver keeps it and has no public way to ask. */
function addressOfConnection(): string {
  const client = mongoose.connection.getClient() as unknown as { s: { url: string } };
  return client.s.url;
}
