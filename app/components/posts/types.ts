import type { ChartPictureData } from "./FeedPicture";

/** Shapes the list components take: the plain views of app/services/feeds.server.ts, restated for the browser. */
export type ReasonView =
  | { kind: "editors" | "saved" | "author" }
  | { kind: "fresh" | "window"; hours: number }
  | { kind: "discussed"; comments: number }
  | { kind: "following"; name: string };

export interface PostCardView {
  id: string;
  title: string;
  excerpt: string;
  lang: string;
  author: { id: string; handle: string; displayName: string; tier: number };
  topic: { slug: string; name: string } | null;
  declarations: string[];
  chart: ChartPictureData | null;
  /** Set for a clip: its poster stands in place of a chart. */
  clip: { poster: string | null; durationSec: number } | null;
  publishedAt: string;
  likeCount: number;
  commentCount: number;
  saveCount: number;
  liked: boolean;
  saved: boolean;
  reason: ReasonView | null;
}

export interface FeedPageView {
  items: PostCardView[];
  nextCursor: string | null;
  openedAt: string;
}

export interface TopicLink {
  slug: string;
  name: string;
  postCount: number;
}
