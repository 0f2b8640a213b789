import { text as readText } from "node:stream/consumers";
import { NotFound } from "@models/errors";
import { requireOwnAsset } from "@models/media-asset.server";
import { requireOwnPost, type PostState } from "@models/post.server";
import { mediaKey } from "@media/storage";
import { toClipMedia } from "~/format/media-view";
import type { Locale } from "~/i18n/locales";
import { signedMediaBase } from "./media-url.server";
import { getStorage } from "./storage.server";

/** What the editor of captions opens with: the stored text of one language, and the video beside it. Its author only. */
export interface CaptionsToEdit {
  postId: string;
  title: string;
  state: PostState;
  assetId: string;
  lang: Locale;
  /** WebVTT as stored; empty when this language has none yet. */
  source: string;
  /** 0 when this language has none yet. */
  revision: number;
  /** Languages that have captions. */
  langs: Locale[];
  noSpeech: boolean;
  durationSec: number | null;
  /** The smallest whole file, signed; null while nothing can be played. */
  videoUrl: string | null;
  posterUrl: string | null;
}

export async function openCaptions({ memberId, postId, lang }: { memberId: string; postId: string; lang: Locale | null }, now: Date): Promise<CaptionsToEdit> {
  const post = await requireOwnPost(postId, memberId);
  if (!post.clip) throw new NotFound(`clip ${postId}`);
  const asset = await requireOwnAsset(post.clip.assetId, memberId);
  // The language asked for, else the first that has captions, else the one the post is written in.
  const chosen = lang ?? asset.captions[0]?.lang ?? post.lang;
  const stored = asset.captions.find((caption) => caption.lang === chosen);
  const media = toClipMedia(post.clip, signedMediaBase(asset._id, now));
  return {
    postId,
    title: post.title,
    state: post.state,
    assetId: asset._id,
    lang: chosen,
    source: stored ? await readStored(asset._id, stored.file) : "",
    revision: stored?.revision ?? 0,
    langs: asset.captions.map((caption) => caption.lang),
    noSpeech: asset.noSpeech,
    durationSec: asset.durationSec,
    videoUrl: media.mp4[0]?.url ?? null,
    posterUrl: media.poster?.src ?? null,
  };
}

async function readStored(assetId: string, file: string): Promise<string> {
  const opened = await getStorage().openRead(mediaKey(assetId, file));
  if (!opened) throw new NotFound(`captions ${file} of ${assetId}`);
  return readText(opened.stream);
}
