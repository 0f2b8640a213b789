import { data, redirect, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData, useLocation } from "@remix-run/react";
import { ClipScreen } from "~/components/clips/ClipScreen";
import { ClipWords } from "~/components/clips/ClipWords";
import { keepsClips } from "~/components/clips/revalidation";
import { parseClipFeed, tagsOfClips } from "~/http/clip-loader.server";
import { toThrown } from "~/http/errors.server";
import { pageTags } from "~/http/feed-loader.server";
import { getResumedText } from "~/http/resumed.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { clipMeta } from "~/seo/clips";
import { metaFor } from "~/seo/meta";
import { readClip } from "~/services/clips-read.server";
import clipsCss from "~/styles/clips.css?url";

export const links: LinksFunction = () => [{ rel: "stylesheet", href: clipsCss }];
export const headers = pageTags;
export const shouldRevalidate = keepsClips;

/** One clip at its own address, and the feed that goes on behind it (`?from`). `?t` is read in the browser alone. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const postId = params.postId ?? "";
  const { searchParams } = new URL(request.url);
  try {
    const replyTo = searchParams.get("replyTo");
    // Words that answer a comment come back in the thread they belong to.
    if (replyTo) throw redirect(`/posts/${postId}/comments/${encodeURIComponent(replyTo)}?reply=${encodeURIComponent(replyTo)}&resume=${encodeURIComponent(searchParams.get("resume") ?? "")}#reply`);
    const locale = getLocale(request);
    const viewer = await getViewer(request);
    const feed = parseClipFeed(searchParams.get("from"));
    const [start, resumedText] = await Promise.all([
      readClip({ postId, feed, locale, viewerId: viewer?.id ?? null, sort: searchParams.get("sort"), cursor: searchParams.get("cursor") }, new Date()),
      getResumedText(request),
    ]);
    const tags = `post:${postId} member:${start.clip.author.id} ${tagsOfClips(feed, locale, start.next)}`;
    return data({ ...start, resumedText, from: searchParams.get("from") ?? "" }, { headers: { "X-Page-Tags": tags } });
  } catch (error) {
    if (error instanceof Response) throw error;
    throw toThrown(error, request);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({
    matches,
    location,
    ...(loaded && loaded.words.state === "published" ? clipMeta(loaded, matches) : { kind: "private", title: loaded?.clip.title, titleKey: "errors.pageTitle" }),
  });

export default function ClipPage() {
  const { clip, words, next, previousId, resumedText, from } = useLoaderData<typeof loader>();
  return <ClipScreen key={useLocation().key} page={{ items: [clip, ...next.items], nextCursor: next.nextCursor }} feed={from} start={{ words, previousId, resumedText, Words: ClipWords }} />;
}
