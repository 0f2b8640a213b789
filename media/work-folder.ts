import { link, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { mediaKey, sourceKey, type Storage } from "./storage";
import type { AssetFile } from "@models/media-asset.server";

/**
 * Where a stage works: `work/` for what only the pipeline sees, `out/` for what readers will fetch. It outlives a stage,
 * so that a worker that died, or the next stage, finds what was made and skips it; on another machine the missing parts
 * are fetched from the storage.
 */
export interface WorkFolder {
  workDir: string;
  outDir: string;
  /** The upload as a file to read; throws MissingObject once it is purged. */
  source: () => Promise<string>;
  /** Makes sure that finished files of earlier stages lie in outDir. */
  need: (names: string[]) => Promise<void>;
  /** Puts finished files into the storage; they stay in outDir too. */
  publish: (files: readonly Pick<AssetFile, "name" | "type">[]) => Promise<void>;
  remove: () => Promise<void>;
}

export async function openWorkFolder(path: string, { assetId, storage }: { assetId: string; storage: Storage }): Promise<WorkFolder> {
  const workDir = join(path, "work");
  const outDir = join(path, "out");
  const leaving = join(path, "leaving");
  for (const folder of [workDir, outDir, leaving]) await mkdir(folder, { recursive: true, mode: 0o700 });

  async function bring(key: string, target: string): Promise<string> {
    if (!(await isThere(target))) await storage.fetchTo(key, target);
    return target;
  }

  return {
    workDir,
    outDir,
    source: async () => {
      const inPlace = storage.localPath(sourceKey(assetId));
      return inPlace && (await isThere(inPlace)) ? inPlace : bring(sourceKey(assetId), join(workDir, "source"));
    },
    need: async (names) => {
      for (const name of names) await bring(mediaKey(assetId, name), join(outDir, name));
    },
    publish: async (files) => {
      for (const { name, type } of files) {
        const parting = join(leaving, name);
        // A second name for the same bytes: the storage takes that one away, and a finished file is never written again.
        await rm(parting, { force: true });
        await link(join(outDir, name), parting);
        await storage.put(mediaKey(assetId, name), parting, type);
      }
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
