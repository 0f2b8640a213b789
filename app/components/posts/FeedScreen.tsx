import type { ReactNode } from "react";
import { Frame } from "~/components/layout/Shell";
import { PlainLink } from "~/components/ui/PlainLink";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";
import { FeedList } from "./FeedList";
import { FeedTabs } from "./FeedTabs";
import { NewPostsPill } from "./NewPostsPill";
import type { FeedPageView, TopicLink } from "./types";

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
  const more = (cursor: string) => `${path}?cursor=${encodeURIComponent(cursor)}`;
  return (
    <Frame aside={<TopicsAside topics={topics} />}>
      {heading ?? (
        <>
          <h1 className="vh">{title}</h1>
          <FeedTabs topics={topics} />
        </>
      )}
      {feed ? <NewPostsPill feed={feed} openedAt={page.openedAt} /> : null}
      {page.items.length === 0 ? <div className="empty">{empty}</div> : <FeedList page={page} more={more} />}
    </Frame>
  );
}

export function TopicsAside({ topics }: { topics: TopicLink[] }) {
  const t = useT();
  const locale = useLocale();
  return (
    <section>
      <h2>{t("common.topics")}</h2>
      <ul>
        {topics.slice(0, 8).map((topic) => (
          <li key={topic.slug}>
            <PlainLink to={`/topics/${topic.slug}`}>
              {topic.name}
              <span className="meta num">{topic.postCount > 999 ? "999+" : formatCount(topic.postCount, locale)}</span>
            </PlainLink>
          </li>
        ))}
      </ul>
    </section>
  );
}
