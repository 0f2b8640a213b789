import type { ReactNode } from "react";
import { Frame } from "~/components/layout/Shell";
import { FeedList } from "./FeedList";
import { FeedTabs } from "./FeedTabs";
import { NewPostsPill } from "./NewPostsPill";
import { TopicsAside } from "./TopicsAside";
import type { FeedPageView, TopicLink } from "./types";
import { useFeedPages } from "./use-feed-pages";

/** The screen of every feed: tabs or a heading, the pill, the rows or what is missing, and the topics beside it. */
export function FeedScreen({ page, topics, feed, path, heading, title, empty }: {
  page: FeedPageView;
  topics: TopicLink[];
  /** Name understood by /new-posts; null hides the pill. */
  feed: string | null;
  /** The feed's own address; "load more" adds its cursor. */
  path: string;
  heading?: ReactNode;
  /** Heading for screen readers when the tabs say it to everybody else. */
  title: string;
  empty: ReactNode;
}) {
  const { pages, append } = useFeedPages(page);
  const openedAt = pages[0]?.openedAt ?? page.openedAt;
  const more = (cursor: string) => `${path}?cursor=${encodeURIComponent(cursor)}`;
  return (
    <Frame aside={<TopicsAside topics={topics} />}>
      {heading ?? (
        <>
          <h1 className="vh">{title}</h1>
          <FeedTabs topics={topics} />
        </>
      )}
      {feed ? <NewPostsPill feed={feed} openedAt={openedAt} /> : null}
      {page.items.length === 0 ? <div className="empty">{empty}</div> : <FeedList key={path} pages={pages} onMore={append} more={more} />}
    </Frame>
  );
}
