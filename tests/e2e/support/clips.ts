import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect, disconnect, inTransaction } from "@models/connection.server";
import { connectOrStart } from "@models/embedded";
import { advanceAsset, getAsset, insertAsset, setAssetAccess, setCaptions, type AssetFile } from "@models/media-asset.server";
import { announce } from "@models/page-event.server";
import type { Post } from "@models/post.server";
import { findPublicMemberByHandle } from "@models/member.server";
import { clipOf } from "~/services/media-settle.server";
import { makePost } from "../../support/posts";

/**
 * Clips for the browser's journeys, beside the demo: a drawn film of a few seconds with a tone, as whole file and as
 * HLS, a poster and captions, written where the pipeline would put them, and rows by the writers of production.
 */
const run = promisify(execFile);
const SECONDS = 8;
const SIZE = { width: 360, height: 640 };

export interface PlantedClip {
  id: string;
  assetId: string;
  title: string;
}

export interface ClipSpec {
  title: string;
  lang?: "zh-CN" | "en";
  topics?: string[];
  /** Colour of the picture, as ffmpeg names it. */
  color: string;
  /** A lying film is shown with bars. */
  lying?: boolean;
}

/** Connects to the server's own engine; call the returned function at the end. */
export async function openServersDatabase(dataDir: string): Promise<() => Promise<void>> {
  const uri = process.env.E2E_MONGODB_URI;
  const engine = uri ? null : await connectOrStart(dataDir);
  await connect(uri ?? engine?.uri ?? "");
  return async () => {
    await disconnect();
    await engine?.close();
  };
}

export async function plantClip(dataDir: string, spec: ClipSpec, now: Date): Promise<PlantedClip> {
  const assetId = randomBytes(16).toString("hex");
  const folder = join(dataDir, "media-store", "media", assetId);
  await mkdir(folder, { recursive: true });
  await film(folder, spec);
  const author = await findPublicMemberByHandle("nanshan");
  if (!author) throw new Error("the demo has no nanshan");
  const files = await describeFiles(folder);
  const owned = await inTransaction(async (tx) => {
    const owner = { assetId, ownerId: author._id };
    await insertAsset({ _id: assetId, ownerId: author._id, kind: "video", fileName: "film.mp4", sizeBytes: 1 }, now, tx);
    await advanceAsset({ assetId, to: "checking" }, now, tx);
    const size = spec.lying ? { width: SIZE.height, height: SIZE.width } : SIZE;
    await advanceAsset({ assetId, to: "ready", found: { ...size, durationSec: SECONDS, hasAudio: true, thumbhash: "3OcRJYB4d3h/iIeHeEh3eIhw+j2w", manifest: "master-1.m3u8", hasSource: false }, files }, now, tx);
    const caption = { lang: spec.lang ?? "zh-CN", revision: 1, file: "captions-1.vtt" } as const;
    await setCaptions({ ...owner, caption, transcript: `${spec.title}：逐字稿。`, file: { name: caption.file, role: "captions", type: "text/vtt; charset=utf-8", bytes: files.find(({ name }) => name === caption.file)?.bytes ?? 0 } }, now, tx);
    return owner;
  });
  const made = await makeClipPost(spec, owned, now);
  await inTransaction(async (tx) => {
    await setAssetAccess({ ...owned, postId: made._id, access: "public" }, now, tx);
    await announce(["feed:clips:zh-CN", "feed:clips:en", `feed:latest:${made.lang}`], now, tx);
  });
  return { id: made._id, assetId, title: spec.title };
}

async function makeClipPost(spec: ClipSpec, { assetId, ownerId }: { assetId: string; ownerId: string }, now: Date): Promise<Post> {
  const asset = await getAsset(assetId);
  if (!asset) throw new Error(`asset ${assetId} was not stored`);
  return makePost({ authorId: ownerId, title: spec.title, lang: spec.lang ?? "zh-CN", topics: spec.topics ?? ["funds"], excerpt: spec.title, body: "", html: `<p>${spec.title}</p>`, publishedAt: now, clip: clipOf(asset), assetIds: [assetId] });
}

async function film(folder: string, { color, lying }: ClipSpec): Promise<void> {
  const size = lying ? `${SIZE.height}x${SIZE.width}` : `${SIZE.width}x${SIZE.height}`;
  const source = ["-f", "lavfi", "-i", `color=c=${color}:s=${size}:r=25:d=${SECONDS},drawbox=x='20+t*30':y=200:w=60:h=60:c=white:t=fill`, "-f", "lavfi", "-i", `sine=f=330:d=${SECONDS}`];
  const codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-profile:v", "high", "-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac", "-b:a", "64k", "-shortest"];
  const ffmpeg = (...rest: string[]) => run("ffmpeg", ["-nostdin", "-v", "error", "-y", ...rest], { timeout: 60_000 });
  await ffmpeg(...source, ...codecs, "-movflags", "+faststart", join(folder, "360.mp4"));
  await ffmpeg("-i", join(folder, "360.mp4"), "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_flags", "single_file+independent_segments", "-hls_segment_filename", join(folder, "v360.mp4"), join(folder, "v360.m3u8"));
  await ffmpeg("-i", join(folder, "360.mp4"), "-frames:v", "1", join(folder, "poster-360.jpg"));
  await ffmpeg("-i", join(folder, "360.mp4"), "-frames:v", "1", join(folder, "poster-360.webp"));
  await writeFile(join(folder, "master-1.m3u8"), `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=${size},CODECS="avc1.64001e,mp4a.40.2"\nv360.m3u8\n`);
  await writeFile(join(folder, "captions-1.vtt"), "WEBVTT\n\n00:00.000 --> 00:04.000\n本金越还越少，手续费却没少\n\n00:04.000 --> 00:08.000\n先看年化，再看月费\n");
}

const KINDS: [pattern: RegExp, role: AssetFile["role"], type: string][] = [
  [/^poster-.*\.jpg$/, "poster", "image/jpeg"],
  [/^poster-.*\.webp$/, "poster", "image/webp"],
  [/\.m3u8$/, "hls", "application/vnd.apple.mpegurl"],
  [/^v360\.mp4$/, "segment", "video/mp4"],
  [/\.mp4$/, "mp4", "video/mp4"],
  [/\.vtt$/, "captions", "text/vtt; charset=utf-8"],
];

async function describeFiles(folder: string): Promise<AssetFile[]> {
  const files: AssetFile[] = [];
  for (const name of await readdir(folder)) {
    const kind = KINDS.find(([pattern]) => pattern.test(name));
    if (!kind) {
      await rm(join(folder, name));
      continue;
    }
    files.push({ name, role: kind[1], type: kind[2], bytes: (await stat(join(folder, name))).size, ...SIZE });
  }
  return files;
}
