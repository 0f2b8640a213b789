import { randomBytes } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inTransaction } from "@models/connection.server";
import { advanceAsset, insertAsset, setAssetAccess, type AssetFile, type MediaAsset } from "@models/media-asset.server";
import { mediaKey, openStorage, type Storage } from "@media/storage";
import { AT_NOON } from "./posts";

/** Media for tests: a store of their own, and assets written through the writers of production. */
export const newAssetId = (): string => randomBytes(16).toString("hex");

export function openTestStorage(dataDir = mkdtempSync(join(tmpdir(), "goldbean-media-"))): Storage & { dataDir: string } {
  return Object.assign(openStorage({ DATA_DIR: dataDir, S3_REGION: "us-east-1" }), { dataDir });
}

export interface GivenFile extends Omit<AssetFile, "bytes"> {
  content: Buffer;
}

export const POSTER: GivenFile = { name: "poster-360.jpg", role: "poster", type: "image/jpeg", content: Buffer.from("a poster of forty bytes, more or less ..."), width: 360, height: 640 };

/** A clip that is ready, with its files in the store. */
export async function makeStoredAsset(
  storage: Storage,
  { ownerId, files = [POSTER], access = "public", found = {} }: { ownerId: string; files?: GivenFile[]; access?: MediaAsset["access"]; found?: { held?: boolean } },
): Promise<string> {
  const assetId = newAssetId();
  for (const { name, type, content } of files) {
    const path = join(mkdtempSync(join(tmpdir(), "goldbean-file-")), name);
    writeFileSync(path, content);
    await storage.put(mediaKey(assetId, name), path, type);
  }
  await inTransaction(async (tx) => {
    await insertAsset({ _id: assetId, ownerId, kind: "video", fileName: "clip.mp4", sizeBytes: 1000 }, AT_NOON, tx);
    await advanceAsset({ assetId, to: "checking" }, AT_NOON, tx);
    const listed = files.map(({ content, ...file }) => ({ ...file, bytes: content.length }));
    await advanceAsset({ assetId, to: "ready", found: { width: 720, height: 1280, durationSec: 12, ...found }, files: listed }, AT_NOON, tx);
    await setAssetAccess({ assetId, ownerId, postId: null, access }, AT_NOON, tx);
  });
  return assetId;
}
