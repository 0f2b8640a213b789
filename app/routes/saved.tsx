import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { loadFeed } from "~/http/feed-loader.server";
import { FeedScreen } from "~/components/posts/FeedScreen";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";

export async function loader({ request }: LoaderFunctionArgs) {
  return loadFeed(request, { kind: "saved" }, { membersOnly: true });
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) =>
  metaFor({ matches, location, kind: "private", titleKey: "common.saved" });

export default function Saved() {
  const t = useT();
  const { page, topics } = useLoaderData<typeof loader>();
  return (
    <FeedScreen
      page={page}
      topics={topics}
      feed={null}
      path="/saved"
      title={t("common.saved")}
      heading={
        <header className="head">
          <h1>{t("common.saved")}</h1>
          <p className="meta">{t("feed.savedAbout")}</p>
        </header>
      }
      empty={
        <>
          <h2>{t("feed.savedEmpty")}</h2>
          <p>{t("feed.savedEmptyHint")}</p>
          <Link className="btn primary" to="/">
            {t("feed.toHome")}
          </Link>
        </>
      }
    />
  );
}
