import { data, type HeadersFunction } from "@remix-run/node";
import { getLocale } from "~/i18n/locale.server";
import { readFeed, type FeedName, type FeedPage } from "~/services/feeds.server";
import { listTopicLinks, type TopicLink } from "~/services/topics.server";
import { toThrown } from "./errors.server";
import { getViewer, requireMember, type Viewer } from "./session.server";

/** What every feed route loads: one page of the feed and the topics beside it, tagged for the whole-page cache. */
interface Loaded {
  page: FeedPage;
  topics: TopicLink[];
  viewer: Viewer | null;
  headers: { "X-Page-Tags": string };
}

/** Names under which a change to the feed is announced; see models/page-event.server.ts. */
function tagOf(feed: FeedName, locale: string): string {
  if (feed.kind === "latest" || feed.kind === "hot" || feed.kind === "recommended") return `feed:${feed.kind}:${locale}`;
  if (feed.kind === "topic") return `feed:topic:${feed.id}:${locale}`;
  if (feed.kind === "ticker" || feed.kind === "author") return `feed:${feed.kind}:${feed.id}`;
  return "";
}

export async function readFeedPage(request: Request, feed: FeedName): Promise<Loaded> {
  const now = new Date();
  const locale = getLocale(request);
  const viewer = await getViewer(request);
  const cursor = new URL(request.url).searchParams.get("cursor");
  const [page, topics] = await Promise.all([
    readFeed({ feed, locale, cursor, viewerId: viewer?.id ?? null }, now),
    listTopicLinks(locale, now),
  ]);
  const tags = [tagOf(feed, locale), ...page.items.map((item) => `post:${item.id}`)];
  return { page, topics, viewer, headers: { "X-Page-Tags": tags.join(" ") } };
}

/** The loader of a plain feed page. Members' feeds send a guest to the login page and back. */
export async function loadFeed(request: Request, feed: FeedName, options: { membersOnly?: boolean } = {}) {
  try {
    if (options.membersOnly) await requireMember(request);
    const { page, topics, headers } = await readFeedPage(request, feed);
    return data({ page, topics }, { headers });
  } catch (error) {
    throw toThrown(error, request);
  }
}

/** Passes the tags of the loader on to the document response, where the server takes them off. */
export const pageTags: HeadersFunction = ({ loaderHeaders, errorHeaders }) => {
  const tags = (errorHeaders ?? loaderHeaders).get("X-Page-Tags");
  const headers = new Headers();
  if (tags) headers.set("X-Page-Tags", tags);
  return headers;
};
