import { inTransaction } from "@models/connection.server";
import { Conflict } from "@models/errors";
import { listFeedEntries, mediaFeed, takeFromMediaFeed, type FeedPosition } from "@models/feed-entry.server";
import { advanceAsset, describeAsset, isRetryable, listAssets, requireOwnAsset, visibleState, type MediaAsset, type VisibleState } from "@models/media-asset.server";
import { enqueueJob, removeJobs, reviveJobs } from "@models/media-job.server";
import { listOpenUploads } from "@models/media-quota.server";
import { ALT_LENGTH_MAX, type RejectReason } from "@models/media-reasons";
import { announce } from "@models/page-event.server";
import { mediaPrefix, sourceKey } from "@media/storage";
import { cleanLine } from "../format/clean-text";
import { takeGraphemes } from "../format/graphemes";
import type { Translate } from "../i18n/t";
import { forgetServedAsset } from "./media-lookup.server";
import { signedMediaBase } from "./media-url.server";
import { requireMay } from "./tiers.server";
import { dropUpload, receivedBytes, removeUploadFiles, uploadPlace, type UploadPlace } from "./uploads.server";
import type { Viewer } from "./viewer";

/** What an owner sees of their photos and clips, and may do with those that no post shows. */
export interface AssetView {
  id: string;
  kind: MediaAsset["kind"];
  state: VisibleState;
  /** The state in words, in the reader's language. */
  stateText: string;
  reason: RejectReason | null;
  /** What is wrong and what to do; null unless it was refused. */
  reasonText: string | null;
  /** 0 to 100 within the running stage. */
  progress: number;
  /** Bytes that have arrived; null once all have. */
  offset: number | null;
  sizeBytes: number;
  width: number | null;
  height: number | null;
  durationSec: number | null;
  /** Signed, for some hours. */
  posterUrl: string | null;
  /** Signed folder of its files, without a slash at the end. */
  base: string;
  thumbhash: string | null;
  captions: { lang: "zh-CN" | "en"; revision: number; url: string }[];
  noSpeech: boolean;
  alt: string;
  fileName: string;
  /** Asking for another try makes sense. */
  retryable: boolean;
  /** The post that shows it, published or waiting. */
  postId: string | null;
  createdAt: string;
}

/** What a view needs besides the asset. */
export interface ViewContext {
  t: Translate;
  now: Date;
  place?: UploadPlace;
}

export async function readOwnAsset(memberId: string, assetId: string, context: ViewContext): Promise<AssetView> {
  return toAssetView(await requireOwnAsset(assetId, memberId), context);
}

const PAGE_SIZE = 24;

export interface OwnMediaPage {
  items: AssetView[];
  /** For the next page; null at the end. */
  cursor: string | null;
}

/** One's own uploads, newest first; removed ones are left out. A cursor that makes no sense begins at the newest. */
export async function listOwnMedia(memberId: string, cursor: string | null, context: ViewContext): Promise<OwnMediaPage> {
  const rows = await listFeedEntries({ feeds: [mediaFeed(memberId)], after: readCursor(cursor), limit: PAGE_SIZE + 1 });
  const shown = rows.slice(0, PAGE_SIZE);
  const last = shown.at(-1);
  return {
    items: await viewsOf(shown.map(({ postId }) => postId), memberId, context),
    cursor: rows.length > PAGE_SIZE && last ? `${last.publishedAt.getTime().toString(36)}.${last.postId}` : null,
  };
}

function readCursor(cursor: string | null): FeedPosition | null {
  const [, at, assetId] = /^([0-9a-z]{1,9})\.([0-9a-f]{32})$/.exec(cursor ?? "") ?? [];
  return at && assetId ? { publishedAt: new Date(Number.parseInt(at, 36)), postId: assetId } : null;
}

/** Uploads that can be gone on with after a reload or a crash: at most two. */
export async function listUnfinished(memberId: string, context: ViewContext): Promise<AssetView[]> {
  const views = await viewsOf(await listOpenUploads(memberId), memberId, context);
  return views.filter(({ state }) => state === "uploading");
}

async function viewsOf(assetIds: string[], memberId: string, context: ViewContext): Promise<AssetView[]> {
  const assets = await listAssets(assetIds);
  const own = assetIds.flatMap((id) => assets.get(id) ?? []).filter(({ ownerId, state }) => ownerId === memberId && state !== "removed");
  return Promise.all(own.map((asset) => toAssetView(asset, context)));
}

export async function toAssetView(asset: MediaAsset, { t, now, place = uploadPlace() }: ViewContext): Promise<AssetView> {
  const { kind, reason, progress, sizeBytes, width, height, durationSec, thumbhash, noSpeech, alt, fileName, postId } = asset;
  const state = visibleState(asset);
  const base = signedMediaBase(asset._id, now);
  // Nothing lies behind the names of what was refused.
  const poster = asset.state === "rejected" ? null : posterOf(asset);
  return {
    id: asset._id,
    kind,
    state,
    stateText: t(`media.state.${state}`),
    reason,
    reasonText: reason && t(`media.reason.${reason}`),
    progress,
    offset: asset.state === "uploading" ? await receivedBytes(asset._id, place) : null,
    sizeBytes,
    width,
    height,
    durationSec,
    posterUrl: poster && `${base}/${poster}`,
    base,
    thumbhash,
    captions: asset.captions.map(({ lang, file, revision }) => ({ lang, revision, url: `${base}/${file}` })),
    noSpeech,
    alt,
    fileName,
    retryable: isRetryable(asset),
    postId,
    createdAt: asset.createdAt.toISOString(),
  };
}

const POSTER_WIDTH = 320;

/** The smallest JPEG that is large enough for a row: every browser knows it. */
function posterOf({ files }: Pick<MediaAsset, "files">): string | null {
  const stills = files.filter(({ role, type }) => (role === "poster" || role === "image") && type === "image/jpeg").sort((a, b) => (a.width ?? 0) - (b.width ?? 0));
  return (stills.find(({ width }) => (width ?? 0) >= POSTER_WIDTH) ?? stills.at(-1))?.name ?? null;
}

/** Another try for something that failed. Asking again while it is being tried changes nothing. */
export function retryAsset(viewer: Viewer, assetId: string, now: Date): Promise<void> {
  requireMay(viewer, "upload");
  return inTransaction(async (tx) => {
    const asset = await requireOwnAsset(assetId, viewer.id, tx);
    if (asset.state === "checking") return;
    if (!isRetryable(asset)) throw new Conflict(`asset ${assetId} is ${asset.state}`, { messageKey: "media.uploadNoRetry" });
    await advanceAsset({ assetId, to: "checking", found: { reason: null } }, now, tx);
    // A job that failed for the last time is still on the list; without one the work begins anew and finds what was made.
    if ((await reviveJobs(assetId, now, tx)) === 0) await enqueueJob({ assetId, ownerId: viewer.id, stage: "inspect", lane: asset.kind }, now, tx);
  });
}

/**
 * Takes back something that no post shows: an upload on its way is forgotten, anything else stays as a row that says
 * it was removed. Its bytes go after the commit. Doing it twice is a NOT_FOUND the second time.
 */
export async function removeOwnAsset(viewer: Viewer, assetId: string, now: Date, place: UploadPlace = uploadPlace()): Promise<void> {
  await inTransaction(async (tx) => {
    const asset = await requireOwnAsset(assetId, viewer.id, tx);
    if (asset.postId !== null) throw new Conflict(`asset ${assetId} is shown by ${asset.postId}`, { messageKey: "media.uploadShown" });
    if (await dropUpload(asset, tx)) return;
    await advanceAsset({ assetId, to: "removed", found: { held: false, hasSource: false } }, now, tx);
    await removeJobs(assetId, tx);
    await takeFromMediaFeed(asset, tx);
  });
  forgetServedAsset(assetId);
  await removeUploadFiles(assetId, place);
  await place.storage.remove(sourceKey(assetId));
  await place.storage.removeAll(mediaPrefix(assetId));
}

/** What a picture shows, for those who do not see it. */
export function describeOwnAsset(viewer: Viewer, assetId: string, { alt }: { alt: string }, now: Date): Promise<void> {
  requireMay(viewer, "upload");
  return inTransaction(async (tx) => {
    const asset = await requireOwnAsset(assetId, viewer.id, tx);
    await describeAsset({ assetId, ownerId: viewer.id, alt: takeGraphemes(cleanLine(alt), ALT_LENGTH_MAX) }, now, tx);
    if (asset.postId) await announce([`post:${asset.postId}`], now, tx);
  });
}
