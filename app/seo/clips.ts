import type { ClipMediaView } from "../format/media-view";
import type { Locale } from "../i18n/locales";
import { textOf, type JsonLd } from "./json-ld";
import type { PageMeta } from "./meta";
import { siteOf, type Matches } from "./site";

/** What other sites and search engines are told about a clip; tests/app/seo/clips.test.ts holds it against what they require. */
export interface ClipFacts {
  clip: {
    id: string;
    title: string;
    excerpt: string;
    lang: Locale;
    author: { handle: string; displayName: string };
    media: ClipMediaView;
    publishedAt: string;
    likeCount: number;
    commentCount: number;
  };
  words: { html: string; transcript: string; viewCount: number; editedAt: string | null; topics: { name: string }[]; revision: number };
}

const DESCRIPTION_MAX = 500;
/** Of a clip of three minutes all that is said; a bound all the same. */
const TRANSCRIPT_MAX = 8_000;

/** 83.4 → "PT1M23S", ISO 8601. At least a second: nothing is no length. */
export function isoDuration(seconds: number): string {
  const whole = Math.max(1, Math.round(seconds));
  const minutes = Math.floor(whole / 60);
  return `PT${minutes > 0 ? `${minutes}M` : ""}${whole % 60 > 0 || minutes === 0 ? `${whole % 60}S` : ""}`;
}

/** The largest poster with its size; null while there is none. */
export function largestPoster({ poster, width, height }: ClipMediaView): { url: string; width: number; height: number } | null {
  const [url, wide] = (poster?.srcSet.split(", ").at(-1) ?? "").split(" ");
  if (!url) return null;
  const wideBy = Number.parseInt(wide ?? "", 10);
  return { url, width: wideBy, height: Math.round((wideBy * height) / Math.max(width, 1)) };
}

export function clipJsonLd({ clip, words }: ClipFacts, matches: Matches | undefined): JsonLd {
  const { publicUrl } = siteOf(matches);
  const url = `${publicUrl}/clips/${clip.id}`;
  const poster = largestPoster(clip.media);
  const file = clip.media.mp4.at(-1);
  const counter = (action: string, count: number) => ({ "@type": "InteractionCounter", interactionType: { "@type": action }, userInteractionCount: count });
  return {
    "@context": "https://schema.org",
    "@type": "VideoObject",
    "@id": url,
    url,
    mainEntityOfPage: url,
    name: clip.title,
    description: textOf(words.html).slice(0, DESCRIPTION_MAX) || clip.excerpt || clip.title,
    thumbnailUrl: [poster ? publicUrl + poster.url : `${publicUrl}/share/post/${clip.id}.png?r=${words.revision}`],
    uploadDate: clip.publishedAt,
    dateModified: words.editedAt ?? clip.publishedAt,
    duration: isoDuration(clip.media.durationSec),
    contentUrl: file ? publicUrl + file.url : undefined,
    encodingFormat: file ? "video/mp4" : undefined,
    width: clip.media.width,
    height: clip.media.height,
    transcript: words.transcript.slice(0, TRANSCRIPT_MAX) || undefined,
    inLanguage: clip.lang,
    keywords: words.topics.map(({ name }) => name),
    isAccessibleForFree: true,
    author: { "@type": "Person", name: clip.author.displayName, alternateName: clip.author.handle, url: `${publicUrl}/members/${clip.author.handle}` },
    commentCount: clip.commentCount,
    interactionStatistic: [counter("WatchAction", words.viewCount), counter("LikeAction", clip.likeCount), counter("CommentAction", clip.commentCount)],
  };
}

/** The head of a clip's page: the poster as picture, and the film itself where a site plays it. */
export function clipMeta(facts: ClipFacts, matches: Matches | undefined): Omit<PageMeta, "matches" | "location"> {
  const { clip, words } = facts;
  const { publicUrl } = siteOf(matches);
  const poster = largestPoster(clip.media);
  const file = clip.media.mp4.at(-1);
  return {
    kind: "clip",
    title: clip.title,
    description: clip.excerpt,
    contentLocale: clip.lang,
    image: poster?.url ?? `/share/post/${clip.id}.png?r=${words.revision}`,
    imageSize: poster ?? undefined,
    video: file ? { url: publicUrl + file.url, width: Math.round((file.height * clip.media.width) / Math.max(clip.media.height, 1)), height: file.height } : undefined,
    jsonLd: clipJsonLd(facts, matches),
  };
}
