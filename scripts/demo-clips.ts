import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { logger } from "../app/logger.server";
import { setPostMediaAccess } from "../app/services/media-access.server";
import { clipOf, settleAsset } from "../app/services/media-settle.server";
import { tagsOfPost } from "../app/services/page-tags.server";
import { renderPostWords } from "../app/services/preview.server";
import { getStorage, putText } from "../app/services/storage.server";
import { mediaKey, sourceKey } from "../media/storage";
import { insertComments } from "../models/comment.server";
import { inTransaction } from "../models/connection.server";
import { placeInFeeds } from "../models/feed-entry.server";
import { insertLikes } from "../models/like.server";
import { advanceAsset, getAsset, insertAsset, isShowable, setCaptions, type MediaAsset } from "../models/media-asset.server";
import { enqueueJob } from "../models/media-job.server";
import { changeMemberCounts } from "../models/member.server";
import { announce } from "../models/page-event.server";
import { getPost, insertPost, type Post } from "../models/post.server";
import { listSeedClips, type SeedClip } from "./seed/clip-content";
import { filmable, filmSeedClip } from "./seed/clip-film";
import { loadSeedContent } from "./seed/content";
import { idFrom, randomFrom, some } from "./seed/draw";
import { composeComments } from "./seed/threads";

/**
 * The demo's clips: filmed on this machine from their scenes, sent through the same pipeline as a member's upload, and
 * planted when they can be played. Runs beside the worker; what is there already is left alone, so that it goes on where
 * a stopped one left off.
 */
export interface DemoClips {
  ffmpegPath: string | null;
  max: number;
}

const HOUR_MS = 3_600_000;
const LOOK_EVERY_MS = 1_000;
const READY_TIMEOUT_MS = 15 * 60_000;

export async function plantDemoClips({ ffmpegPath, max }: DemoClips, signal: AbortSignal): Promise<void> {
  if (!ffmpegPath || max === 0) return;
  const { clips, without } = await filmable(inTurn(await listSeedClips()).slice(0, max));
  if (without.length > 0) logger.warn({ event: "demo.clipsLeftOut", languages: without, reason: "no font on this machine has their letters" });
  for (const clip of clips) {
    if (signal.aborted) return;
    if (await getPost(postIdOf(clip))) continue;
    await plantClip(clip, ffmpegPath, signal);
    logger.info({ event: "demo.clipPlanted", slug: clip.slug });
  }
}

const postIdOf = ({ lang, slug }: SeedClip): string => idFrom(`clip:${lang}:${slug}`);

/** Newest first, the languages by turns, so that both have something to show early. */
function inTurn(clips: SeedClip[]): SeedClip[] {
  const lists = (["zh-CN", "en"] as const).map((lang) => clips.filter((clip) => clip.lang === lang).sort((a, b) => a.hoursAgo - b.hoursAgo));
  const turns = Math.max(...lists.map((list) => list.length));
  return Array.from({ length: turns }, (_, turn) => lists.flatMap((list) => list.slice(turn, turn + 1))).flat();
}

async function plantClip(clip: SeedClip, ffmpegPath: string, signal: AbortSignal): Promise<void> {
  const assetId = await sendFilm(clip, { authorId: authorIdOf(clip), ffmpegPath }, signal);
  await publishClip(clip, await whenShowable(assetId, signal), new Date());
}

const authorIdOf = ({ author }: SeedClip): string => idFrom(`member:${author}`);

/** The post of a film that can be shown, with its comments and likes: all or nothing, so that every count equals the rows behind it. */
export async function publishClip(clip: SeedClip, asset: MediaAsset, now: Date): Promise<Post> {
  const authorId = authorIdOf(clip);
  const publishedAt = new Date(now.getTime() - clip.hoursAgo * HOUR_MS);
  const ids = new Map(loadSeedContent().members.map(({ handle }) => [handle, idFrom(`member:${handle}`)]));
  const readers = [...ids.values()].filter((id) => id !== authorId);
  const likers = some(readers, clip.heat, randomFrom(`clip:${clip.slug}`));
  const talk = await composeComments(clip.comments, { key: `clip:${clip.lang}:${clip.slug}`, lang: clip.lang, postId: postIdOf(clip), publishedAt, ids, readers, now });
  const post = await composeClip(clip, asset, { authorId, publishedAt, likeCount: likers.length, commentCount: talk.comments.length }, now);
  const likes = [...likers.map((memberId) => ({ memberId, kind: "post" as const, targetId: post._id, at: publishedAt })), ...talk.likes];
  await inTransaction(async (tx) => {
    await insertPost(post, tx);
    await setPostMediaAccess(post, "public", now, tx);
    await placeInFeeds(post, tx);
    if (talk.comments.length > 0) await insertComments(talk.comments, tx);
    if (likes.length > 0) await insertLikes(likes, tx);
    await changeMemberCounts(authorId, { postCount: 1 }, tx);
    await announce(tagsOfPost(post), now, tx);
  });
  // What the worker finished between the look above and the post is copied now; the rest tells itself.
  await settleAsset(asset._id, now);
  return post;
}

/** Films it and hands it over as an upload that has just ended. */
async function sendFilm(clip: SeedClip, { authorId, ffmpegPath }: { authorId: string; ffmpegPath: string }, signal: AbortSignal): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "goldbean-film-"));
  try {
    const path = join(folder, "film.mp4");
    await filmSeedClip(clip, path, { ffmpegPath, signal });
    const assetId = randomBytes(16).toString("hex");
    const { size } = await stat(path);
    await getStorage().put(sourceKey(assetId), path, "video/mp4");
    const file = `captions-${clip.lang}-1.vtt`;
    await putText(mediaKey(assetId, file), clip.captions, "text/vtt; charset=utf-8");
    const now = new Date();
    await inTransaction(async (tx) => {
      await insertAsset({ _id: assetId, ownerId: authorId, kind: "video", fileName: `${clip.slug}.mp4`, sizeBytes: size }, now, tx);
      await advanceAsset({ assetId, to: "checking" }, now, tx);
      const captions = { name: file, role: "captions" as const, type: "text/vtt; charset=utf-8", bytes: Buffer.byteLength(clip.captions) };
      await setCaptions({ assetId, ownerId: authorId, caption: { lang: clip.lang, revision: 1, file }, transcript: clip.transcript, file: captions }, now, tx);
      await enqueueJob({ assetId, ownerId: authorId, stage: "inspect", lane: "video" }, now, tx);
    });
    return assetId;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function whenShowable(assetId: string, signal: AbortSignal): Promise<MediaAsset> {
  const deadlineMs = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const asset = await getAsset(assetId);
    if (asset && isShowable(asset)) return asset;
    if (!asset || asset.state === "rejected" || asset.state === "failed") throw new Error(`a clip of the demo is ${asset?.state ?? "gone"}: ${asset?.reason ?? ""}`);
    if (Date.now() > deadlineMs) throw new Error("a clip of the demo was not ready in time");
    await wait(LOOK_EVERY_MS, undefined, { signal });
  }
}

interface Standing {
  authorId: string;
  publishedAt: Date;
  likeCount: number;
  commentCount: number;
}

async function composeClip(clip: SeedClip, asset: MediaAsset, { authorId, publishedAt, likeCount, commentCount }: Standing, now: Date): Promise<Post> {
  const { html, excerpt, tickers, mentions, readMinutes } = await renderPostWords(clip.description, clip.lang, now);
  return {
    _id: postIdOf(clip),
    authorId,
    lang: clip.lang,
    title: clip.title,
    body: clip.description,
    html,
    excerpt,
    topics: clip.topics,
    tickers,
    mentions,
    declarations: ["opinion"],
    holds: [],
    chart: null,
    clip: clipOf(asset),
    picture: null,
    assetIds: [asset._id],
    readMinutes,
    poll: null,
    commentPolicy: "open",
    state: "published",
    revision: 1,
    editCount: 0,
    editedAt: null,
    publishedAt,
    deletedAt: null,
    likeCount,
    saveCount: 0,
    commentCount,
    viewCount: clip.views,
    editorsChoice: false,
  };
}
