import { open } from "node:fs/promises";
import { extname } from "node:path";
import { fileTypeFromBuffer } from "file-type";
import { MediaRejected, type MediaKind, type Sniffed } from "./types";

/** What a file is, by its first bytes alone. */
const KNOWN: Record<string, Sniffed> = {
  "image/jpeg": image("image/jpeg"),
  "image/png": image("image/png"),
  // An animated PNG opens as its first picture.
  "image/apng": image("image/png"),
  "image/webp": image("image/webp"),
  "image/gif": image("image/gif"),
  "image/avif": image("image/avif"),
  "image/heic": image("image/heic"),
  "image/heic-sequence": image("image/heic"),
  "image/heif": image("image/heif"),
  "image/heif-sequence": image("image/heif"),
  "video/mp4": video("video/mp4", "mov"),
  "video/x-m4v": video("video/x-m4v", "mov"),
  "video/quicktime": video("video/quicktime", "mov"),
  "video/3gpp": video("video/3gpp", "mov"),
  "video/3gpp2": video("video/3gpp2", "mov"),
  // The container of videos without a picture: refused as such once it is opened, which says more than "type".
  "audio/mp4": video("video/mp4", "mov"),
  "audio/x-m4a": video("video/mp4", "mov"),
  "video/webm": video("video/webm", "matroska"),
  "video/matroska": video("video/x-matroska", "matroska"),
  "video/x-matroska": video("video/x-matroska", "matroska"),
  "video/mp2t": video("video/mp2t", "mpegts"),
  "video/vnd.avi": video("video/vnd.avi", "avi"),
  "video/x-msvideo": video("video/vnd.avi", "avi"),
};

function image(type: string): Sniffed {
  return { kind: "image", type, demuxer: null };
}
function video(type: string, demuxer: NonNullable<Sniffed["demuxer"]>): Sniffed {
  return { kind: "video", type, demuxer };
}

/** Enough for every signature in the table (MPEG-TS needs two packets) and little enough to hand to any parser. */
const HEAD_BYTES = 16 * 1024;

/** @throws MediaRejected "empty" or "type_not_allowed" */
export async function sniffFile(path: string): Promise<Sniffed> {
  const head = await readHead(path);
  if (head.length === 0) throw new MediaRejected("empty");
  const type = await fileTypeFromBuffer(head).catch(() => undefined);
  const known = type && KNOWN[type.mime];
  if (!known) throw new MediaRejected("type_not_allowed", type?.mime ?? "unknown");
  return known;
}

const EXTENSION_KINDS: Record<string, MediaKind> = Object.fromEntries([
  ...["jpg", "jpeg", "png", "apng", "webp", "gif", "avif", "heic", "heif"].map((extension) => [extension, "image"]),
  ...["mp4", "m4v", "mov", "qt", "3gp", "3g2", "webm", "mkv", "ts", "m2ts", "mts", "avi"].map((extension) => [extension, "video"]),
]);

/**
 * A photo that calls itself a clip is a mistake at best, so it is refused. Which picture format a picture's name claims
 * does not matter: phones rename those.
 * @param claimed "image", "video", or a file name or extension; unknown extensions claim nothing
 * @throws MediaRejected "type_mismatch"
 */
export function requireKind(sniffed: Sniffed, claimed: string): void {
  const extension = (extname(claimed) || claimed).replace(/^\./, "").toLowerCase();
  const kind = claimed === "image" || claimed === "video" ? claimed : EXTENSION_KINDS[extension];
  if (kind && kind !== sniffed.kind) throw new MediaRejected("type_mismatch", `${sniffed.type} as ${kind}`);
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
