import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { loadFeed } from "~/http/feed-loader.server";
import { FeedScreen } from "~/components/posts/FeedScreen";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";

export async function loader({ request }: LoaderFunctionArgs) {
  return loadFeed(request, { kind: "following" }, { membersOnly: true });
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) =>
  metaFor({ matches, location, kind: "private", titleKey: "feed.following" });

export default function Following() {
  const t = useT();
  const { page, topics } = useLoaderData<typeof loader>();
  return (
    <FeedScreen
      page={page}
      topics={topics}
      feed={null}
      path="/following"
      title={t("feed.following")}
      empty={
        <>
          <h2>{t("feed.followingEmpty")}</h2>
          <p>{t("feed.followingEmptyHint")}</p>
          <Link className="btn primary" to="/topics">
            {t("feed.chooseTopics")}
          </Link>
        </>
      }
    />
  );
}
