import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Link, useActionData, useLoaderData } from "@remix-run/react";
import { CommentComposer } from "~/components/compose/CommentComposer";
import { Frame } from "~/components/layout/Shell";
import { receiveComment } from "~/http/comment-form.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { typedValues } from "~/http/form.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { readPost } from "~/services/posts-read.server";

/** Where the comment form arrives without scripts: back to the comment when it stands, else the same words again with the reason. */
export async function action({ request, params }: ActionFunctionArgs) {
  const postId = params.postId ?? "";
  try {
    const { commentId } = await receiveComment(request, postId, new Date());
    return redirect(`/posts/${postId}/comments/${commentId}#c-${commentId}`, 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ refusal: view, typed: await typedValues(request) }, init);
  }
}

export async function loader({ request, params }: LoaderFunctionArgs) {
  try {
    const viewer = await getViewer(request);
    const { id, title, lang, commentPolicy, mine } = await readPost({ postId: params.postId ?? "", locale: getLocale(request), viewerId: viewer?.id ?? null }, new Date());
    return { id, title, lang, commentPolicy, mine };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({ matches, location, kind: "private", title: loaded?.title });

export default function CommentPage() {
  const t = useT();
  const post = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const replyToId = answer?.typed.replyToId;
  return (
    <Frame>
      <header className="head">
        <p className="meta">{t("comment.pageTitle")}</p>
        <h1 lang={post.lang}>
          <Link to={`/posts/${post.id}`}>{post.title}</Link>
        </h1>
      </header>
      <CommentComposer
        postId={post.id}
        policy={post.commentPolicy}
        mine={post.mine}
        replyTo={replyToId ? { id: replyToId, parentId: replyToId, name: t("comment.thatComment") } : undefined}
        returned={answer ? { body: answer.typed.body ?? "", refusal: answer.refusal } : null}
      />
    </Frame>
  );
}
