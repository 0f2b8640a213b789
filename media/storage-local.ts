import { randomBytes } from "node:crypto";
import { constants, mkdirSync } from "node:fs";
import { access, copyFile, mkdir, open, readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ByteRange, OpenedObject, Storage } from "./storage";
import { MissingObject, requireKey, requirePrefix } from "./storage-keys";

/** Larger pieces than node's own 64 KiB: a quarter of the round trips through the thread pool. */
const READ_BYTES = 256 * 1024;

/** Objects as files below DATA_DIR/media-store. A file is moved in when it is on the same disk, else copied beside and then moved. */
export class LocalStorage implements Storage {
  private readonly root: string;

  constructor(dataDir: string) {
    this.root = join(dataDir, "media-store");
    mkdirSync(join(this.root, "media"), { recursive: true });
    mkdirSync(join(this.root, "source"), { recursive: true, mode: 0o700 });
    mkdirSync(join(this.root, "arriving"), { recursive: true, mode: 0o700 });
  }

  localPath(key: string): string {
    return join(this.root, requireKey(key));
  }

  async put(key: string, path: string, _type: string): Promise<void> {
    const target = this.localPath(key);
    await mkdir(dirname(target), { recursive: true });
    await syncToDisk(path);
    try {
      await rename(path, target);
    } catch (error) {
      if (codeOf(error) !== "EXDEV") throw error;
      await this.#copyIn(path, target);
    }
    await syncToDisk(dirname(target));
  }

  async putText(key: string, text: string, type: string): Promise<void> {
    const arriving = this.#newPath();
    try {
      await writeFile(arriving, text);
      await this.put(key, arriving, type);
    } finally {
      await rm(arriving, { force: true });
    }
  }

  async #copyIn(path: string, target: string): Promise<void> {
    const arriving = this.#newPath();
    try {
      await copyFile(path, arriving);
      await syncToDisk(arriving);
      await rename(arriving, target);
    } finally {
      await rm(arriving, { force: true });
    }
    await rm(path, { force: true });
  }

  #newPath(): string {
    return join(this.root, "arriving", randomBytes(12).toString("hex"));
  }

  async fetchTo(key: string, path: string): Promise<void> {
    await copyFile(this.localPath(key), path, constants.COPYFILE_FICLONE).catch((error: unknown) => {
      throw codeOf(error) === "ENOENT" ? new MissingObject(key) : error;
    });
  }

  async openRead(key: string, range?: ByteRange): Promise<OpenedObject | null> {
    const file = await open(this.localPath(key), "r").catch(nullIfAbsent);
    if (!file) return null;
    try {
      const { size } = await file.stat();
      const start = range?.start ?? 0;
      const end = Math.min(range?.end ?? size - 1, size - 1);
      // The stream closes the file, also when it is destroyed half-way.
      return { stream: file.createReadStream({ start, end: Math.max(end, 0), highWaterMark: READ_BYTES }), bytes: Math.max(end - start + 1, 0) };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async stat(key: string): Promise<{ bytes: number } | null> {
    const found = await stat(this.localPath(key)).catch(nullIfAbsent);
    return found && { bytes: found.size };
  }

  async remove(key: string): Promise<void> {
    await rm(this.localPath(key), { force: true });
  }

  async removeAll(prefix: string): Promise<void> {
    await rm(join(this.root, requirePrefix(prefix, { ofAsset: true })), { recursive: true, force: true });
  }

  async *list(prefix: string): AsyncIterable<{ key: string; bytes: number }> {
    const folder = requirePrefix(prefix);
    const entries = (await readdir(join(this.root, folder), { withFileTypes: true }).catch(nullIfAbsent)) ?? [];
    for (const entry of entries) {
      if (entry.isDirectory()) {
        yield* this.list(`${folder}${entry.name}/`);
        continue;
      }
      const found = await stat(join(this.root, folder, entry.name)).catch(nullIfAbsent);
      if (found) yield { key: folder + entry.name, bytes: found.size };
    }
  }

  check(): Promise<boolean> {
    return access(join(this.root, "media"), constants.W_OK).then(
      () => true,
      () => false,
    );
  }

  freeShare(): Promise<number> {
    return freeShareOf(this.root);
  }
}

/** `bytes` bytes from `start` on, in one read; null when the file is not there or ends before. For parts that fit in memory. */
export async function readPart(path: string, start: number, bytes: number): Promise<Buffer | null> {
  const file = await open(path, "r").catch(nullIfAbsent);
  if (!file) return null;
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, start);
    return bytesRead === bytes ? buffer : null;
  } finally {
    await file.close();
  }
}

/** Share of the disk under `directory` that this process may still fill, 0 to 1. */
export async function freeShareOf(directory: string): Promise<number> {
  const { bavail, blocks } = await statfs(directory);
  return blocks === 0 ? 1 : bavail / blocks;
}

/** A file's bytes, or a directory's entries, outlast a power cut after this. */
export async function syncToDisk(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

function nullIfAbsent(error: unknown): null {
  if (codeOf(error) === "ENOENT") return null;
  throw error;
}
