import { beforeAll, expect, test } from "vitest";
import { listComments } from "@models/comment.server";
import { inTransaction } from "@models/connection.server";
import { listLiked } from "@models/like.server";
import { getMember, insertMember } from "@models/member.server";
import { getPost } from "@models/post.server";
import { publishClip } from "../../scripts/demo-clips";
import { listSeedClips, rowsOf, type SeedClip } from "../../scripts/seed/clip-content";
import { loadSeedContent } from "../../scripts/seed/content";
import { idFrom } from "../../scripts/seed/draw";
import { makeAsset } from "../support/assets";
import { useDatabase } from "../support/db";
import { AT_NOON } from "../support/posts";

useDatabase();

const members = loadSeedContent().members.map(({ handle, displayName, lang }) => ({ _id: idFrom(`member:${handle}`), handle, displayName, language: lang }));
const clips = await listSeedClips();

beforeAll(async () => {
  for (const member of members) await inTransaction((tx) => insertMember({ ...member, passwordHash: "x", joinedAt: AT_NOON }, tx));
});

const assetFor = ({ author }: SeedClip) =>
  makeAsset({ ownerId: idFrom(`member:${author}`), kind: "video", found: { width: 720, height: 1280, durationSec: 30, hasAudio: false } });

async function likersOf(kind: "post" | "comment", targetId: string): Promise<number> {
  const liked = await Promise.all(members.map(({ _id }) => listLiked(_id, kind, [targetId])));
  return liked.filter((targets) => targets.has(targetId)).length;
}

test("given a film that can be shown, when its clip is published, then its comments stand under it and every count equals the rows behind it", async () => {
  const clip = clips.find(({ slug }) => slug === "refund-customer-service") as SeedClip;
  const { _id } = await publishClip(clip, await assetFor(clip), AT_NOON);
  const page = { postId: _id, sort: "oldest" as const, after: null, limit: 50 };
  const tops = await listComments({ ...page, parentId: null });
  const replies = (await Promise.all(tops.map((top) => listComments({ ...page, parentId: top._id })))).flat();
  const rows = [...tops, ...replies];
  expect(tops.map(({ body }) => body)).toEqual(clip.comments.map(({ text }) => text));
  expect(rows.map(({ body }) => body).sort()).toEqual(rowsOf(clip.comments).map(({ text }) => text).sort());
  for (const top of tops) expect(top.replyCount).toBe(replies.filter(({ parentId }) => parentId === top._id).length);
  for (const row of rows) expect(row.likeCount).toBe(await likersOf("comment", row._id));
  expect(rows.some(({ likeCount }) => likeCount > 0)).toBe(true);
  const stored = await getPost(_id);
  expect(stored?.commentCount).toBe(rows.length);
  expect(stored?.likeCount).toBe(await likersOf("post", _id));
  expect((await getMember(idFrom(`member:${clip.author}`)))?.postCount).toBe(1);
});

test("given a clip that is there, when it is published again, then it is refused and nothing is counted or written twice", async () => {
  const clip = clips.find(({ slug }) => slug === "five-minute-rule") as SeedClip;
  const { _id, commentCount } = await publishClip(clip, await assetFor(clip), AT_NOON);
  await expect(publishClip(clip, await assetFor(clip), AT_NOON)).rejects.toThrow();
  const tops = await listComments({ postId: _id, parentId: null, sort: "oldest", after: null, limit: 50 });
  expect(tops.reduce((sum, { replyCount }) => sum + 1 + replyCount, 0)).toBe(commentCount);
  expect((await getMember(idFrom(`member:${clip.author}`)))?.postCount).toBe(1);
});
