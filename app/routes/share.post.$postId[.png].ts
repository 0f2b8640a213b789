import { redirect, type LoaderFunctionArgs } from "@remix-run/node";
import { toResponse } from "~/http/errors.server";
import { drawCard } from "~/seo/share-card.server";
import { readPost } from "~/services/posts-read.server";

/** /share/post/<id>.png?r=<revision>: with the revision in its address the picture never changes. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  try {
    const postId = params.postId ?? "";
    const post = await readPost({ postId, locale: "zh-CN", viewerId: null }, new Date());
    const revision = new URL(request.url).searchParams.get("r");
    if (revision !== String(post.revision)) return redirect(`/share/post/${postId}.png?r=${post.revision}`);
    const picture = await drawCard({ title: post.title, author: post.author.displayName, topic: post.topics[0]?.name ?? null, locale: post.lang });
    return new Response(new Uint8Array(picture), {
      headers: { "Content-Type": "image/png", "Cache-Control": "public, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "cross-origin", "X-Page-Tags": `post:${postId}:gone` },
    });
  } catch (error) {
    return toResponse(error, request);
  }
}
