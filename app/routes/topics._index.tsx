import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { data } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { pageTags } from "~/http/feed-loader.server";
import { Frame } from "~/components/layout/Shell";
import { formatCount } from "~/format/numbers";
import { getLocale } from "~/i18n/locale.server";
import { useLocale, useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { listTopics } from "~/services/topics.server";

export async function loader({ request }: LoaderFunctionArgs) {
  const topics = await listTopics(getLocale(request), new Date());
  return data({ topics }, { headers: { "X-Page-Tags": "topics" } });
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location }) =>
  metaFor({ matches, location, kind: "feed", titleKey: "common.topics", descriptionKey: "feed.topicsAbout" });

export default function Topics() {
  const t = useT();
  const locale = useLocale();
  const { topics } = useLoaderData<typeof loader>();
  return (
    <Frame>
      <header className="head">
        <h1>{t("common.topics")}</h1>
        <p className="meta">{t("feed.topicsAbout")}</p>
      </header>
      <ul>
        {topics.map((topic) => (
          <li key={topic.slug} className="row">
            <div>
              <h2>
                <Link to={`/topics/${topic.slug}`} prefetch="none">
                  {topic.name}
                </Link>
              </h2>
              <p className="ex">{topic.about}</p>
            </div>
            <span className="meta num">{t("feed.postCount", { count: Math.min(topic.postCount, 999) })}{topic.postCount > 999 ? ` (${formatCount(999, locale)}+)` : ""}</span>
          </li>
        ))}
      </ul>
    </Frame>
  );
}
