import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData } from "@remix-run/react";
import { z } from "zod";
import { Frame } from "~/components/layout/Shell";
import { Time } from "~/components/ui/Time";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { requireMember } from "~/http/session.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { decideHeldComment, readHeldComments } from "~/services/comments-write.server";

/** Comments that wait for the author of the post. */
const DecisionForm = z.object({ commentId: z.string().regex(/^[\w-]{1,40}$/), publish: z.enum(["true", "false"]) });

export async function loader({ request, params }: LoaderFunctionArgs) {
  const postId = params.postId ?? "";
  try {
    const viewer = await requireMember(request);
    return { postId, ...(await readHeldComments(viewer, postId)) };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request, params }: ActionFunctionArgs) {
  const postId = params.postId ?? "";
  try {
    const viewer = await requireMember(request);
    const { commentId, publish } = await parseForm(DecisionForm, request);
    await decideHeldComment(viewer, { postId, commentId, publish: publish === "true" }, new Date());
    return redirect(`/posts/${postId}/comments/held`, 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data(view, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "comment.heldTitle" });

export default function HeldCommentsPage() {
  const t = useT();
  const { postId, title, items } = useLoaderData<typeof loader>();
  const refusal = useActionData<typeof action>();
  return (
    <Frame>
      <header className="head">
        <h1>{t("comment.heldTitle")}</h1>
        <p>
          <Link className="link" to={`/posts/${postId}`}>
            {title}
          </Link>
        </p>
        {refusal ? <p className="err">{refusal.error}</p> : null}
      </header>
      {items.length === 0 ? <p className="meta">{t("comment.heldEmpty")}</p> : null}
      {items.map((item) => (
        <article key={item.id} className="held">
          <p className="meta">
            <Link to={`/members/${item.author.handle}`}>
              <b>{item.author.displayName}</b>
            </Link>{" "}
            · <Time iso={item.createdAt} />
          </p>
          <div className="cm-words" dangerouslySetInnerHTML={{ __html: item.html }} />
          <Form method="post">
            <input type="hidden" name="commentId" value={item.id} />
            <button className="btn small" name="publish" value="true">
              {t("comment.heldPublish")}
            </button>{" "}
            <button className="btn small quiet" name="publish" value="false">
              {t("comment.heldRefuse")}
            </button>
          </Form>
        </article>
      ))}
    </Frame>
  );
}
