import { expect, test } from "vitest";
import { getPost } from "@models/post.server";
import { guestReaderKey, recordView } from "~/services/views.server";
import { useDatabase } from "../support/db";
import { makeMember } from "../support/factories";
import { AT_NOON, makePost, minutesAfter } from "../support/posts";

useDatabase();

const guest = (address: string, now: Date) => ({ guestKey: guestReaderKey({ address, userAgent: "Browser", secret: "s".repeat(32), now }) });

test("given one reader who reloads at once and later, when counted, then it is one view a day", async () => {
  const author = await makeMember();
  const post = await makePost({ authorId: author._id });
  const view = (now: Date) => recordView({ postId: post._id, reader: guest("10.0.0.1", now) }, now);
  await Promise.all([view(AT_NOON), view(AT_NOON), view(AT_NOON)]);
  await view(minutesAfter(AT_NOON, 60));
  expect((await getPost(post._id))?.viewCount).toBe(1);
  await view(minutesAfter(AT_NOON, 24 * 60));
  expect((await getPost(post._id))?.viewCount).toBe(2);
});

test("given the same browser on two days, when its key is made, then the two keys have nothing in common", () => {
  expect(guest("10.0.0.1", AT_NOON)).not.toEqual(guest("10.0.0.1", minutesAfter(AT_NOON, 24 * 60)));
  expect(guest("10.0.0.1", AT_NOON)).not.toEqual(guest("10.0.0.2", AT_NOON));
});

test("given a member and a guest, when both read, then both count; and a hidden post counts nothing", async () => {
  const author = await makeMember();
  const reader = await makeMember();
  const post = await makePost({ authorId: author._id });
  await recordView({ postId: post._id, reader: { memberId: reader._id } }, AT_NOON);
  await recordView({ postId: post._id, reader: guest("10.0.0.9", AT_NOON) }, AT_NOON);
  expect((await getPost(post._id))?.viewCount).toBe(2);
  const held = await makePost({ authorId: author._id, state: "held" });
  await expect(recordView({ postId: held._id, reader: guest("10.0.0.9", AT_NOON) }, AT_NOON)).rejects.toMatchObject({ code: "NOT_FOUND" });
});
