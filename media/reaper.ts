import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { inTransaction } from "@models/connection.server";
import { advanceAsset, extendAsset, getAsset, listOldSources } from "@models/media-asset.server";
import { removeStages } from "@models/media-job.server";
import { mediaPrefix, sourceKey, type Storage } from "./storage";

/**
 * The reaper: whatever a crash or a forgotten upload leaves behind is gone a day later. A source is normally deleted as
 * a step of becoming ready; this is the promise that holds even when no worker ran.
 */
export interface ReaperOptions {
  storage: Storage;
  workRoot: string;
}

export interface Reaped {
  sources: number;
  strays: number;
  folders: number;
}

/** The privacy page names this: no upload is kept longer. */
export const SOURCE_LIFE_MS = 24 * 3_600_000;
const BATCH = 100;

export async function reap(options: ReaperOptions, now: Date): Promise<Reaped> {
  const before = new Date(now.getTime() - SOURCE_LIFE_MS);
  return { sources: await reapSources(options, before, now), strays: await reapStrays(options, before), folders: await reapFolders(options, before) };
}

async function reapSources({ storage }: ReaperOptions, before: Date, now: Date): Promise<number> {
  let reaped = 0;
  for (let batch = await listOldSources(before, BATCH); batch.length > 0; batch = await listOldSources(before, BATCH)) {
    for (const { _id, state } of batch) {
      await storage.remove(sourceKey(_id));
      await inTransaction(async (tx) => {
        // What can be watched stays as it is; nothing sharper will come of it any more.
        await advanceAsset({ assetId: _id, to: state === "playable" ? "ready" : "failed" }, now, tx);
        await extendAsset({ assetId: _id, found: { hasSource: false } }, now, tx);
        await removeStages(_id, tx);
      });
      reaped += 1;
    }
  }
  return reaped;
}

/** Objects whose asset is gone or removed: a crash between the commit and the deletion. */
async function reapStrays({ storage }: ReaperOptions, before: Date): Promise<number> {
  let strays = 0;
  for (const prefix of ["source/", "media/"]) {
    // Both kinds of storage list the objects of one asset one after the other.
    let last = "";
    for await (const { key } of storage.list(prefix)) {
      const assetId = key.split("/")[1] ?? "";
      if (assetId === last) continue;
      last = assetId;
      const asset = await getAsset(assetId);
      const isGone = !asset || asset.state === "removed" || asset.state === "rejected";
      const isOldSource = asset !== null && !asset.hasSource && asset.createdAt < before;
      if (isGone || isOldSource) await storage.remove(sourceKey(assetId));
      if (!isGone) continue;
      await storage.removeAll(mediaPrefix(assetId));
      strays += 1;
    }
  }
  return strays;
}

async function reapFolders({ workRoot }: ReaperOptions, before: Date): Promise<number> {
  const names = await readdir(workRoot).catch(() => []);
  let reaped = 0;
  for (const name of names) {
    const path = join(workRoot, name);
    const found = await stat(path).catch(() => null);
    if (!found || found.mtime > before) continue;
    await rm(path, { recursive: true, force: true });
    reaped += 1;
  }
  return reaped;
}
