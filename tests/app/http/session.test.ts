import { describe, expect, test, vi } from "vitest";
import { DomainError } from "@models/errors";
import { findClaimedDraft } from "@models/guest-draft.server";
import { env } from "~/env.server";
import { LoginNeeded } from "~/http/login-needed";
import { endSession, getViewer, requireMember, requireRole, requireSession, rotateSession, startSession } from "~/http/session.server";
import { readIntent, resumeIntent } from "~/services/gate.server";
import { useDatabase } from "../../support/db";
import { makeMember, makeViewer } from "../../support/factories";

useDatabase();

const OWN = env.PUBLIC_URL;
const NOW = new Date();

function get(path: string, cookie = ""): Request {
  return new Request(OWN + path, { headers: { Cookie: cookie } });
}

function send(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Request {
  return new Request(OWN + path, { method: "POST", body: new URLSearchParams(fields), headers: { Origin: OWN, ...headers } });
}

async function cookieOf(memberId: string, remember = false): Promise<string> {
  return (await startSession(get("/login"), { memberId, remember, address: "192.0.2.1" }, NOW)).split(";")[0] ?? "";
}

async function refusalOf(request: Request): Promise<LoginNeeded> {
  const error = await requireMember(request).catch((reason: unknown) => reason);
  if (error instanceof LoginNeeded) return error;
  throw new Error(`not asked to log in: ${String(error)}`);
}

describe("who asks", () => {
  test("given a login, then the cookie is HttpOnly and same-site, ends with the window unless remembered, and names the member", async () => {
    const member = await makeMember({ phone: "+8613811110001", phoneVerifiedAt: NOW });
    const short = await startSession(get("/login"), { memberId: member._id, remember: false, address: "" }, NOW);
    expect(short).toMatch(/^sid=[\w-]+\.s[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax$/);
    const long = await startSession(get("/login"), { memberId: member._id, remember: true, address: "" }, NOW);
    expect(long).toMatch(/^sid=[\w-]+\.r[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=34560000$/);
    expect(await getViewer(get("/", long.split(";")[0]))).toEqual({
      id: member._id,
      handle: member.handle,
      displayName: member.displayName,
      role: "member",
      tier: 0,
      phoneVerified: true,
      realNameVerified: false,
    });
  });

  test.each(["", "sid=", "sid=x", "sid=a.b", "sid={$gt:1}", "other=1; sid=zz.sAAAAAAAAAAAAAAAAAAAAAAAA", `sid=${"x".repeat(5_000)}`])("given the cookie %j, then nobody is logged in", async (cookie) => {
    expect(await getViewer(get("/", cookie))).toBeNull();
  });

  test("given a session that has ended by time, then nobody is logged in", async () => {
    const cookie = await cookieOf((await makeMember())._id);
    vi.useFakeTimers({ toFake: ["Date"], now: NOW.getTime() + 25 * 3_600_000 });
    try {
      expect(await getViewer(get("/", cookie))).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  test("given a remembered session in use, then it lives on; unused for 31 days it does not", async () => {
    const cookie = await cookieOf((await makeMember())._id, true);
    const day = 86_400_000;
    try {
      for (const days of [16, 32, 48]) {
        vi.useFakeTimers({ toFake: ["Date"], now: NOW.getTime() + days * day });
        expect(await getViewer(get("/", cookie))).not.toBeNull();
      }
      vi.useFakeTimers({ toFake: ["Date"], now: NOW.getTime() + 80 * day });
      expect(await getViewer(get("/", cookie))).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  test("given a rotation, then the old id stops working and the new one is as long-lived; given a logout, then it is over", async () => {
    const member = await makeMember();
    const old = await cookieOf(member._id, true);
    const fresh = (await rotateSession(get("/", old), { memberId: member._id, address: "" }, NOW)).split(";")[0] ?? "";
    expect(fresh).toContain(".r");
    expect(await getViewer(get("/", old))).toBeNull();
    expect((await requireSession(get("/", fresh))).viewer.id).toBe(member._id);
    expect(await endSession(get("/", fresh))).toMatch(/^sid=; .*Max-Age=0/);
    expect(await getViewer(get("/", fresh))).toBeNull();
  });

  test("given a role, then only its acts pass", async () => {
    const operator = await cookieOf((await makeMember({ role: "operator" }))._id);
    await expect(requireRole(get("/", operator), "moderation.decide")).resolves.toMatchObject({ role: "operator" });
    await expect(requireRole(get("/", operator), "rewards.adjust")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(requireRole(get("/"), "moderation.decide")).rejects.toBeInstanceOf(LoginNeeded);
  });
});

describe("a guest who acts", () => {
  test("given a page for members, then the login page leads back to it", async () => {
    expect((await refusalOf(get("/saved?cursor=x"))).location).toBe("/login?redirectTo=%2Fsaved%3Fcursor%3Dx");
  });

  test.each([
    ["/posts/p1/like", { liked: "true" }, { act: "like", targetKind: "post", targetId: "p1" }],
    ["/posts/p1/comments/c1/like", { liked: "true" }, { act: "like", targetKind: "comment", targetId: "c1", postId: "p1" }],
    ["/posts/p1/save", { saved: "true" }, { act: "save", targetKind: "post", targetId: "p1" }],
    ["/topics/funds/follow", { followed: "true" }, { act: "follow", targetKind: "topic", targetId: "funds" }],
    ["/posts/p1/vote", { choice: "b" }, { act: "vote", targetKind: "post", targetId: "p1", choices: ["b"] }],
    ["/posts/p1/report", { reason: "spam", detail: "x" }, { act: "report", targetKind: "post", targetId: "p1", reason: "spam", detail: "x" }],
    ["/posts/p1/comments/c1/report", { reason: "fraud" }, { act: "report", targetKind: "comment", targetId: "c1", postId: "p1", reason: "fraud" }],
    ["/posts/p1/comments", { body: "字" }, { act: "comment", targetKind: "post", targetId: "p1" }],
    ["/posts/p1/comments", { body: "字", replyToId: "c9" }, { act: "reply", targetKind: "comment", targetId: "c9", postId: "p1" }],
    ["/posts/new", { title: "t", body: "b" }, { act: "post", targetKind: "new", targetId: "new" }],
    ["/posts/p1/edit", { title: "t", body: "b", postId: "p1" }, { act: "edit", targetKind: "post", targetId: "p1" }],
    ["/posts/p1/comments/c1/edit", { intent: "save", body: "b" }, { act: "edit", targetKind: "comment", targetId: "c1", postId: "p1" }],
    ["/account", { step: "profile", bio: "b" }, { act: "edit", targetKind: "new", targetId: "account" }],
  ])("given the form %s %j, then the gate knows what was tried and where", async (path, fields, expected) => {
    const { location } = await refusalOf(send(path, fields as Record<string, string>, { Referer: `${OWN}/latest?lang=en` }));
    expect(location).toMatch(/^\/gate\?intent=/);
    const { intent } = readIntent(new URL(location, OWN).searchParams.get("intent"), new Date());
    expect(intent).toMatchObject({ ...expected, redirectTo: "/latest?lang=en" });
  });

  test("given a follow by handle, then the intent holds the member and not the name", async () => {
    const author = await makeMember({ handle: "Followed1" });
    const { location } = await refusalOf(send("/members/followed1/follow", { followed: "true" }));
    expect(readIntent(new URL(location, OWN).searchParams.get("intent"), new Date()).intent).toMatchObject({ targetId: author._id, redirectTo: "/members/followed1" });
    expect((await refusalOf(send("/members/nobody9/follow", { followed: "true" }))).location).toBe("/login");
  });

  test.each([
    ["/posts/p1/like", { liked: "false" }],
    ["/posts/p1/comments/c1/edit", { intent: "delete" }],
    ["/posts/p1/delete", {}],
    ["/account/password", { newPassword: "x" }],
  ])("given %s %j, which is not resumed, then the login page leads back to where the form was", async (path, fields) => {
    const { location } = await refusalOf(send(path, fields as Record<string, string>, { Referer: `${OWN}/posts/p1` }));
    expect(location).toBe("/login?redirectTo=%2Fposts%2Fp1");
  });

  test("given a form of another site, then it is refused before anything is kept", async () => {
    await expect(requireMember(send("/posts/p1/comments", { body: "x" }, { Origin: "https://evil.example" }))).rejects.toMatchObject({ code: "FORBIDDEN" });
  });

  test("given an operator in the form, then it is refused before anything is kept", async () => {
    const error = await requireMember(send("/posts/p1/comments", { "body[$gt]": "" })).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(DomainError);
    expect((error as DomainError).code).toBe("INVALID");
  });

  test("given a session that ended in the middle of a comment, then the words come back after login", async () => {
    const viewer = await makeViewer();
    const ended = await cookieOf(viewer.id);
    await endSession(get("/", ended));
    const { location } = await refusalOf(send("/posts/p1/comments", { body: "写了很久的一段话" }, { Cookie: ended, Referer: `${OWN}/posts/p1` }));
    const token = new URL(location, OWN).searchParams.get("intent");
    const resumed = await resumeIntent(viewer, token, new Date());
    const nonce = new URL(resumed.redirectTo, OWN).searchParams.get("resume") ?? "";
    expect((await findClaimedDraft(nonce, viewer.id, new Date()))?.fields).toEqual({ body: "写了很久的一段话" });
  });

  test("given a session that ended in the middle of an edit, then the words come back to the same edit", async () => {
    const viewer = await makeViewer();
    const { location } = await refusalOf(send("/posts/p1/edit", { title: "新标题", body: "新的一段", postId: "p1", intent: "publish" }));
    const resumed = await resumeIntent(viewer, new URL(location, OWN).searchParams.get("intent"), new Date());
    const back = new URL(resumed.redirectTo, OWN);
    expect(back.pathname).toBe("/posts/p1/edit");
    expect((await findClaimedDraft(back.searchParams.get("resume") ?? "", viewer.id, new Date()))?.fields).toMatchObject({ title: "新标题", body: "新的一段", postId: "p1" });
  });
});
