import { describe, expect, test } from "vitest";
import { getPost } from "@models/post.server";
import { listLiked } from "@models/like.server";
import { setFollow } from "~/services/follows.server";
import { setLike } from "~/services/likes.server";
import { setSave } from "~/services/saves.server";
import { useDatabase } from "../support/db";
import { makeMember } from "../support/factories";
import { AT_NOON, makeComment, makePost } from "../support/posts";

useDatabase();

describe("likes", () => {
  test("given a visible post, when a member likes it twice, then it counts once", async () => {
    const author = await makeMember();
    const member = await makeMember();
    const post = await makePost({ authorId: author._id });
    await setLike({ postId: post._id, memberId: member._id, liked: true }, AT_NOON);
    const again = await setLike({ postId: post._id, memberId: member._id, liked: true }, AT_NOON);
    expect(again).toEqual({ liked: true, likeCount: 1 });
  });

  test("given twelve members at the same moment, when all like and four take it back, then the count is exact", async () => {
    const author = await makeMember();
    const post = await makePost({ authorId: author._id });
    const members = await Promise.all(Array.from({ length: 12 }, () => makeMember()));
    await Promise.all(members.map((member) => setLike({ postId: post._id, memberId: member._id, liked: true }, AT_NOON)));
    await Promise.all(members.slice(0, 4).map((member) => setLike({ postId: post._id, memberId: member._id, liked: false }, AT_NOON)));
    expect((await getPost(post._id))?.likeCount).toBe(8);
  });

  test("given one member in two tabs, when both like at once, then one row and one count", async () => {
    const author = await makeMember();
    const member = await makeMember();
    const post = await makePost({ authorId: author._id });
    const wish = { postId: post._id, memberId: member._id, liked: true };
    await Promise.all([setLike(wish, AT_NOON), setLike(wish, AT_NOON), setLike(wish, AT_NOON)]);
    expect((await getPost(post._id))?.likeCount).toBe(1);
    expect(await listLiked(member._id, "post", [post._id])).toEqual(new Set([post._id]));
  });

  test("given one's own post, when its author likes it, then it is refused and nothing changes", async () => {
    const author = await makeMember();
    const post = await makePost({ authorId: author._id });
    await expect(setLike({ postId: post._id, memberId: author._id, liked: true }, AT_NOON)).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await getPost(post._id))?.likeCount).toBe(0);
  });

  test.each([
    ["deleted", "GONE"],
    ["removed", "GONE"],
    ["held", "NOT_FOUND"],
  ] as const)("given a %s post, when a member likes it, then the answer is %s", async (state, code) => {
    const author = await makeMember();
    const member = await makeMember();
    const post = await makePost({ authorId: author._id, state });
    await expect(setLike({ postId: post._id, memberId: member._id, liked: true }, AT_NOON)).rejects.toMatchObject({ code });
  });

  test("given a comment, when a member likes and unlikes it, then its own counter moves and the post's does not", async () => {
    const author = await makeMember();
    const member = await makeMember();
    const post = await makePost({ authorId: author._id });
    const comment = await makeComment({ postId: post._id, authorId: author._id });
    const wish = { postId: post._id, commentId: comment._id, memberId: member._id };
    expect(await setLike({ ...wish, liked: true }, AT_NOON)).toEqual({ liked: true, likeCount: 1 });
    expect(await setLike({ ...wish, liked: false }, AT_NOON)).toEqual({ liked: false, likeCount: 0 });
    expect((await getPost(post._id))?.likeCount).toBe(0);
  });
});

describe("saves and follows", () => {
  test("given a saved post, when it is saved again and then dropped, then the counter follows", async () => {
    const author = await makeMember();
    const member = await makeMember();
    const post = await makePost({ authorId: author._id });
    await setSave({ postId: post._id, memberId: member._id, saved: true }, AT_NOON);
    expect((await setSave({ postId: post._id, memberId: member._id, saved: true }, AT_NOON)).saveCount).toBe(1);
    expect((await setSave({ postId: post._id, memberId: member._id, saved: false }, AT_NOON)).saveCount).toBe(0);
  });

  test("given two members, when one follows the other three times at once, then both counters are one", async () => {
    const { getMember } = await import("@models/member.server");
    const target = await makeMember();
    const member = await makeMember();
    const wish = { kind: "member" as const, targetId: target._id, memberId: member._id, followed: true };
    await Promise.all([setFollow(wish, AT_NOON), setFollow(wish, AT_NOON), setFollow(wish, AT_NOON)]);
    expect((await getMember(target._id))?.followerCount).toBe(1);
    expect((await getMember(member._id))?.followingCount).toBe(1);
  });

  test("given oneself or nobody, when followed, then it is refused", async () => {
    const member = await makeMember();
    await expect(setFollow({ kind: "member", targetId: member._id, memberId: member._id, followed: true }, AT_NOON)).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(setFollow({ kind: "member", targetId: "nobody", memberId: member._id, followed: true }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});
