import { data, redirect, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { CommentComposer } from "~/components/compose/CommentComposer";
import { CommentSection } from "~/components/comments/CommentSection";
import { Frame } from "~/components/layout/Shell";
import { ActionBar, Article } from "~/components/posts/Article";
import { PostRow } from "~/components/posts/PostRow";
import { TopicsAside } from "~/components/posts/TopicsAside";
import { ViewBeacon } from "~/components/posts/ViewBeacon";
import { env } from "~/env.server";
import { toThrown } from "~/http/errors.server";
import { pageTags } from "~/http/feed-loader.server";
import { getResumedText } from "~/http/resumed.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { postJsonLd } from "~/seo/json-ld";
import { metaFor } from "~/seo/meta";
import { parseSort, readComments } from "~/services/comments-read.server";
import { listRelated, readPost } from "~/services/posts-read.server";
import { listTopicLinks } from "~/services/topics.server";

export async function loader({ request, params }: LoaderFunctionArgs) {
  const now = new Date();
  const locale = getLocale(request);
  const postId = params.postId ?? "";
  const { searchParams } = new URL(request.url);
  try {
    const replyTo = searchParams.get("replyTo");
    // Words that answer a comment come back in the thread they belong to.
    if (replyTo) throw redirect(`/posts/${postId}/comments/${encodeURIComponent(replyTo)}?reply=${encodeURIComponent(replyTo)}&resume=${encodeURIComponent(searchParams.get("resume") ?? "")}#reply`);
    const viewer = await getViewer(request);
    const reading = { postId, locale, viewerId: viewer?.id ?? null };
    const sort = parseSort(searchParams.get("sort"));
    const [post, comments, topics, resumedText] = await Promise.all([
      readPost(reading, now),
      readComments({ ...reading, sort, cursor: searchParams.get("cursor") }),
      listTopicLinks(locale, now),
      getResumedText(request),
    ]);
    // A clip has a page of its own; this address, and what hangs on it, leads there for good.
    if (post.isClip) throw redirect(`/clips/${postId}${new URL(request.url).search}`, 301);
    const related = await listRelated({ post, locale }, now);
    const tags = `post:${postId} member:${post.author.id}`;
    return data(
      { post, comments, topics, related, resumedText, url: `${env.PUBLIC_URL}/posts/${postId}` },
      { headers: { "X-Page-Tags": tags } },
    );
  } catch (error) {
    if (error instanceof Response) throw error;
    throw toThrown(error, request);
  }
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({
    matches,
    location,
    kind: "post",
    title: loaded?.post.title,
    description: loaded?.post.excerpt,
    image: loaded ? `/share/post/${loaded.post.id}.png?r=${loaded.post.revision}` : undefined,
    jsonLd: loaded ? postJsonLd(loaded.post, matches) : undefined,
  });

export default function PostPage() {
  const t = useT();
  const { post, comments, topics, related, resumedText, url } = useLoaderData<typeof loader>();
  return (
    <Frame
      aside={
        <>
          {related.length > 0 ? (
            <section className="related">
              <h2>{t("post.related")}</h2>
              {related.map((card) => (
                <PostRow key={card.id} post={card} compact />
              ))}
            </section>
          ) : null}
          <TopicsAside topics={topics} />
        </>
      }
    >
      <Article post={post} />
      <ViewBeacon postId={post.id} />
      <ActionBar post={post} url={url} />
      <CommentSection
        postId={post.id}
        count={post.commentCount}
        page={comments}
        slots={{ authorId: post.author.id, postLang: post.lang }}
        composer={<CommentComposer postId={post.id} policy={post.commentPolicy} mine={post.mine} resumedText={resumedText} />}
      />
    </Frame>
  );
}
