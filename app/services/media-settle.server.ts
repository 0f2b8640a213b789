import { nanoid } from "nanoid";
import { inTransaction, type Tx } from "@models/connection.server";
import { placeInFeeds, withdrawFromFeeds } from "@models/feed-entry.server";
import { getAsset, isShowable, type MediaAsset } from "@models/media-asset.server";
import { completeJob } from "@models/media-job.server";
import { announce } from "@models/page-event.server";
import { getPost, publishWaitingPost, setPostMedia, setPostState, type Post, type PostClip } from "@models/post.server";
import { runLane, type LaneOptions } from "@media/run-jobs";
import { env } from "../env.server";
import { logger } from "../logger.server";
import { tagsOfPost } from "./page-tags.server";
import { changeStanding } from "./post-standing.server";
import { rerenderPost } from "./posts-write.server";

/**
 * Settling: what a post must learn when its asset has moved on. The worker queues it in the transaction that moves the
 * asset (lane "pages"), the web process does it, and creating a clip does it at once.
 * Guarantees: (1) a clip is published when it can first be played, by whoever comes first, once; (2) a clip whose asset
 * is held or removed goes back to waiting: out of every feed, its files closed, its words kept; (3) settling again
 * changes nothing.
 */
export async function settleAsset(assetId: string, now: Date): Promise<void> {
  const seen = await getAsset(assetId);
  if (!seen?.postId) return;
  if (seen.kind === "image") return settlePicture(seen, now);
  await inTransaction(async (tx) => {
    const asset = await getAsset(assetId, tx);
    const post = asset?.postId ? await getPost(asset.postId, tx) : null;
    if (asset && post?.clip?.assetId === assetId) await settleClipIn(post, asset, now, tx);
  });
}

/** The same inside a transaction that the caller holds. Returns whether the clip stands published afterwards. */
export async function settleClipIn(post: Post, asset: MediaAsset, now: Date, tx: Tx): Promise<boolean> {
  const clip = clipOf(asset);
  const next: Post = { ...post, clip };
  await setPostMedia(post._id, { clip }, tx);
  if (post.state === "waiting" && isShowable(asset)) {
    next.publishedAt = now;
    await publishWaitingPost(post._id, now, tx);
    await changeStanding(next, 1, now, tx);
    return true;
  }
  if (post.state !== "published") return false;
  if (!isShowable(asset)) {
    await setPostState({ postId: post._id, from: ["published"], to: "waiting" }, now, tx);
    await changeStanding(post, -1, now, tx);
    return false;
  }
  if (post.clip?.listed !== clip.listed) {
    await withdrawFromFeeds(post, tx);
    await placeInFeeds(next, tx);
  }
  await announce(tagsOfPost(next), now, tx);
  return true;
}

/** The lane "pages", worked through until the signal: by every web process, each job by one of them. */
export function settlePages(signal: AbortSignal): Promise<void> {
  return runLane(pagesLane(), signal);
}

const SETTLE_ATTEMPTS_MAX = 5;

/** Exported for tests, which drain it. */
export function pagesLane(): LaneOptions {
  return {
    lanes: ["pages"],
    worker: `pages.${nanoid()}`,
    run: async (job) => {
      await settleAsset(job.assetId, new Date());
      // Settling twice changes nothing, so a job that is done again after a crash between the two does no harm.
      await inTransaction((tx) => completeJob(job, tx));
    },
    attemptsMax: () => SETTLE_ATTEMPTS_MAX,
    onDead: () => Promise.resolve(),
    onError: (job, error) => logger.warn({ event: "media.settleFailed", jobId: job?._id, err: error }),
  };
}

/** The copy of an asset that a post keeps. Widths are read off the names that media/poster.ts gives. */
export function clipOf(asset: MediaAsset): PostClip {
  // The bytes of what was refused or removed are erased, so nothing of it is named any more.
  const isErased = asset.state === "removed" || asset.state === "rejected";
  const files = isErased ? [] : asset.files;
  const named = (role: string) => files.filter((file) => file.role === role);
  const spoken = asset.captions.length > 0 || asset.noSpeech || asset.hasAudio === false;
  return {
    assetId: asset._id,
    width: asset.width ?? 720,
    height: asset.height ?? 1280,
    durationSec: asset.durationSec ?? 0,
    hasAudio: asset.hasAudio ?? false,
    thumbhash: isErased ? null : asset.thumbhash,
    posters: named("poster").flatMap(({ name }) => (/^poster-(\d+)\.jpg$/.exec(name)?.[1] ?? "").split(" ").filter(Boolean).map(Number)).sort((a, b) => a - b),
    manifest: isErased ? null : asset.manifest,
    mp4: named("mp4")
      .map(({ name, width = 0, height = 0, bytes }) => ({ name, width, height, bytes }))
      .sort((a, b) => a.height - b.height),
    storyboard: named("storyboardTrack").length > 0,
    preview: named("preview").length > 0,
    captions: isErased ? [] : asset.captions.map(({ lang, file }) => ({ lang, file })),
    noSpeech: asset.noSpeech,
    listed: spoken || !env.CAPTIONS_REQUIRED,
  };
}

/** A picture that gained sizes, or lost its right to be seen, is drawn anew in the post that shows it, or that may come back. */
async function settlePicture(asset: MediaAsset, now: Date): Promise<void> {
  const seen = asset.postId ? await getPost(asset.postId) : null;
  if (!seen || seen.state === "removed") return;
  const drawn = await rerenderPost(seen, now);
  await inTransaction(async (tx) => {
    const post = await getPost(seen._id, tx);
    // Words that were edited meanwhile have been drawn with the new sizes already.
    if (post?.revision !== seen.revision || post.state === "removed") return;
    await setPostMedia(post._id, drawn, tx);
    await announce(tagsOfPost(post), now, tx);
  });
}
