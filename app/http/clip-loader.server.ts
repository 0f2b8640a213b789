import { data } from "@remix-run/node";
import { Invalid } from "@models/errors";
import { getLocale } from "~/i18n/locale.server";
import { readClipFeed, type ClipFeedName, type ClipPage } from "~/services/clips-read.server";
import { toThrown } from "./errors.server";
import { getViewer } from "./session.server";

/** Reads a feed as it stands in addresses: "" for recommended, "latest", "topic-<slug>". Anything else is INVALID. */
export function parseClipFeed(mark: string | null): ClipFeedName {
  if (!mark) return { kind: "recommended" };
  if (mark === "latest") return { kind: "latest" };
  const slug = /^topic-([\w-]{1,64})$/.exec(mark)?.[1];
  if (!slug) throw new Invalid(`unknown clip feed ${mark.slice(0, 80)}`);
  return { kind: "topic", id: slug };
}

/** Names under which a change to the feed is announced; see models/page-event.server.ts. */
export function tagsOfClips(feed: ClipFeedName, locale: string, page: ClipPage): string {
  const own = feed.kind === "topic" ? `feed:topic:${feed.id}:${locale}` : feed.kind === "latest" ? `feed:latest:${locale}` : `feed:clips:${locale}`;
  return [own, ...page.items.map(({ id }) => `post:${id}`)].join(" ");
}

export async function readClipPage(request: Request, feed: ClipFeedName) {
  const locale = getLocale(request);
  const viewer = await getViewer(request);
  const cursor = new URL(request.url).searchParams.get("cursor");
  const page = await readClipFeed({ feed, locale, cursor, viewerId: viewer?.id ?? null }, new Date());
  return { page, tags: tagsOfClips(feed, locale, page) };
}

/** The loader of a plain clip feed. */
export async function loadClipFeed(request: Request, feed: ClipFeedName) {
  try {
    const { page, tags } = await readClipPage(request, feed);
    return data({ page }, { headers: { "X-Page-Tags": tags } });
  } catch (error) {
    throw toThrown(error, request);
  }
}
