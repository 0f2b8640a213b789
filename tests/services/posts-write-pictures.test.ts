import { nanoid } from "nanoid";
import { beforeAll, describe, expect, test } from "vitest";
import { inTransaction } from "@models/connection.server";
import { DomainError } from "@models/errors";
import { advanceAsset, extendAsset, getAsset, type AssetState } from "@models/media-asset.server";
import { getPost, requireVisiblePost } from "@models/post.server";
import { removeMedia } from "~/services/media-moderation.server";
import { renderPostWords } from "~/services/preview.server";
import { createPost, deletePost, editPost, rerenderPost, restorePost } from "~/services/posts-write.server";
import type { Viewer } from "~/services/viewer";
import { useDatabase } from "../support/db";
import { makeAsset, pictureLine } from "../support/assets";
import { makeViewer } from "../support/factories";
import { AT_NOON, minutesAfter } from "../support/posts";
import { makeReferenceRows, makeWriter, wordsOf } from "../support/writers";

useDatabase();
beforeAll(() => makeReferenceRows());

async function publish(writer: Viewer, body: string): Promise<string> {
  return (await createPost(writer, { submissionId: nanoid(), words: wordsOf({ body }), draftId: null }, AT_NOON)).postId;
}

async function refusalOf(act: Promise<unknown>): Promise<DomainError> {
  const refusal: unknown = await act.catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(DomainError);
  return refusal as DomainError;
}

const accessOf = async (...assets: { _id: string }[]) => Promise.all(assets.map(async ({ _id }) => `${(await getAsset(_id))?.access}:${(await getAsset(_id))?.postId ?? "-"}`));

describe("publish", () => {
  test("given own pictures, when published, then they are drawn, the first stands in the row, and all are open", async () => {
    const writer = await makeWriter();
    const [first, second] = [await makeAsset({ ownerId: writer.id }), await makeAsset({ ownerId: writer.id })];
    const postId = await publish(writer, `开头\n\n${pictureLine(first)}\n\n${pictureLine(second, "第二张")}`);
    const post = await requireVisiblePost(postId);
    expect(post.html).toContain(`/m/${first._id}/640.webp 640w`);
    expect(post.picture).toEqual({ assetId: first._id, alt: "费用对比图", width: 640, height: 480, thumbhash: "aGFzaA==", sizes: [{ name: 320, width: 320 }, { name: 640, width: 640 }] });
    expect(post.assetIds).toEqual([first._id, second._id]);
    expect(await accessOf(first, second)).toEqual([`public:${postId}`, `public:${postId}`]);
  });

  test.each<[string, AssetState, string]>([
    ["refused", "rejected", "media.pictureRejected"],
    ["failed", "failed", "media.pictureFailed"],
    ["removed", "removed", "media.pictureUnknown"],
    ["uploading", "uploading", "media.pictureUploading"],
    ["being checked", "checking", "media.pictureChecking"],
  ])("given a picture that is %s, when published, then its number is named and nothing stands", async (_name, state, key) => {
    const writer = await makeWriter();
    const [good, bad] = [await makeAsset({ ownerId: writer.id }), await makeAsset({ ownerId: writer.id, state })];
    const submissionId = nanoid();
    const words = wordsOf({ body: `${pictureLine(good)}\n\n${pictureLine(bad)}` });
    const refusal = await refusalOf(createPost(writer, { submissionId, words, draftId: null }, AT_NOON));
    expect(refusal).toMatchObject({ fields: { body: key }, params: { index: 2 } });
    expect(refusal.retryAfterSec).toBe(state === "uploading" || state === "checking" ? 3 : undefined);
    expect(await getPost(submissionId)).toBeNull();
    expect(await accessOf(good)).toEqual(["private:-"]);
  });

  test("given somebody else's picture, when published, then it is refused and stays closed", async () => {
    const writer = await makeWriter();
    const foreign = await makeAsset({ ownerId: (await makeWriter()).id });
    expect(await refusalOf(publish(writer, pictureLine(foreign)))).toMatchObject({ code: "INVALID", fields: { body: "media.pictureUnknown" } });
    expect(await accessOf(foreign)).toEqual(["private:-"]);
  });

  test("given a clip, a picture of another post, 21 pictures or none described, when published, then each is refused", async () => {
    const writer = await makeWriter();
    const clip = await makeAsset({ ownerId: writer.id, kind: "video" });
    const used = await makeAsset({ ownerId: writer.id });
    await publish(writer, pictureLine(used));
    const fresh = await makeAsset({ ownerId: writer.id });
    const rows: [string, string][] = [
      [pictureLine(clip), "media.pictureIsClip"],
      [pictureLine(used), "media.pictureElsewhere"],
      [Array.from({ length: 21 }, () => pictureLine(fresh)).join("\n\n"), "media.picturesTooMany"],
      [pictureLine(fresh, ""), "media.pictureUndescribed"],
    ];
    for (const [body, key] of rows) expect((await refusalOf(publish(writer, body))).fields).toEqual({ body: key });
    await publish(writer, `![](media:${fresh._id}#decorative)`);
    expect((await getAsset(fresh._id))?.access).toBe("public");
  });

  test("given a picture that an operator is to look at, when published, then its description stands in its place", async () => {
    const writer = await makeWriter();
    const held = await makeAsset({ ownerId: writer.id, found: { held: true } });
    const post = await requireVisiblePost(await publish(writer, pictureLine(held)));
    expect(post.html).toBe("<p>费用对比图</p>");
    expect(post.picture).toBeNull();
  });

  test("given a removal at the same moment, when published, then no post stands on a removed picture", async () => {
    const writer = await makeWriter();
    for (let round = 0; round < 5; round++) {
      const asset = await makeAsset({ ownerId: writer.id });
      const [published, removed] = await Promise.allSettled([
        publish(writer, pictureLine(asset)),
        inTransaction((tx) => advanceAsset({ assetId: asset._id, to: "removed" }, AT_NOON, tx)),
      ]);
      expect(removed.status).toBe("fulfilled");
      const after = await getAsset(asset._id);
      expect(after?.state).toBe("removed");
      // Whoever came first: a post that was refused leaves the picture untied, one that stands had it open before.
      expect(after?.postId).toBe(published.status === "fulfilled" ? published.value : null);
    }
  });

  test("given one picture in two posts sent at once, when published, then one post has it", async () => {
    const writer = await makeWriter();
    const asset = await makeAsset({ ownerId: writer.id });
    const sent = await Promise.allSettled([publish(writer, pictureLine(asset)), publish(writer, pictureLine(asset))]);
    const standing = sent.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
    expect(standing).toHaveLength(1);
    expect(await accessOf(asset)).toEqual([`public:${standing[0]}`]);
  });
});

describe("later", () => {
  test("given an edit, then new pictures open, dropped ones close and are free again", async () => {
    const writer = await makeWriter();
    const [kept, dropped, added] = [await makeAsset({ ownerId: writer.id }), await makeAsset({ ownerId: writer.id }), await makeAsset({ ownerId: writer.id })];
    const postId = await publish(writer, `${pictureLine(dropped)}\n\n${pictureLine(kept)}`);
    await editPost(writer, { postId, revision: 1, words: wordsOf({ body: `${pictureLine(kept)}\n\n${pictureLine(added)}` }), draftId: null }, minutesAfter(AT_NOON, 1));
    expect(await accessOf(kept, dropped, added)).toEqual([`public:${postId}`, "private:-", `public:${postId}`]);
    expect((await requireVisiblePost(postId)).picture?.assetId).toBe(kept._id);
    expect(await publish(writer, pictureLine(dropped))).not.toBe(postId);
  });

  test("given an edit on an old revision, then no picture changes its access", async () => {
    const writer = await makeWriter();
    const [first, added] = [await makeAsset({ ownerId: writer.id }), await makeAsset({ ownerId: writer.id })];
    const postId = await publish(writer, pictureLine(first));
    await editPost(writer, { postId, revision: 1, words: wordsOf({ body: `改\n\n${pictureLine(first)}` }), draftId: null }, AT_NOON);
    expect((await refusalOf(editPost(writer, { postId, revision: 1, words: wordsOf({ body: pictureLine(added) }), draftId: null }, AT_NOON))).code).toBe("CONFLICT");
    expect(await accessOf(first, added)).toEqual([`public:${postId}`, "private:-"]);
  });

  test("given a deletion, then the pictures close with the post, and open again with it", async () => {
    const writer = await makeWriter();
    const asset = await makeAsset({ ownerId: writer.id });
    const postId = await publish(writer, pictureLine(asset));
    await deletePost(writer, postId, AT_NOON);
    expect(await accessOf(asset)).toEqual([`private:${postId}`]);
    await restorePost(writer, postId, AT_NOON);
    expect(await accessOf(asset)).toEqual([`public:${postId}`]);
  });

  test("given AVIF that came later, or a picture taken away, then drawing again shows it", async () => {
    const writer = await makeWriter();
    const asset = await makeAsset({ ownerId: writer.id });
    const post = await requireVisiblePost(await publish(writer, pictureLine(asset)));
    expect(post.html).not.toContain("avif");
    await inTransaction((tx) => extendAsset({ assetId: asset._id, files: [{ name: "640.avif", role: "image", type: "image/avif", bytes: 500, width: 640, height: 480 }] }, AT_NOON, tx));
    expect((await rerenderPost(post, AT_NOON)).html).toContain(`/m/${asset._id}/640.avif 640w`);
    await inTransaction((tx) => advanceAsset({ assetId: asset._id, to: "removed" }, AT_NOON, tx));
    expect(await rerenderPost(post, AT_NOON)).toEqual({ html: "<p>费用对比图</p>", picture: null });
  });

  test("given a picture that is removed while its post is deleted, when the post comes back, then the picture is not in it", async () => {
    const writer = await makeWriter();
    const asset = await makeAsset({ ownerId: writer.id });
    const postId = await publish(writer, pictureLine(asset));
    await deletePost(writer, postId, AT_NOON);
    await removeMedia(await makeViewer({ role: "operator" }), asset._id, AT_NOON);
    await restorePost(writer, postId, AT_NOON);
    const post = await requireVisiblePost(postId);
    expect(post.html).not.toContain(asset._id);
    expect(post.picture).toBeNull();
    expect(await accessOf(asset)).toEqual([`private:${postId}`]);
  });

  test("given no pictures to draw, then a text shows their descriptions", async () => {
    expect((await renderPostWords(`![图](media:${"0".repeat(32)})`, "zh-CN", AT_NOON)).html).toBe("<p>图</p>");
  });
});
