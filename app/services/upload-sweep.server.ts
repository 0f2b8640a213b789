import { readdir, readFile, stat } from "node:fs/promises";
import { inTransaction } from "@models/connection.server";
import { listAssets, listStaleUploads, type MediaAsset } from "@models/media-asset.server";
import { sourceKey } from "@media/storage";
import { dropUpload, finishUpload, formUploadPath, removeUploadFiles, sizeOf, uploadPath, UPLOAD_LIFE_MS, uploadPlace, type UploadPlace } from "./uploads.server";

/**
 * What crashes and people leave behind: finishes complete uploads whose finish was cut off, forgets those that were
 * begun a day ago and never finished, and deletes files that belong to nothing. Runs at the start and once an hour.
 */
export interface SweptUploads {
  finished: number;
  expired: number;
  /** Files that belonged to no unfinished upload. */
  cleared: number;
  /** Still on their way. */
  waiting: number;
}

/** A plain form cannot be gone on with: without a byte for this long its sender is gone. */
const FORM_SILENT_MS = 3_600_000;
/** At most so many files, and so many rows, are looked at in one go; the next hour goes on. */
const FILES_MAX = 1_000;
const BATCH = 100;

export async function sweepUploads(now: Date, at: UploadPlace = uploadPlace()): Promise<SweptUploads> {
  const swept = { finished: 0, expired: 0, cleared: 0, waiting: 0 };
  const ids = await listUploadIds(at);
  for (let start = 0; start < ids.length; start += BATCH) {
    const batch = ids.slice(start, start + BATCH);
    const assets = await listAssets(batch);
    for (const assetId of batch) swept[await settle(assetId, assets.get(assetId), now, at)] += 1;
  }
  // Rows without a file: the process died between the two, or the disk was another one.
  for (const asset of await listStaleUploads(new Date(now.getTime() - UPLOAD_LIFE_MS), BATCH)) {
    if (await expire(asset, at)) swept.expired += 1;
  }
  return swept;
}

async function listUploadIds({ directory }: UploadPlace): Promise<string[]> {
  const ids = new Set<string>();
  for (const name of await readdir(directory)) {
    const id = /^([0-9a-f]{32})(?:\.json|\.part)?$/.exec(name)?.[1];
    if (id && ids.size < FILES_MAX) ids.add(id);
  }
  return [...ids];
}

async function settle(assetId: string, asset: MediaAsset | undefined, now: Date, at: UploadPlace): Promise<keyof SweptUploads> {
  // The row is made before the file, so a file without one is of an upload that ended.
  if (asset?.state !== "uploading") {
    await removeUploadFiles(assetId, at);
    return "cleared";
  }
  if (await isComplete(assetId, at)) {
    await finishUpload(assetId, uploadPath(assetId, at), now, at);
    return "finished";
  }
  const formSilentMs = now.getTime() - (await modifiedAtMs(formUploadPath(assetId, at), now));
  const isOver = now.getTime() - asset.createdAt.getTime() > UPLOAD_LIFE_MS || formSilentMs > FORM_SILENT_MS;
  return isOver && (await expire(asset, at)) ? "expired" : "waiting";
}

/** All bytes of a resumable upload are there: here, or already in the storage. */
export async function isComplete(assetId: string, at: UploadPlace): Promise<boolean> {
  const announced = await announcedBytes(assetId, at);
  if (announced === null) return false;
  const here = await sizeOf(uploadPath(assetId, at));
  if (here !== null) return here === announced;
  return (await at.storage.stat(sourceKey(assetId)))?.bytes === announced;
}

/** From what the tus server wrote down when the upload began. */
async function announcedBytes(assetId: string, at: UploadPlace): Promise<number | null> {
  const noted = await readFile(`${uploadPath(assetId, at)}.json`, "utf8").catch(() => null);
  if (noted === null) return null;
  try {
    const { size } = JSON.parse(noted) as { size?: unknown };
    return typeof size === "number" ? size : null;
  } catch {
    // Cut off while it was written: the upload cannot be gone on with, and ends with its day.
    return null;
  }
}

async function expire(asset: MediaAsset, at: UploadPlace): Promise<boolean> {
  const dropped = await inTransaction((tx) => dropUpload(asset, tx));
  if (dropped) await removeUploadFiles(asset._id, at);
  return dropped;
}

async function modifiedAtMs(path: string, otherwise: Date): Promise<number> {
  return (await stat(path).catch(() => null))?.mtimeMs ?? otherwise.getTime();
}
