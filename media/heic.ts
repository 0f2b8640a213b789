import { accessSync, constants } from "node:fs";
import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PictureHeader } from "./image-guard";
import { runSandboxed } from "./sandbox";
import { MediaRejected, type StageContext } from "./types";

/**
 * HEIC, the format of phone cameras whose codec (HEVC) our own decoder leaves out for its patents. `heif-convert` of the
 * system reads it, in the sandbox. Without that program such a photo is refused, in words that say what to do.
 */
const PROGRAMS = ["/usr/bin/heif-convert", "/usr/local/bin/heif-convert", "/usr/bin/heif-dec"];
/** A photo of 12 Mpx takes half a second. */
const TIMEOUT_MS = 30_000;
const MEMORY_BYTES = 2 * 1024 ** 3;
const OUTPUT_BYTES_MAX = 512 * 1024 ** 2;
const QUALITY = 95;

/** The program that reads HEIC, or null. */
export function findHeicDecoder(): string | null {
  return PROGRAMS.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes the first picture of a HEIC file into the private folder as JPEG (PNG when it has more than eight bits, whose
 * shades JPEG would lose) and returns its path; the caller removes it. The pixels are upright already, while the copied
 * EXIF still asks to turn them and still holds the place: neither may be read or passed on.
 * @throws MediaRejected heic_unsupported without a decoder, corrupt when it cannot read the file.
 */
export async function convertHeic({ source, header, ctx, program = findHeicDecoder() }: { source: string; header: PictureHeader; ctx: StageContext; program?: string | null }): Promise<string> {
  if (!program) throw new MediaRejected("heic_unsupported");
  const suffix = header.bitsPerSample > 8 ? "png" : "jpg";
  const folder = await mkdtemp(join(ctx.workDir, "heic-"));
  try {
    const { code, stderr, ...used } = await runSandboxed({
      program,
      args: ["--quiet", "-q", String(QUALITY), source, join(folder, `picture.${suffix}`)],
      readOnly: [source],
      writable: folder,
      timeoutMs: TIMEOUT_MS,
      memoryBytes: MEMORY_BYTES,
      fileBytes: OUTPUT_BYTES_MAX,
      signal: ctx.signal,
    });
    ctx.onUse?.({ cpuSec: used.cpuSec, peakRssBytes: used.peakRssBytes });
    // A file with several pictures gives picture-1, picture-2 and so on; the first is the one that phones show.
    const made = (await readdir(folder)).filter((name) => name.endsWith(suffix)).sort((a, b) => a.length - b.length || a.localeCompare(b))[0];
    if (!made) throw new MediaRejected("corrupt", `the HEIC decoder ended with ${code ?? "a signal"}: ${stderr.slice(-200)}`);
    const path = `${folder}.${suffix}`;
    await rename(join(folder, made), path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
