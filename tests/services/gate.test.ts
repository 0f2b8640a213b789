import { describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { listLiked } from "@models/like.server";
import { getPost, setPostState } from "@models/post.server";
import { gatePromiseKey, gateTitleKey } from "~/components/gate/titles";
import { createIntent, findResumedText, GATED_ACTS, INTENT_LIFE_MS, readIntent, resumeIntent, type GatedAct, type IntentDraft } from "~/services/gate.server";
import { setLike } from "~/services/likes.server";
import { useDatabase } from "../support/db";
import { AT_NOON, makeComment, makeMember, makePost, makeViewer } from "../support/factories";

useDatabase();

const likeOf = (postId: string): IntentDraft => ({ act: "like", targetKind: "post", targetId: postId, redirectTo: `/posts/${postId}` });

async function makePostOfSomebody() {
  const author = await makeMember();
  return makePost({ authorId: author._id });
}

describe("what the intent says", () => {
  test("given every act, then the sheet and the page name it alike", () => {
    for (const act of Object.keys(GATED_ACTS) as GatedAct[]) {
      for (const targetKind of ["post", "comment", "member", "topic"] as const) {
        expect(gateTitleKey({ act, targetKind })).toBe(GATED_ACTS[act].titleKey({ targetKind }));
      }
      expect(gatePromiseKey({ act })).toBe(GATED_ACTS[act].promiseKey);
    }
  });

  test.each(["", "x", "a.b", "a.b.c", `${Buffer.from('{"act":"like"}').toString("base64url")}.AAAA`, "x".repeat(9_000)])("given the token %#, then it is not ours", (token) => {
    expect(readIntent(token, AT_NOON)).toEqual({ state: "invalid", intent: null });
  });

  test("given a token with one letter changed, then it is not ours", async () => {
    const token = await createIntent({ draft: likeOf("p") }, AT_NOON);
    expect(readIntent(token, AT_NOON).state).toBe("open");
    const at = Math.floor(token.length / 3);
    const changed = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    expect(readIntent(changed, AT_NOON).state).toBe("invalid");
  });
});

describe("acts after login", () => {
  test("given a like tried before login, when it is resumed ten times at once, then it happens once and the others are told", async () => {
    const post = await makePostOfSomebody();
    const viewer = await makeViewer();
    const token = await createIntent({ draft: likeOf(post._id) }, AT_NOON);
    const results = await Promise.all(Array.from({ length: 10 }, () => resumeIntent(viewer, token, AT_NOON)));
    expect(results.filter((result) => result.notice?.key === "gate.likeDone")).toHaveLength(1);
    expect(results.filter((result) => result.notice?.key === "gate.usedBefore")).toHaveLength(9);
    expect((await getPost(post._id))?.likeCount).toBe(1);
  });

  test("given a resumed like that was taken back, when the link is used again, then it stays taken back", async () => {
    const post = await makePostOfSomebody();
    const viewer = await makeViewer();
    const token = await createIntent({ draft: likeOf(post._id) }, AT_NOON);
    await resumeIntent(viewer, token, AT_NOON);
    await setLike({ postId: post._id, memberId: viewer.id, liked: false }, AT_NOON);
    expect((await resumeIntent(viewer, token, AT_NOON)).notice?.key).toBe("gate.usedBefore");
    expect(await listLiked(viewer.id, "post", [post._id])).toEqual(new Set());
  });

  test("given two members with one link, then only the first one's like is stored", async () => {
    const post = await makePostOfSomebody();
    const token = await createIntent({ draft: likeOf(post._id) }, AT_NOON);
    await resumeIntent(await makeViewer(), token, AT_NOON);
    expect((await resumeIntent(await makeViewer(), token, AT_NOON)).notice?.key).toBe("gate.usedBefore");
    expect((await getPost(post._id))?.likeCount).toBe(1);
  });

  test("given sixteen minutes between the press and the login, then nothing is done and the page comes back", async () => {
    const post = await makePostOfSomebody();
    const token = await createIntent({ draft: likeOf(post._id) }, AT_NOON);
    const late = new Date(AT_NOON.getTime() + INTENT_LIFE_MS + 60_000);
    expect(await resumeIntent(await makeViewer(), token, late)).toEqual({ redirectTo: `/posts/${post._id}`, notice: { key: "gate.expired", tone: "warn" } });
    expect((await getPost(post._id))?.likeCount).toBe(0);
  });

  test("given a post that was deleted meanwhile, then the notice says so and nothing is stored", async () => {
    const post = await makePostOfSomebody();
    const token = await createIntent({ draft: likeOf(post._id) }, AT_NOON);
    await inTransaction((tx) => setPostState({ postId: post._id, from: ["published"], to: "deleted" }, AT_NOON, tx));
    const viewer = await makeViewer();
    const { notice } = await resumeIntent(viewer, token, AT_NOON);
    expect(notice).toMatchObject({ tone: "warn", key: "errors.postGone" });
    expect(await listLiked(viewer.id, "post", [post._id])).toEqual(new Set());
  });

  test("given a post that never was, then the notice says that it is gone", async () => {
    const token = await createIntent({ draft: likeOf("never-was") }, AT_NOON);
    expect((await resumeIntent(await makeViewer(), token, AT_NOON)).notice?.key).toBe("gate.targetGone");
  });

  test("given one's own post, then the like is refused with the usual sentence", async () => {
    const viewer = await makeViewer();
    const post = await makePost({ authorId: viewer.id });
    const token = await createIntent({ draft: likeOf(post._id) }, AT_NOON);
    expect((await resumeIntent(viewer, token, AT_NOON)).notice).toMatchObject({ key: "errors.selfLike", tone: "warn" });
  });

  test("given every act with a stored result, when it is resumed, then it says that it was done", async () => {
    const viewer = await makeViewer();
    const author = await makeMember();
    const closesAt = new Date(AT_NOON.getTime() + 86_400_000);
    const options = [
      { id: "a", text: "是", votes: 0 },
      { id: "b", text: "否", votes: 0 },
    ];
    const post = await makePost({ authorId: author._id, poll: { question: "?", multiple: false, closesAt, options, voters: 0 } });
    const comment = await makeComment({ postId: post._id, authorId: author._id });
    const home = { redirectTo: `/posts/${post._id}` };
    const drafts: IntentDraft[] = [
      { act: "like", targetKind: "comment", targetId: comment._id, postId: post._id, ...home },
      { act: "save", targetKind: "post", targetId: post._id, ...home },
      { act: "follow", targetKind: "member", targetId: author._id, ...home },
      { act: "vote", targetKind: "post", targetId: post._id, choices: ["b"], ...home },
      { act: "report", targetKind: "comment", targetId: comment._id, postId: post._id, reason: "spam", ...home },
    ];
    for (const draft of drafts) {
      const token = await createIntent({ draft }, AT_NOON);
      expect(await resumeIntent(viewer, token, AT_NOON)).toEqual({ redirectTo: home.redirectTo, notice: { key: GATED_ACTS[draft.act].doneKey, tone: "good" } });
    }
    const stored = await getPost(post._id);
    expect(stored?.saveCount).toBe(1);
    expect(stored?.poll?.options.map((option) => option.votes)).toEqual([0, 1]);
  });

  test("given a vote for a choice that does not exist, then it is refused in words and the nonce is free again", async () => {
    const author = await makeMember();
    const closesAt = new Date(AT_NOON.getTime() + 86_400_000);
    const post = await makePost({ authorId: author._id, poll: { question: "?", multiple: false, closesAt, options: [{ id: "a", text: "a", votes: 0 }, { id: "b", text: "b", votes: 0 }], voters: 0 } });
    const viewer = await makeViewer();
    const token = await createIntent({ draft: { act: "vote", targetKind: "post", targetId: post._id, choices: ["zzz"], redirectTo: "/" } }, AT_NOON);
    expect((await resumeIntent(viewer, token, AT_NOON)).notice?.key).toBe("poll.unknownChoice");
    expect((await resumeIntent(viewer, token, AT_NOON)).notice?.key).toBe("poll.unknownChoice");
  });
});

describe("words of a guest", () => {
  const reply = (postId: string, commentId: string): IntentDraft => ({ act: "reply", targetKind: "comment", targetId: commentId, postId, redirectTo: `/posts/${postId}` });

  test("given a reply written before login, when it is resumed, then it waits in the composer of that comment and is not published", async () => {
    const post = await makePostOfSomebody();
    const comment = await makeComment({ postId: post._id, authorId: post.authorId });
    const viewer = await makeViewer();
    const token = await createIntent({ draft: reply(post._id, comment._id), text: { body: "写到一半 👩‍👩‍👧" } }, AT_NOON);
    const resumed = await resumeIntent(viewer, token, AT_NOON);
    expect(resumed.notice?.key).toBe("gate.textBack");
    const address = new URL(resumed.redirectTo, "http://localhost");
    expect(address.pathname).toBe(`/posts/${post._id}/comments/${comment._id}`);
    const nonce = address.searchParams.get("resume") ?? "";
    expect(await findResumedText({ nonce, memberId: viewer.id }, AT_NOON)).toMatchObject({ act: "reply", postId: post._id, commentId: comment._id, fields: { body: "写到一半 👩‍👩‍👧" } });
    expect(await findResumedText({ nonce, memberId: (await makeViewer()).id }, AT_NOON)).toBeNull();
    expect((await getPost(post._id))?.commentCount).toBe(1);
  });

  test("given a comment and a post, then each comes back to its own composer", async () => {
    const viewer = await makeViewer();
    const comment = await createIntent({ draft: { act: "comment", targetKind: "post", targetId: "p1", redirectTo: "/posts/p1" }, text: { body: "a" } }, AT_NOON);
    expect((await resumeIntent(viewer, comment, AT_NOON)).redirectTo).toMatch(/^\/posts\/p1\?resume=[\w-]+#compose$/);
    const post = await createIntent({ draft: { act: "post", targetKind: "new", targetId: "new", redirectTo: "/" }, text: { title: "t", body: "b" } }, AT_NOON);
    expect((await resumeIntent(viewer, post, AT_NOON)).redirectTo).toMatch(/^\/posts\/new\?resume=[\w-]+$/);
  });

  test("given no words, then the composer opens empty", async () => {
    const token = await createIntent({ draft: { act: "post", targetKind: "new", targetId: "new", redirectTo: "/" }, text: { body: "  " } }, AT_NOON);
    expect(await resumeIntent(await makeViewer(), token, AT_NOON)).toEqual({ redirectTo: "/posts/new", notice: null });
  });

  test("given more words than can be kept, then it is said at once", async () => {
    const draft: IntentDraft = { act: "comment", targetKind: "post", targetId: "p1", redirectTo: "/" };
    await expect(createIntent({ draft, text: { body: "字".repeat(20_001) } }, AT_NOON)).rejects.toMatchObject({ messageKey: "gate.textTooLong" });
    await expect(createIntent({ draft, text: { body: "👩‍👩‍👧".repeat(20_000) } }, AT_NOON)).resolves.toEqual(expect.any(String));
  });

  test("given a link used before, then the words are not handed to anybody else", async () => {
    const token = await createIntent({ draft: { act: "comment", targetKind: "post", targetId: "p1", redirectTo: "/" }, text: { body: "mine" } }, AT_NOON);
    const first = await makeViewer();
    const nonce = new URL((await resumeIntent(first, token, AT_NOON)).redirectTo, "http://localhost").searchParams.get("resume") ?? "";
    const second = await makeViewer();
    expect((await resumeIntent(second, token, AT_NOON)).notice?.key).toBe("gate.usedBefore");
    expect(await findResumedText({ nonce, memberId: second.id }, AT_NOON)).toBeNull();
    expect(await findResumedText({ nonce, memberId: first.id }, AT_NOON)).not.toBeNull();
  });
});
