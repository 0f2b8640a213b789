import { NavLink } from "@remix-run/react";
import { useViewer } from "~/components/layout/page-context";
import { useT } from "~/i18n/react";
import type { TopicLink } from "./types";

const TOPIC_TABS = 4;

export function FeedTabs({ topics }: { topics: TopicLink[] }) {
  const t = useT();
  const viewer = useViewer();
  return (
    <nav className="tabs" aria-label={t("feed.tabs")}>
      <NavLink to="/" end>
        {t("feed.recommended")}
      </NavLink>
      {viewer ? <NavLink to="/following">{t("feed.following")}</NavLink> : null}
      <NavLink to="/latest">{t("feed.latest")}</NavLink>
      <NavLink to="/hot">{t("feed.hot")}</NavLink>
      {topics.slice(0, TOPIC_TABS).map((topic) => (
        <NavLink key={topic.slug} to={`/topics/${topic.slug}`}>
          {topic.name}
        </NavLink>
      ))}
    </nav>
  );
}
