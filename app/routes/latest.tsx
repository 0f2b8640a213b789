import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { loadFeed, pageTags } from "~/http/feed-loader.server";
import { FeedScreen } from "~/components/posts/FeedScreen";
import { FeedEmpty } from "~/components/posts/FeedEmpty";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";

export async function loader({ request }: LoaderFunctionArgs) {
  return loadFeed(request, { kind: "latest" });
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location }) =>
  metaFor({ matches, location, kind: "feed", titleKey: "feed.latest", descriptionKey: "feed.latestAbout" });

export default function Latest() {
  const t = useT();
  const { page, topics } = useLoaderData<typeof loader>();
  return <FeedScreen page={page} topics={topics} feed="latest" path="/latest" title={t("feed.latest")} empty={<FeedEmpty />} />;
}
