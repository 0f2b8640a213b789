import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { inTransaction, type Tx } from "@models/connection.server";
import { DomainError, Invalid } from "@models/errors";
import { placeInMediaFeed, takeFromMediaFeed } from "@models/feed-entry.server";
import { advanceAsset, deleteUploadingAsset, getAsset, insertAsset, requireOwnAsset, type MediaAsset } from "@models/media-asset.server";
import { enqueueJob } from "@models/media-job.server";
import { closeUpload, openUpload, UPLOAD_BYTES_A_DAY } from "@models/media-quota.server";
import { ALT_LENGTH_MAX, IMAGE_BYTES_MAX, VIDEO_BYTES_MAX } from "@models/media-reasons";
import { isStaff } from "@models/roles";
import { sourceKey, type Storage } from "@media/storage";
import { freeShareOf } from "@media/storage-local";
import { env } from "../env.server";
import { cleanLine } from "../format/clean-text";
import { takeGraphemes } from "../format/graphemes";
import { getStorage } from "./storage.server";
import { admit } from "./tiers.server";
import type { Viewer } from "./viewer";

export type { AssetView, OwnMediaPage } from "./own-media.server";

/**
 * From "I want to send a photo" to "the worker has it". An upload is an asset from its first moment: counted, listed
 * and cancelled as one. Bytes gather in `directory`, which nobody but this process reads and no address leads to; when
 * all are there they move to the storage and the first job is queued. Every step may be repeated: a finish that a crash
 * cut off is done by the sweep (upload-sweep.server.ts), once.
 */
export interface UploadPlace {
  storage: Storage;
  /** Where bytes gather: `<assetId>` with the tus server's `<assetId>.json`, or `<assetId>.part` for a plain form. */
  directory: string;
  /** Less free disk than this share and new uploads are refused. */
  freeShareMin: number;
}

let place: UploadPlace | undefined;

/** The place of this process, by the settings. */
export function uploadPlace(): UploadPlace {
  return (place ??= openUploadPlace({ storage: getStorage(), dataDir: env.DATA_DIR, freeShareMin: env.UPLOAD_DISK_FREE_MIN_PERCENT / 100 }));
}

export function openUploadPlace({ storage, dataDir, freeShareMin }: { storage: Storage; dataDir: string; freeShareMin: number }): UploadPlace {
  const directory = join(dataDir, "uploads");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return { storage, directory, freeShareMin };
}

/** How long an upload may take from its first byte to its last, with all its pauses. */
export const UPLOAD_LIFE_MS = 86_400_000;
const FILE_NAME_MAX = 120;
const MIB = 1024 * 1024;

export const UPLOAD_BYTES_MAX: Record<MediaAsset["kind"], number> = { image: IMAGE_BYTES_MAX, video: VIDEO_BYTES_MAX };

export class UploadTooLarge extends DomainError {
  constructor(kind: MediaAsset["kind"]) {
    super("TOO_LARGE", `${kind} over ${UPLOAD_BYTES_MAX[kind]} bytes`, {
      messageKey: kind === "image" ? "media.uploadTooLargeImage" : "media.uploadTooLargeVideo",
      params: { megabytes: UPLOAD_BYTES_MAX[kind] / MIB },
    });
  }
}

/** The disk has passed its high-water mark; what is on it already is not touched. */
export class DiskFull extends DomainError {
  constructor(freeShare: number) {
    super("STORAGE_FULL", `only ${(freeShare * 100).toFixed(1)} % of the disk is free`, { retryAfterSec: 600 });
  }
}

export const newAssetId = (): string => randomBytes(16).toString("hex");

export interface NewUpload {
  assetId: string;
  kind: MediaAsset["kind"];
  /** As the sender named the file; cleaned here. */
  fileName: string;
  alt: string;
  /** Announced; what arrives is counted again. */
  sizeBytes: number;
}

/** Counts an upload and makes its asset. Throws what a member can understand: too large, too many, no room. */
export async function beginUpload(viewer: Viewer, { assetId, kind, fileName, alt, sizeBytes }: NewUpload, now: Date, at: UploadPlace = uploadPlace()): Promise<void> {
  if (sizeBytes > UPLOAD_BYTES_MAX[kind]) throw new UploadTooLarge(kind);
  if (sizeBytes < 1) throw new Invalid("an empty file", { messageKey: "media.uploadEmpty" });
  await requireRoom(at);
  await admit(viewer, "upload", now);
  const bytesMax = UPLOAD_BYTES_A_DAY[isStaff(viewer.role) ? 4 : viewer.tier];
  const staleBefore = new Date(now.getTime() - UPLOAD_LIFE_MS);
  const words = { fileName: takeGraphemes(cleanLine(fileName), FILE_NAME_MAX), alt: takeGraphemes(cleanLine(alt), ALT_LENGTH_MAX) };
  await inTransaction(async (tx) => {
    await openUpload({ memberId: viewer.id, assetId, sizeBytes, bytesMax, staleBefore }, now, tx);
    await insertAsset({ _id: assetId, ownerId: viewer.id, kind, sizeBytes, ...words }, now, tx);
    await placeInMediaFeed({ _id: assetId, ownerId: viewer.id, createdAt: now }, tx);
  });
}

async function requireRoom({ storage, directory, freeShareMin }: UploadPlace): Promise<void> {
  // A bucket has no such limit, but the bytes gather on this disk first.
  const shares = await Promise.all([freeShareOf(directory), storage.freeShare?.() ?? 1]);
  const least = Math.min(...shares);
  if (least < freeShareMin) throw new DiskFull(least);
}

/** Finishes that are under way in this process: the last piece of an upload, a reader's question and the sweep may meet. */
const finishing = new Map<string, Promise<boolean>>();

/**
 * Hands a complete upload at `path` to the worker; the file is gone afterwards. Safe to repeat. True when the asset
 * stands (now or already), false when it was cancelled meanwhile.
 */
export function finishUpload(assetId: string, path: string, now: Date, at: UploadPlace = uploadPlace()): Promise<boolean> {
  const running = finishing.get(assetId);
  if (running) return running;
  const work = finish(assetId, path, now, at).finally(() => finishing.delete(assetId));
  finishing.set(assetId, work);
  return work;
}

async function finish(assetId: string, path: string, now: Date, at: UploadPlace): Promise<boolean> {
  const asset = await getAsset(assetId);
  if (asset?.state === "uploading") await handOver(asset, path, now, at);
  const left = await getAsset(assetId);
  const stands = left !== null && left.state !== "removed";
  // Cancelled while its bytes were on their way: they must not outlive it.
  if (!stands) await at.storage.remove(sourceKey(assetId));
  await removeUploadFiles(assetId, at);
  return stands;
}

async function handOver({ _id: assetId, ownerId, kind }: MediaAsset, path: string, now: Date, at: UploadPlace): Promise<void> {
  try {
    const sizeBytes = await bringIn(assetId, path, at.storage);
    await inTransaction(async (tx) => {
      if (!(await advanceAsset({ assetId, to: "checking", found: { sizeBytes } }, now, tx))) return;
      await enqueueJob({ assetId, ownerId, stage: "inspect", lane: kind }, now, tx);
      await closeUpload(ownerId, assetId, tx);
    });
  } catch (error) {
    // A cancel takes the file away under the move; what is then missing is missed by nobody.
    if (await getAsset(assetId)) throw error;
  }
}

/** Moves the file into the storage, flushed to the disk; a crash after that leaves no file here, and the object there. */
async function bringIn(assetId: string, path: string, storage: Storage): Promise<number> {
  const sizeBytes = await sizeOf(path);
  if (sizeBytes === null) {
    const stored = await storage.stat(sourceKey(assetId));
    if (!stored) throw new Error(`the bytes of upload ${assetId} are nowhere`);
    return stored.bytes;
  }
  await storage.put(sourceKey(assetId), path, "application/octet-stream");
  return sizeBytes;
}

/** Forgets an upload that is not finished. False when it is finished by now: it is an asset then, and is removed as one. */
export async function cancelUpload({ assetId, ownerId }: { assetId: string; ownerId: string }, at: UploadPlace = uploadPlace()): Promise<boolean> {
  const cancelled = await inTransaction(async (tx) => dropUpload(await requireOwnAsset(assetId, ownerId, tx), tx));
  if (cancelled) await removeUploadFiles(assetId, at);
  return cancelled;
}

/** Row, place in the member's list and open place of an unfinished upload. Its bytes stay counted for the day. */
export async function dropUpload(asset: Pick<MediaAsset, "_id" | "ownerId" | "createdAt">, tx: Tx): Promise<boolean> {
  if (!(await deleteUploadingAsset(asset._id, tx))) return false;
  await closeUpload(asset.ownerId, asset._id, tx);
  await takeFromMediaFeed(asset, tx);
  return true;
}

export const uploadPath = (assetId: string, { directory }: Pick<UploadPlace, "directory">): string => join(directory, assetId);
export const formUploadPath = (assetId: string, at: Pick<UploadPlace, "directory">): string => `${uploadPath(assetId, at)}.part`;

export async function removeUploadFiles(assetId: string, at: UploadPlace): Promise<void> {
  const path = uploadPath(assetId, at);
  for (const suffix of ["", ".json", ".part"]) await rm(path + suffix, { force: true });
}

/** Bytes that have arrived of an unfinished upload. */
export async function receivedBytes(assetId: string, at: UploadPlace = uploadPlace()): Promise<number> {
  return (await sizeOf(uploadPath(assetId, at))) ?? (await sizeOf(formUploadPath(assetId, at))) ?? 0;
}

/** Null when there is no such file. */
export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}
