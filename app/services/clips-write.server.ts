import { createHash } from "node:crypto";
import { inTransaction, type Tx } from "@models/connection.server";
import { removeDraft, type DraftWords } from "@models/draft.server";
import { Conflict, Invalid } from "@models/errors";
import { describeAsset, getAsset, requireOwnAsset, setAssetAccess, setCaptions, type AssetFile, type MediaAsset } from "@models/media-asset.server";
import { getPost, insertPost, requireOwnPost, setPostMedia, type Post } from "@models/post.server";
import { captionsToTranscript, parseCaptions, serializeCaptions } from "@media/captions";
import { mediaKey } from "@media/storage";
import { clipOf, settleClipIn } from "./media-settle.server";
import { requirePublishable } from "./post-words.server";
import { alreadyWritten, composePost, editPost, type PostWritten } from "./posts-write.server";
import { requireWithinLimit } from "./rate-limit.server";
import { getStorage, putText } from "./storage.server";
import { admit, requireMay } from "./tiers.server";
import type { Viewer } from "./viewer";

/**
 * Writing clips: a post that shows one video. It may be sent while the upload or the worker is still busy; it then waits,
 * seen by its author alone, and is published by settling (media-settle.server.ts) as soon as it can be played.
 */
export interface CreateClip {
  /** Made with the form and used as the post's id: sending the same form twice makes one clip. */
  submissionId: string;
  words: DraftWords;
  assetId: string;
  draftId?: string | null;
}

/** Nothing will come of the video that was sent; the words need another one. */
export class ClipRefused extends Invalid {
  constructor({ _id, state }: MediaAsset) {
    super(`asset ${_id} is ${state}`, { messageKey: "media.clipRefused" });
  }
}

export async function createClip(viewer: Viewer, { submissionId, words, assetId, draftId }: CreateClip, now: Date): Promise<PostWritten> {
  const before = await getPost(submissionId);
  if (before) return alreadyWritten(before, viewer);
  const ready = await requirePublishable({ ...words, poll: null }, now, { bodyOptional: true });
  requireFreeClip(await requireOwnAsset(assetId, viewer.id), submissionId);
  const post = await composePost(viewer.id, submissionId, ready, now);
  await admit(viewer, "post", now);
  return inTransaction(async (tx) => {
    const raced = await getPost(submissionId, tx);
    if (raced) return alreadyWritten(raced, viewer);
    const asset = requireFreeClip(await requireOwnAsset(assetId, viewer.id, tx), submissionId);
    const waiting: Post = { ...post, picture: null, state: "waiting", clip: clipOf(asset), assetIds: [assetId] };
    await insertPost(waiting, tx);
    await bind(waiting, asset, now, tx);
    if (draftId) await removeDraft(viewer.id, draftId, tx);
    return { postId: waiting._id, created: true };
  });
}

/** Another file for a clip that waits, because the first one was refused or broke off. The words stay. */
export function replaceClipFile(viewer: Viewer, { postId, assetId }: { postId: string; assetId: string }, now: Date): Promise<void> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    const post = await requireOwnPost(postId, viewer.id, tx);
    if (post.clip?.assetId === assetId) return;
    if (post.state !== "waiting" || !post.clip) throw new Conflict(`post ${postId} is ${post.state}`, { messageKey: "media.clipStands" });
    const asset = requireFreeClip(await requireOwnAsset(assetId, viewer.id, tx), postId);
    await setAssetAccess({ assetId: post.clip.assetId, ownerId: viewer.id, postId: null, access: "private" }, now, tx);
    await setPostMedia(postId, { clip: clipOf(asset), assetIds: [assetId] }, tx);
    await bind({ ...post, clip: clipOf(asset), assetIds: [assetId] }, asset, now, tx);
  });
}

/** Ties the file to its post; published at once when it can be played already. */
async function bind(post: Post, asset: MediaAsset, now: Date, tx: Tx): Promise<void> {
  await setAssetAccess({ assetId: asset._id, ownerId: post.authorId, postId: post._id, access: "private" }, now, tx);
  await settleClipIn(post, { ...asset, postId: post._id }, now, tx);
}

function requireFreeClip(asset: MediaAsset, postId: string): MediaAsset {
  if (asset.kind !== "video") throw new Invalid(`asset ${asset._id} is a picture`, { messageKey: "media.notAClip" });
  if (asset.state === "rejected" || asset.state === "failed") throw new ClipRefused(asset);
  if (asset.postId !== null && asset.postId !== postId) throw new Conflict(`asset ${asset._id} is shown by ${asset.postId}`, { messageKey: "media.clipTaken" });
  return asset;
}

/** The words of a clip are edited like those of any post; the file stays. */
export const editClip = editPost;

export interface SaveCaptions {
  assetId: string;
  lang: "zh-CN" | "en";
  /** A .vtt or .srt file, as text or as bytes of unknown encoding. */
  source: string | Uint8Array;
  /** The revision of this language that the editor saw; 0 for the first. */
  revision: number;
}

/** Stores captions under a new name and lists the clip, if that was what it lacked. */
export async function saveCaptions(viewer: Viewer, { assetId, lang, source, revision }: SaveCaptions, now: Date): Promise<{ revision: number }> {
  requireMay(viewer, "edit");
  const asset = await requireOwnAsset(assetId, viewer.id);
  if (asset.kind !== "video") throw new Invalid(`asset ${assetId} is a picture`, { messageKey: "media.notAClip" });
  const cues = parseCaptions(source, { durationSec: asset.durationSec });
  const text = serializeCaptions(cues);
  // Named by what it says: of two tabs that save the same revision, the one that loses overwrites nothing.
  const mark = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const caption = { lang, revision: revision + 1, file: `captions-${lang}-${revision + 1}-${mark}.vtt` };
  const file: AssetFile = { name: caption.file, role: "captions", type: "text/vtt; charset=utf-8", bytes: Buffer.byteLength(text) };
  await requireWithinLimit(viewer, "edit", now);
  // Written first: a name that no asset lists is never served.
  await putText(mediaKey(assetId, caption.file), text, file.type);
  let replaced: string | null;
  try {
    replaced = await inTransaction(async (tx) => {
      const transcript = (await isTranslation(assetId, lang, tx)) ? undefined : captionsToTranscript(cues);
      const before = await setCaptions({ assetId, ownerId: viewer.id, caption, transcript, file }, now, tx);
      await settleOwn(assetId, viewer.id, now, tx);
      return before;
    });
  } catch (error) {
    // Somebody else's revision stands; when it says the same, its file has the same name and stays.
    if (error instanceof Conflict) await removeUnlisted(assetId, caption.file);
    throw error;
  }
  if (replaced) await removeUnlisted(assetId, replaced);
  return { revision: caption.revision };
}

/** The transcript is what is said in the clip's own language, once it has captions in it. */
async function isTranslation(assetId: string, lang: SaveCaptions["lang"], tx: Tx): Promise<boolean> {
  const asset = await getAsset(assetId, tx);
  const post = asset?.postId ? await getPost(asset.postId, tx) : null;
  return post !== null && post.lang !== lang && (asset?.captions.some((known) => known.lang === post.lang) ?? false);
}

async function removeUnlisted(assetId: string, name: string): Promise<void> {
  const asset = await getAsset(assetId);
  if (!asset?.files.some((file) => file.name === name)) await getStorage().remove(mediaKey(assetId, name));
}

/** The author's word that nothing is spoken, or that something is after all. */
export function setNoSpeech(viewer: Viewer, { assetId, noSpeech }: { assetId: string; noSpeech: boolean }, now: Date): Promise<void> {
  requireMay(viewer, "edit");
  return inTransaction(async (tx) => {
    await describeAsset({ assetId, ownerId: viewer.id, noSpeech }, now, tx);
    await settleOwn(assetId, viewer.id, now, tx);
  });
}

async function settleOwn(assetId: string, ownerId: string, now: Date, tx: Tx): Promise<void> {
  const asset = await requireOwnAsset(assetId, ownerId, tx);
  const post = asset.postId ? await getPost(asset.postId, tx) : null;
  if (post?.clip?.assetId === assetId) await settleClipIn(post, asset, now, tx);
}
