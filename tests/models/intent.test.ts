import { describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { claimGuestDraft, dropClaimedDraft, findClaimedDraft, keepGuestDraft } from "@models/guest-draft.server";
import { isNonceSpent, spendNonce } from "@models/intent.server";
import { useDatabase } from "../support/db";
import { AT_NOON } from "../support/factories";

useDatabase();

const IN_15_MIN = new Date(AT_NOON.getTime() + 15 * 60_000);
const TOMORROW = new Date(AT_NOON.getTime() + 86_400_000);
const row = (nonce: string) => ({ nonce, memberId: "mem", act: "like", expiresAt: IN_15_MIN });

describe("nonces", () => {
  test("given one nonce used by ten requests at once, then exactly one of them has it", async () => {
    const results = await Promise.all(Array.from({ length: 10 }, () => inTransaction((tx) => spendNonce(row("nonce-race-000000"), tx))));
    expect(results.filter(Boolean)).toHaveLength(1);
  });

  test("given an act that fails, then its nonce is not spent", async () => {
    const failing = inTransaction(async (tx) => {
      await spendNonce(row("nonce-failed-0000"), tx);
      throw new Error("the act failed");
    });
    await expect(failing).rejects.toThrow("the act failed");
    expect(await isNonceSpent("nonce-failed-0000")).toBe(false);
  });
});

describe("guest drafts", () => {
  const draft = (nonce: string) => ({ _id: nonce, memberId: null, act: "comment" as const, postId: "p1", commentId: null, fields: { body: "写到一半" }, expiresAt: IN_15_MIN });

  test("given words of a guest, when two members claim them at once, then one gets them and the other cannot read them", async () => {
    await keepGuestDraft(draft("draft-race-00000"));
    const claim = (memberId: string) => inTransaction((tx) => claimGuestDraft({ nonce: "draft-race-00000", memberId, expiresAt: TOMORROW }, AT_NOON, tx));
    const [first, second] = await Promise.all([claim("a"), claim("b")]);
    expect([first, second].filter(Boolean)).toHaveLength(1);
    const owner = first ? "a" : "b";
    expect((await findClaimedDraft("draft-race-00000", owner, AT_NOON))?.fields).toEqual({ body: "写到一半" });
    expect(await findClaimedDraft("draft-race-00000", owner === "a" ? "b" : "a", AT_NOON)).toBeNull();
  });

  test("given words older than their time, then nobody claims or reads them", async () => {
    await keepGuestDraft(draft("draft-old-000000"));
    expect(await inTransaction((tx) => claimGuestDraft({ nonce: "draft-old-000000", memberId: "a", expiresAt: TOMORROW }, IN_15_MIN, tx))).toBe(false);
  });

  test("given words that were published, when they are dropped, then they are gone for their owner alone to drop", async () => {
    await keepGuestDraft(draft("draft-drop-00000"));
    await inTransaction((tx) => claimGuestDraft({ nonce: "draft-drop-00000", memberId: "a", expiresAt: TOMORROW }, AT_NOON, tx));
    await dropClaimedDraft("draft-drop-00000", "b");
    expect(await findClaimedDraft("draft-drop-00000", "a", AT_NOON)).not.toBeNull();
    await dropClaimedDraft("draft-drop-00000", "a");
    expect(await findClaimedDraft("draft-drop-00000", "a", AT_NOON)).toBeNull();
  });
});
