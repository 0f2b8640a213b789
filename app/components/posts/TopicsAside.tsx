import { PlainLink } from "~/components/ui/PlainLink";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";
import type { TopicLink } from "./types";

/** The topics beside every list and post. */
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
