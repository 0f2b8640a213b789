import { useLocation } from "@remix-run/react";
import { useViewer } from "~/components/layout/page-context";
import { PlaceLink } from "~/components/ui/PlainLink";
import { useT } from "~/i18n/react";
import type { TopicLink } from "./types";

const TOPIC_TABS = 4;

export function FeedTabs({ topics }: { topics: TopicLink[] }) {
  const t = useT();
  const viewer = useViewer();
  const { pathname } = useLocation();
  return (
    <nav className="tabs" aria-label={t("feed.tabs")}>
      <PlaceLink at={pathname} to="/" end>
        {t("feed.recommended")}
      </PlaceLink>
      {viewer ? (
        <PlaceLink at={pathname} to="/following">
          {t("feed.following")}
        </PlaceLink>
      ) : null}
      <PlaceLink at={pathname} to="/latest">
        {t("feed.latest")}
      </PlaceLink>
      <PlaceLink at={pathname} to="/hot">
        {t("feed.hot")}
      </PlaceLink>
      <PlaceLink at={pathname} to="/clips">
        {t("common.clips")}
      </PlaceLink>
      {topics.slice(0, TOPIC_TABS).map((topic) => (
        <PlaceLink key={topic.slug} at={pathname} to={`/topics/${topic.slug}`}>
          {topic.name}
        </PlaceLink>
      ))}
      <PlaceLink at={pathname} to="/topics" end>
        {t("feed.allTopics")}
      </PlaceLink>
    </nav>
  );
}
