import { data, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData, useLocation } from "@remix-run/react";
import { NotFound } from "@models/errors";
import { ClipScreen } from "~/components/clips/ClipScreen";
import { keepsClips } from "~/components/clips/revalidation";
import { readClipPage } from "~/http/clip-loader.server";
import { toThrown } from "~/http/errors.server";
import { pageTags } from "~/http/feed-loader.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { getTopic } from "~/services/topics.server";
import clipsCss from "~/styles/clips.css?url";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: clipsCss }];
export const headers = pageTags;
export const shouldRevalidate = keepsClips;

export async function loader({ request, params }: LoaderFunctionArgs) {
  const slug = params.slug ?? "";
  try {
    const topic = await getTopic(slug, getLocale(request), new Date());
    if (!topic) throw new NotFound(`topic ${slug}`);
    const { page, tags } = await readClipPage(request, { kind: "topic", id: slug });
    return data({ page, topic: { slug, name: topic.name, about: topic.about } }, { headers: { "X-Page-Tags": tags } });
  } catch (error) {
    throw toThrown(error, request);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({ matches, location, kind: "feed", ...(loaded ? { title: loaded.topic.name, description: loaded.topic.about } : { titleKey: "clips.title" }) });

export default function TopicClips() {
  const t = useT();
  const { page, topic } = useLoaderData<typeof loader>();
  return <ClipScreen key={useLocation().key} page={page} feed={`topic-${topic.slug}`} title={t("clips.ofTopic", { name: topic.name })} />;
}
