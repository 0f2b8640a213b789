import type { ClipPage, ClipStanding, ClipView, ClipWords } from "~/services/clips-read.server";

/** The plain views of the service as the stage takes them: types alone, which the build erases. */
export type ClipData = ClipView;
export type ClipPageData = ClipPage;
export type ClipWordsData = ClipWords;
export type ClipStandingData = ClipStanding;

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
