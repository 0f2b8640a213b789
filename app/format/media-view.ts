import type { PostClip, PostPicture } from "@models/post.server";

/**
 * From what a post stores of its media to addresses and sizes that a page can show. Pure, safe in the browser.
 * `base` is the folder the files are fetched from: `/m/<assetId>` for what is published, a signed path that ends
 * (app/services/media-url.server.ts) for an author's own unpublished things.
 */
export interface ClipMediaView {
  assetId: string;
  width: number;
  height: number;
  durationSec: number;
  hasAudio: boolean;
  thumbhash: string | null;
  poster: { src: string; srcSet: string; webpSrcSet: string } | null;
  /** Whole files, smallest first: the quickest first frame. */
  mp4: { url: string; height: number; bytes: number }[];
  hls: string | null;
  storyboard: string | null;
  preview: string | null;
  captions: { lang: "zh-CN" | "en"; url: string }[];
  noSpeech: boolean;
}

export const publicMediaBase = (assetId: string): string => `/m/${assetId}`;

export function toClipMedia(clip: PostClip, base = publicMediaBase(clip.assetId)): ClipMediaView {
  const poster = (format: string) => clip.posters.map((width) => `${base}/poster-${width}.${format} ${width}w`).join(", ");
  return {
    assetId: clip.assetId,
    width: clip.width,
    height: clip.height,
    durationSec: clip.durationSec,
    hasAudio: clip.hasAudio,
    thumbhash: clip.thumbhash,
    poster: clip.posters.length > 0 ? { src: `${base}/poster-${clip.posters[0]}.jpg`, srcSet: poster("jpg"), webpSrcSet: poster("webp") } : null,
    mp4: clip.mp4.map(({ name, height, bytes }) => ({ url: `${base}/${name}`, height, bytes })),
    hls: clip.manifest ? `${base}/${clip.manifest}` : null,
    storyboard: clip.storyboard ? `${base}/storyboard.vtt` : null,
    preview: clip.preview ? `${base}/preview.mp4` : null,
    captions: clip.captions.map(({ lang, file }) => ({ lang, url: `${base}/${file}` })),
    noSpeech: clip.noSpeech,
  };
}

export interface PictureView {
  alt: string;
  width: number;
  height: number;
  thumbhash: string | null;
  src: string;
  srcSet: string;
  webpSrcSet: string;
}

export function toPictureView(picture: PostPicture, base = publicMediaBase(picture.assetId)): PictureView {
  const set = (format: string) => picture.sizes.map(({ name, width }) => `${base}/${name}.${format} ${width}w`).join(", ");
  return {
    alt: picture.alt,
    width: picture.width,
    height: picture.height,
    thumbhash: picture.thumbhash,
    src: `${base}/${picture.sizes[Math.min(1, picture.sizes.length - 1)]?.name ?? 320}.jpg`,
    srcSet: set("jpg"),
    webpSrcSet: set("webp"),
  };
}
