import { defineCollection } from "./collection.server";
import type { Tx } from "./connection.server";
import { Conflict, NotFound } from "./errors";
import type { RejectReason } from "./media-reasons";

/**
 * Media asset: one uploaded picture or clip, and how far it has come. Files lie in the storage (media/storage.ts)
 * under `media/<id>/`, the upload itself under `source/<id>` until it is purged.
 * Guarantees: (1) an asset is fetched by guests only while `access` is "public" and it is not held or removed: the post
 * that shows it opens it in the transaction that publishes; (2) a state moves only along NEXT, by a filter on the old
 * one, so that a stage run twice changes nothing the second time; (3) a removed asset stays as a row that says so (410).
 * Writers: this file only.
 */
export const ASSET_STATES = ["uploading", "checking", "poster", "playable", "ready", "rejected", "failed", "removed"] as const;
export type AssetState = (typeof ASSET_STATES)[number];

/** What the owner is shown: "review" stands over the others while an operator is to look at it. */
export type VisibleState = AssetState | "review";

export interface AssetFile {
  /** Plain name inside the asset's folder; never written twice with other bytes. */
  name: string;
  role: "image" | "poster" | "hls" | "segment" | "mp4" | "storyboard" | "storyboardTrack" | "preview" | "captions";
  type: string;
  bytes: number;
  width?: number;
  height?: number;
}

export interface Caption {
  lang: "zh-CN" | "en";
  /** File name with its revision in it, such as "captions-en-3.vtt". */
  file: string;
  revision: number;
}

/** Hashes of the picture, or of the sampled frames of a clip; hex, straight and mirrored (media/hash.ts). */
export interface AssetHash {
  phash: string;
  blockhash: string;
  mirroredPhash: string;
  mirroredBlockhash: string;
}

export interface MediaAsset {
  /** 128 random bits as hex: the address is the only way to a file, so it cannot be guessed. */
  _id: string;
  ownerId: string;
  kind: "image" | "video";
  state: AssetState;
  /** Waits for an operator: looks like something removed before. */
  held: boolean;
  access: "private" | "public";
  reason: RejectReason | null;
  /** As the owner named the file, cleaned; shown to nobody else. */
  fileName: string;
  /** Of the upload. */
  sizeBytes: number;
  sha256: string | null;
  hashes: AssetHash[];
  width: number | null;
  height: number | null;
  durationSec: number | null;
  hasAudio: boolean | null;
  animated: boolean;
  /** Base64; a blurred stand-in until the picture is there. */
  thumbhash: string | null;
  /** What the probe found (VideoFacts of media/types.ts), without any tag of the file; only the stages read it. */
  facts: object | null;
  /** Encoded versions so far (Rendition of media/types.ts). */
  renditions: object[];
  files: AssetFile[];
  /** Name of the newest master playlist. */
  manifest: string | null;
  /** What a picture shows, for those who do not see it. */
  alt: string;
  captions: Caption[];
  /** The author says that nothing is spoken. */
  noSpeech: boolean;
  transcript: string;
  /** The post that shows it; null while it waits in a composer. */
  postId: string | null;
  /** 0 to 100 within the running stage. */
  progress: number;
  /** True until the upload itself is deleted. */
  hasSource: boolean;
  createdAt: Date;
  updatedAt: Date;
}

const MediaAssets = defineCollection<MediaAsset>(
  {
    name: "mediaAssets",
    shardKey: { _id: "hashed" },
    why: "a file is asked for by its asset's id; a member's own list comes as feed rows (mediaFeed)",
    indexes: [
      // For the reaper alone; no page asks by it.
      { fields: { createdAt: 1 }, options: { name: "sources", partialFilterExpression: { hasSource: true } } },
    ],
  },
  {
    ownerId: { type: String, required: true },
    kind: { type: String, enum: ["image", "video"], required: true },
    state: { type: String, enum: ASSET_STATES, required: true },
    held: { type: Boolean, default: false },
    access: { type: String, enum: ["private", "public"], default: "private" },
    reason: { type: String, default: null },
    fileName: { type: String, default: "" },
    sizeBytes: { type: Number, required: true },
    sha256: { type: String, default: null },
    hashes: { type: [Object], default: [] },
    width: { type: Number, default: null },
    height: { type: Number, default: null },
    durationSec: { type: Number, default: null },
    hasAudio: { type: Boolean, default: null },
    animated: { type: Boolean, default: false },
    thumbhash: { type: String, default: null },
    facts: { type: Object, default: null },
    renditions: { type: [Object], default: [] },
    files: { type: [Object], default: [] },
    manifest: { type: String, default: null },
    alt: { type: String, default: "" },
    captions: { type: [Object], default: [] },
    noSpeech: { type: Boolean, default: false },
    transcript: { type: String, default: "" },
    postId: { type: String, default: null },
    progress: { type: Number, default: 0 },
    hasSource: { type: Boolean, default: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
  },
);

/**
 * From where each state may be reached. A retry takes a failed asset back to checking; one whose last stages had been given
 * up is ready, and is so once more when an operator has them done after all.
 */
const NEXT: Record<AssetState, readonly AssetState[]> = {
  uploading: [],
  checking: ["uploading", "failed"],
  poster: ["checking"],
  playable: ["checking", "poster"],
  ready: ["checking", "poster", "playable", "ready"],
  rejected: ["uploading", "checking", "poster"],
  failed: ["uploading", "checking", "poster"],
  removed: ["uploading", "checking", "poster", "playable", "ready", "rejected", "failed"],
};

export function visibleState({ state, held }: Pick<MediaAsset, "state" | "held">): VisibleState {
  return held && state !== "rejected" && state !== "removed" && state !== "failed" ? "review" : state;
}

/** Something can be shown: the picture, or the clip at its smallest size. */
export function isShowable({ state, held }: Pick<MediaAsset, "state" | "held">): boolean {
  return !held && (state === "playable" || state === "ready");
}

/** The upload is still there, so it can be worked on again. */
export function isRetryable({ state, hasSource }: Pick<MediaAsset, "state" | "hasSource">): boolean {
  return state === "failed" && hasSource;
}

type NewAsset = Pick<MediaAsset, "_id" | "ownerId" | "kind" | "fileName" | "sizeBytes"> & Partial<Pick<MediaAsset, "alt" | "noSpeech">>;

export async function insertAsset(asset: NewAsset, now: Date, tx: Tx): Promise<void> {
  await MediaAssets.create([{ ...asset, state: "uploading", createdAt: now, updatedAt: now }], { session: tx });
}

export async function getAsset(assetId: string, tx?: Tx): Promise<MediaAsset | null> {
  return MediaAssets.findById(assetId, null, tx ? { session: tx } : {}).lean<MediaAsset>();
}

/** The owner's own asset; somebody else's is NOT_FOUND. */
export async function requireOwnAsset(assetId: string, ownerId: string, tx?: Tx): Promise<MediaAsset> {
  const asset = await MediaAssets.findOne({ _id: assetId, ownerId }, null, tx ? { session: tx } : {}).lean<MediaAsset>();
  if (!asset || asset.state === "removed") throw new NotFound(`asset ${assetId} of ${ownerId}`);
  return asset;
}

/** By id; unknown ids are simply absent. At most 100. */
export async function listAssets(assetIds: string[], tx?: Tx): Promise<Map<string, MediaAsset>> {
  if (assetIds.length === 0) return new Map();
  const rows = await MediaAssets.find({ _id: { $in: assetIds.slice(0, 100) } }, null, tx ? { session: tx } : {}).lean<MediaAsset[]>();
  return new Map(rows.map((row) => [row._id, row]));
}

export type AssetFindings = Partial<
  Pick<MediaAsset, "sha256" | "hashes" | "width" | "height" | "durationSec" | "hasAudio" | "animated" | "thumbhash" | "facts" | "renditions" | "manifest" | "reason" | "held" | "hasSource" | "sizeBytes" | "kind">
>;

/**
 * Moves an asset on and writes what was found out. False when it is not in a state from which `to` can be reached
 * (a repeated stage, or one that lost to a removal): nothing is written then.
 */
export async function advanceAsset(
  { assetId, to, found = {}, files = [] }: { assetId: string; to: AssetState; found?: AssetFindings; files?: AssetFile[] },
  now: Date,
  tx: Tx,
): Promise<boolean> {
  await dropFiles(assetId, files.map((file) => file.name), tx);
  const written = await MediaAssets.updateOne(
    { _id: assetId, state: { $in: NEXT[to] } },
    { $set: { ...found, state: to, progress: 0, updatedAt: now }, ...(files.length > 0 ? { $push: { files: { $each: files } } } : {}) },
    { session: tx },
  );
  return written.modifiedCount === 1;
}

/** Adds files and findings without moving the state: extra sizes, captions, the end of the source. */
export async function extendAsset(
  { assetId, found = {}, files = [] }: { assetId: string; found?: AssetFindings; files?: AssetFile[] },
  now: Date,
  tx: Tx,
): Promise<void> {
  await dropFiles(assetId, files.map((file) => file.name), tx);
  await MediaAssets.updateOne(
    { _id: assetId, state: { $ne: "removed" } },
    { $set: { ...found, updatedAt: now }, ...(files.length > 0 ? { $push: { files: { $each: files } } } : {}) },
    { session: tx },
  );
}

async function dropFiles(assetId: string, names: string[], tx: Tx): Promise<void> {
  if (names.length > 0) await MediaAssets.updateOne({ _id: assetId }, { $pull: { files: { name: { $in: names } } } }, { session: tx });
}

/** For the progress bar; the last write wins and nothing depends on it. */
export async function noteProgress(assetId: string, progress: number, now: Date): Promise<void> {
  await MediaAssets.updateOne({ _id: assetId, state: { $in: ["checking", "poster", "playable"] } }, { $set: { progress, updatedAt: now } });
}

/** What the author says about it. */
export async function describeAsset(
  { assetId, ownerId, ...said }: { assetId: string; ownerId: string; alt?: string; noSpeech?: boolean },
  now: Date,
  tx: Tx,
): Promise<void> {
  const written = await MediaAssets.updateOne({ _id: assetId, ownerId, state: { $ne: "removed" } }, { $set: { ...said, updatedAt: now } }, { session: tx });
  if (written.matchedCount === 0) throw new NotFound(`asset ${assetId} of ${ownerId}`);
}

/**
 * Sets the captions of one language; the revision the editor saw must still stand. Without `transcript` the one that
 * stands is kept. Returns the name of the file that these captions replace.
 */
export async function setCaptions(
  { assetId, ownerId, caption, transcript, file }: { assetId: string; ownerId: string; caption: Caption; transcript?: string; file: AssetFile },
  now: Date,
  tx: Tx,
): Promise<string | null> {
  const asset = await requireOwnAsset(assetId, ownerId, tx);
  const before = asset.captions.find(({ lang }) => lang === caption.lang);
  if ((before?.revision ?? 0) !== caption.revision - 1) throw new Conflict(`captions of ${assetId} moved on`, { messageKey: "media.captionsConflict" });
  await MediaAssets.updateOne(
    { _id: assetId, ownerId },
    {
      $set: {
        captions: before ? asset.captions.map((known) => (known === before ? caption : known)) : [...asset.captions, caption],
        files: [...asset.files.filter(({ name }) => name !== before?.file), file],
        ...(transcript === undefined ? {} : { transcript }),
        noSpeech: false,
        updatedAt: now,
      },
    },
    { session: tx },
  );
  return before?.file ?? null;
}

/** Binds an asset to the post that shows it and opens or closes it for readers. Its owner only. */
export async function setAssetAccess(
  { assetId, ownerId, postId, access }: { assetId: string; ownerId: string; postId: string | null; access: MediaAsset["access"] },
  now: Date,
  tx: Tx,
): Promise<boolean> {
  const written = await MediaAssets.updateOne(
    { _id: assetId, ownerId, state: { $ne: "removed" } },
    { $set: { postId, access, updatedAt: now } },
    { session: tx },
  );
  return written.matchedCount === 1;
}

/** Closes an asset to readers on behalf of the post that shows it; one that another post has taken over stays open. */
export async function closeAsset({ assetId, ownerId, postId }: { assetId: string; ownerId: string; postId: string }, now: Date, tx: Tx): Promise<void> {
  await MediaAssets.updateOne({ _id: assetId, ownerId, postId }, { $set: { access: "private", updatedAt: now } }, { session: tx });
}

/** An operator's decision on a held asset; false when it was not held. */
export async function releaseAsset(assetId: string, now: Date, tx: Tx): Promise<boolean> {
  const written = await MediaAssets.updateOne({ _id: assetId, held: true }, { $set: { held: false, updatedAt: now } }, { session: tx });
  return written.modifiedCount === 1;
}

/** Complete uploads that still have their source and were begun before the given time, oldest first. For the reaper. */
export async function listOldSources(before: Date, limit: number): Promise<MediaAsset[]> {
  return MediaAssets.find({ hasSource: true, state: { $ne: "uploading" }, createdAt: { $lt: before } }).sort({ createdAt: 1 }).limit(limit).lean<MediaAsset[]>();
}

/** Uploads that were begun before the given time and never finished, oldest first. */
export async function listStaleUploads(before: Date, limit: number): Promise<MediaAsset[]> {
  return MediaAssets.find({ hasSource: true, state: "uploading", createdAt: { $lt: before } }).sort({ createdAt: 1 }).limit(limit).lean<MediaAsset[]>();
}

/** Forgets an upload that its owner broke off. */
export async function deleteUploadingAsset(assetId: string, tx: Tx): Promise<boolean> {
  const removed = await MediaAssets.deleteOne({ _id: assetId, state: "uploading" }, { session: tx });
  return removed.deletedCount === 1;
}
