import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { data } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { NotFound } from "@models/errors";
import { isFollowing } from "@models/follow.server";
import { pageTags, readFeedPage } from "~/http/feed-loader.server";
import { FeedEmpty } from "~/components/posts/FeedEmpty";
import { FeedScreen } from "~/components/posts/FeedScreen";
import { FollowButton } from "~/components/posts/FollowButton";
import { useT } from "~/i18n/react";
import { toThrown } from "~/http/errors.server";
import { getLocale } from "~/i18n/locale.server";
import { metaFor } from "~/seo/meta";
import { getTopic } from "~/services/topics.server";

export async function loader({ request, params }: LoaderFunctionArgs) {
  const slug = params.slug ?? "";
  try {
    const { page, topics, viewer, headers } = await readFeedPage(request, { kind: "topic", id: slug });
    const topic = await getTopic(slug, getLocale(request), new Date());
    if (!topic) throw new NotFound(`topic ${slug}`);
    const followed = viewer ? await isFollowing({ followerId: viewer.id, kind: "topic", targetId: slug }) : false;
    return data({ page, topics, topic, followed }, { headers });
  } catch (error) {
    throw toThrown(error, request);
  }
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({ matches, location, kind: "feed", title: loaded?.topic.name, description: loaded?.topic.about });

export default function TopicFeed() {
  const t = useT();
  const { page, topics, topic, followed } = useLoaderData<typeof loader>();
  return (
    <FeedScreen
      page={page}
      topics={topics}
      feed={`topic:${topic.slug}`}
      path={`/topics/${topic.slug}`}
      title={topic.name}
      heading={
        <header className="head">
          <div className="row-between">
            <h1>{topic.name}</h1>
            <FollowButton kind="topic" id={topic.slug} path={`/topics/${topic.slug}`} name={topic.name} followed={followed} />
          </div>
          <p className="meta">
            {topic.about} {t("feed.postCount", { count: Math.min(topic.postCount, 999) })}
          </p>
        </header>
      }
      empty={<FeedEmpty />}
    />
  );
}
