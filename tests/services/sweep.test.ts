import { expect, test } from "vitest";
import { getComment, setCommentState } from "@models/comment.server";
import { inTransaction } from "@models/connection.server";
import { getPost, RESTORE_DAYS, setPostState } from "@models/post.server";
import { keepRevision, listRevisions } from "@models/post-revision.server";
import { sweepDeletedWords } from "~/services/sweep.server";
import { useDatabase } from "../support/db";
import { makeMember } from "../support/factories";
import { AT_NOON, makeComment, makePost, minutesAfter } from "../support/posts";

useDatabase();

const DAY = 24 * 60;

test("given words deleted 30 days ago and a day less, when swept twice, then only the older are cleared, once", async () => {
  const author = await makeMember();
  const old = await makePost({ authorId: author._id });
  const young = await makePost({ authorId: author._id });
  const standing = await makePost({ authorId: author._id });
  const comment = await makeComment({ postId: standing._id, authorId: author._id });
  await inTransaction(async (tx) => {
    await keepRevision(old, tx);
    await setPostState({ postId: old._id, from: ["published"], to: "deleted" }, AT_NOON, tx);
    await setPostState({ postId: young._id, from: ["published"], to: "deleted" }, minutesAfter(AT_NOON, DAY), tx);
    await setCommentState({ postId: standing._id, commentId: comment._id, from: ["published"], to: "deleted" }, AT_NOON, tx);
  });
  const now = minutesAfter(AT_NOON, RESTORE_DAYS * DAY + 1);
  expect(await sweepDeletedWords(now)).toEqual({ posts: 1, comments: 1 });
  expect(await sweepDeletedWords(now)).toEqual({ posts: 0, comments: 0 });
  expect(await getPost(old._id)).toMatchObject({ state: "removed", title: "", body: "", html: "" });
  expect(await listRevisions(old._id)).toEqual([]);
  expect(await getPost(young._id)).toMatchObject({ state: "deleted", body: young.body });
  expect(await getPost(standing._id)).toMatchObject({ state: "published", body: standing.body });
  expect(await getComment(standing._id, comment._id)).toMatchObject({ state: "removed", body: "" });
});
