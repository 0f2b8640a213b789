import type { ClipMediaView } from "~/format/media-view";
import type { ReasonView } from "~/components/posts/types";
import type { ClipStanding } from "~/services/clips-read.server";

export type ClipStandingData = ClipStanding;

/** The plain views of app/services/clips-read.server.ts, restated for the browser. */
export interface ClipData {
  id: string;
  title: string;
  excerpt: string;
  lang: string;
  author: { id: string; handle: string; displayName: string; tier: number; followed: boolean };
  topic: { slug: string; name: string } | null;
  declarations: string[];
  media: ClipMediaView;
  publishedAt: string;
  likeCount: number;
  saveCount: number;
  commentCount: number;
  liked: boolean;
  saved: boolean;
  mine: boolean;
  reason: ReasonView | null;
}

export interface ClipPageData {
  items: ClipData[];
  nextCursor: string | null;
}

/** Which feed the clips come from, as it stands in addresses: "" for recommended, "latest", or "topic-<slug>". */
export type ClipFeedMark = string;

/** The address of a clip inside a feed; `second` is where it starts. */
export function clipPath(clipId: string, mark: ClipFeedMark, second = 0): string {
  const query = new URLSearchParams();
  if (mark !== "") query.set("from", mark);
  if (second >= 1) query.set("t", String(Math.floor(second)));
  const text = query.toString();
  return `/clips/${clipId}${text === "" ? "" : `?${text}`}`;
}
