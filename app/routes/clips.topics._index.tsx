import { data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { Frame } from "~/components/layout/Shell";
import { PlainLink } from "~/components/ui/PlainLink";
import { pageTags } from "~/http/feed-loader.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { listClipTopics } from "~/services/clips-read.server";

export const headers = pageTags;

export async function loader({ request }: LoaderFunctionArgs) {
  const locale = getLocale(request);
  const topics = await listClipTopics(locale, new Date());
  return data({ topics }, { headers: { "X-Page-Tags": `topics feed:clips:${locale}` } });
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) =>
  metaFor({ matches, location, kind: "feed", titleKey: "clips.topicsTitle", descriptionKey: "clips.topicsAbout" });

/** Topics that have clips. A page of the notebook, not of the stage: choosing is reading. */
export default function ClipTopics() {
  const t = useT();
  const { topics } = useLoaderData<typeof loader>();
  return (
    <Frame>
      <header className="head">
        <h1>{t("clips.topicsTitle")}</h1>
        <p className="meta">{t("clips.topicsAbout")}</p>
      </header>
      <nav className="tabs" aria-label={t("clips.tabs")}>
        <PlainLink to="/clips">{t("feed.recommended")}</PlainLink>
        <PlainLink to="/clips/latest">{t("feed.latest")}</PlainLink>
        <PlainLink to="/clips/topics" aria-current="page">
          {t("common.topics")}
        </PlainLink>
      </nav>
      {topics.length === 0 ? (
        <div className="empty">
          <h2>{t("clips.empty")}</h2>
          <p>{t("clips.emptyHint")}</p>
        </div>
      ) : (
        <ul>
          {topics.map((topic) => (
            <li key={topic.slug} className="row">
              <div>
                <h2>
                  <PlainLink to={`/clips/topics/${topic.slug}`}>{topic.name}</PlainLink>
                </h2>
                <p className="ex">{topic.about}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Frame>
  );
}
