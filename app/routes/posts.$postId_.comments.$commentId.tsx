import { data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { CommentComposer } from "~/components/compose/CommentComposer";
import { CommentItem } from "~/components/comments/CommentItem";
import { Frame } from "~/components/layout/Shell";
import { Icon } from "~/components/ui/Icon";
import { toThrown } from "~/http/errors.server";
import { pageTags } from "~/http/feed-loader.server";
import { getResumedText } from "~/http/resumed.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { readThread } from "~/services/comments-read.server";
import { readPost } from "~/services/posts-read.server";

/** One thread in focus: what a link to a comment opens, with the post it belongs to named above it. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const now = new Date();
  const { postId = "", commentId = "" } = params;
  const { searchParams } = new URL(request.url);
  try {
    const viewer = await getViewer(request);
    const viewerId = viewer?.id ?? null;
    const [post, thread, resumedText] = await Promise.all([
      readPost({ postId, locale: getLocale(request), viewerId }, now),
      readThread({ postId, viewerId, commentId, cursor: searchParams.get("cursor") }),
      getResumedText(request),
    ]);
    const replyTo = searchParams.get("reply");
    return data(
      {
        post: { id: post.id, title: post.title, lang: post.lang, authorId: post.author.id, commentPolicy: post.commentPolicy, mine: post.mine, commentCount: post.commentCount },
        thread,
        replyTo,
        resumedText,
      },
      { headers: { "X-Page-Tags": `post:${postId}` } },
    );
  } catch (error) {
    throw toThrown(error, request);
  }
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({ matches, location, kind: "thread", title: loaded?.post.title, canonicalPath: loaded ? `/posts/${loaded.post.id}` : undefined });

export default function ThreadPage() {
  const t = useT();
  const { post, thread, replyTo, resumedText } = useLoaderData<typeof loader>();
  const targetId = [thread.root.id, ...thread.root.replies.map((reply) => reply.id)].find((id) => id === replyTo) ?? thread.focusId;
  const target = [thread.root, ...thread.root.replies].find((comment) => comment.id === targetId);
  return (
    <Frame>
      <header className="head">
        <Link className="act-btn link" to={`/posts/${post.id}#comments`} prefetch="none">
          <Icon name="back" />
          {t("post.allComments", { count: post.commentCount })}
        </Link>
        <h1 lang={post.lang}>
          <Link to={`/posts/${post.id}`} prefetch="none">
            {post.title}
          </Link>
        </h1>
      </header>
      <CommentItem comment={thread.root} slots={{ authorId: post.authorId, postLang: post.lang, focusId: thread.focusId }} allReplies />
      {thread.nextCursor ? (
        <div className="more">
          <Link className="btn" to={`/posts/${post.id}/comments/${thread.root.id}?cursor=${encodeURIComponent(thread.nextCursor)}`} prefetch="none" rel="nofollow">
            {t("post.moreRepliesPage")}
          </Link>
        </div>
      ) : null}
      <div id="reply">
        <CommentComposer
          postId={post.id}
          policy={post.commentPolicy}
          mine={post.mine}
          resumedText={resumedText}
          replyTo={target ? { id: target.id, parentId: thread.root.id, name: target.author.displayName } : undefined}
          open={replyTo !== null}
        />
      </div>
    </Frame>
  );
}
