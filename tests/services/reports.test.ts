import { describe, expect, test } from "vitest";
import { getReport } from "@models/report.server";
import { fileReport, readReportTarget } from "~/services/reports.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makeComment, makePost } from "../support/posts";
import { makeWriter } from "../support/writers";

useDatabase();

async function setup() {
  const [author, reporter] = [await makeWriter(), await makeWriter()];
  const post = await makePost({ authorId: author.id });
  const comment = await makeComment({ postId: post._id, authorId: author.id });
  return { author, reporter, post, comment };
}

describe("reports", () => {
  test("given a post, when one member reports it five times at once, then one row with the first reason", async () => {
    const { post, reporter } = await setup();
    const report = { kind: "post" as const, targetId: post._id, postId: null, reporterId: reporter.id, reason: "stockTip", detail: " 荐股\u202e " };
    const answers = await Promise.all(Array.from({ length: 5 }, () => fileReport(report, AT_NOON)));
    expect(answers.filter((answer) => answer.filed)).toHaveLength(1);
    expect(await fileReport({ ...report, reason: "spam" }, AT_NOON)).toEqual({ filed: false });
    expect(await getReport({ kind: "post", targetId: post._id, reporterId: reporter.id })).toMatchObject({ reason: "stockTip", detail: "荐股", state: "open", postId: post._id });
  });

  test("given a comment and a member, when reported, then each is stored by its own kind", async () => {
    const { author, comment, post, reporter } = await setup();
    const base = { reporterId: reporter.id, reason: "fraud", detail: "" };
    await fileReport({ ...base, kind: "comment", targetId: comment._id, postId: post._id }, AT_NOON);
    await fileReport({ ...base, kind: "member", targetId: author.id, postId: null }, AT_NOON);
    expect(await getReport({ kind: "comment", targetId: comment._id, reporterId: reporter.id })).toMatchObject({ postId: post._id });
    expect(await getReport({ kind: "member", targetId: author.id, reporterId: reporter.id })).not.toBeNull();
  });

  test("given one's own words, no reason, an unknown reason or nothing there, then it is refused", async () => {
    const { author, post, comment, reporter } = await setup();
    const base = { kind: "post" as const, targetId: post._id, postId: null, reporterId: reporter.id, reason: "spam", detail: "" };
    await expect(fileReport({ ...base, reporterId: author.id }, AT_NOON)).rejects.toMatchObject({ code: "FORBIDDEN", messageKey: "report.own" });
    await expect(fileReport({ ...base, reason: "" }, AT_NOON)).rejects.toMatchObject({ code: "INVALID" });
    await expect(fileReport({ ...base, reason: "constructor" }, AT_NOON)).rejects.toMatchObject({ code: "INVALID" });
    await expect(fileReport({ ...base, targetId: "nothing" }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(fileReport({ ...base, kind: "comment", targetId: comment._id }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(readReportTarget({ kind: "bank", targetId: post._id, postId: null })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
