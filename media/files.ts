import { copyFile, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { FileRole, OutputFile } from "./types";

/** Finished files: complete and on the disk before they get their name, so that a name means a whole file. */

/** Moves files from a scratch folder to where they belong, in the order given, then removes the scratch folder. */
export async function moveInto(dir: string, scratch: string, names: readonly string[]): Promise<void> {
  await mkdir(dir, { recursive: true });
  for (const name of names) {
    await flush(join(scratch, name));
    await move(join(scratch, name), join(dir, name));
  }
  await flush(dir);
  await rm(scratch, { recursive: true, force: true });
}

/** Writes a file of our own making under its name in one step. */
export async function writeWhole(dir: string, name: string, content: string | Buffer): Promise<void> {
  const tmp = join(dir, `.${name}.tmp-${process.pid}`);
  await mkdir(dir, { recursive: true });
  const file = await open(tmp, "w");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(tmp, join(dir, name));
}

export async function exists(dir: string, ...names: string[]): Promise<boolean> {
  const sizes = await Promise.all(names.map((name) => sizeOf(join(dir, name))));
  return sizes.every((size) => size > 0);
}

const TYPES: Record<string, string> = {
  jpg: "image/jpeg",
  webp: "image/webp",
  mp4: "video/mp4",
  m3u8: "application/vnd.apple.mpegurl",
  vtt: "text/vtt",
};

export async function outputFile(dir: string, name: string, role: FileRole, size?: { width: number; height: number }): Promise<OutputFile> {
  const extension = name.slice(name.lastIndexOf(".") + 1);
  const type = TYPES[extension];
  if (!type) throw new Error(`no content type for ${name}`);
  return { name, role, type, bytes: await sizeOf(join(dir, name)), ...size };
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0;
}

async function flush(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    // Another disk: copied next to its place first, so that the last step is a rename here too.
    const near = `${to}.tmp-${process.pid}`;
    await copyFile(from, near);
    await flush(near);
    await rename(near, to);
  }
}
