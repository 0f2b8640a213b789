import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { z } from "zod";
import { Frame } from "~/components/layout/Shell";
import { formatDateTime } from "~/format/dates";
import { unitsMax } from "~/format/graphemes";
import { COMMENT_MAX } from "~/format/post-limits";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { parseForm, typedValues } from "~/http/form.server";
import { getResumedText } from "~/http/resumed.server";
import { requireMember } from "~/http/session.server";
import { useLocale, useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { deleteComment, editComment, readOwnComment, restoreComment } from "~/services/comments-write.server";

const EditForm = z.object({
  intent: z.enum(["save", "delete", "restore"]),
  body: z.string().max(unitsMax(COMMENT_MAX), "comment.tooLongPlain").default(""),
});

export async function loader({ request, params }: LoaderFunctionArgs) {
  const { postId = "", commentId = "" } = params;
  try {
    const viewer = await requireMember(request);
    const [comment, resumed] = await Promise.all([readOwnComment(viewer, { postId, commentId }), getResumedText(request)]);
    return { postId, comment, resumedBody: resumed?.fields.body };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  const key = { postId: params.postId ?? "", commentId: params.commentId ?? "" };
  try {
    const viewer = await requireMember(request);
    const { intent, body } = await parseForm(EditForm, request);
    if (intent === "delete") await deleteComment(viewer, key, now);
    else if (intent === "restore") await restoreComment(viewer, key, now);
    else await editComment(viewer, { ...key, body }, now);
    const back = `/posts/${key.postId}/comments/${key.commentId}`;
    return redirect(intent === "delete" ? `${back}/edit` : `${back}#c-${key.commentId}`, 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ refusal: view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "comment.editTitle" });

export default function EditCommentPage() {
  const t = useT();
  const locale = useLocale();
  const { postId, comment, resumedBody } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const busy = useNavigation().state === "submitting";
  const back = `/posts/${postId}/comments/${comment.id}`;
  if (comment.state === "deleted") {
    return (
      <Frame>
        <Form method="post" className="stack head">
          <h1>{t("comment.editTitle")}</h1>
          <p className="note warn">{t("comment.deleted", { when: comment.restorableUntil ? formatDateTime(comment.restorableUntil, locale) : "" })}</p>
          {answer ? <p className="err">{answer.refusal.error}</p> : null}
          <p>
            <button className="btn primary" name="intent" value="restore" aria-busy={busy}>
              {t("comment.restore")}
            </button>{" "}
            <Link className="btn quiet" to={`/posts/${postId}`}>
              {t("compose.backToPost")}
            </Link>
          </p>
        </Form>
      </Frame>
    );
  }
  return (
    <Frame>
      <Form method="post" className="stack head">
        <h1>
          <label htmlFor="body">{t("comment.editTitle")}</label>
        </h1>
        <textarea className="input" id="body" name="body" rows={8} defaultValue={answer?.typed.body ?? resumedBody ?? comment.body} aria-invalid={answer ? true : undefined} />
        {answer ? (
          <p className="err" role="alert">
            {answer.refusal.fields.body ?? answer.refusal.error}
          </p>
        ) : null}
        <div className="row-between">
          <p>
            <button className="btn primary" name="intent" value="save" aria-busy={busy}>
              {t("comment.save")}
            </button>{" "}
            <Link className="btn quiet" to={back}>
              {t("comment.back")}
            </Link>
          </p>
          <button className="btn bad small" name="intent" value="delete" aria-describedby="delete-hint">
            {t("comment.delete")}
          </button>
        </div>
        <p className="hint" id="delete-hint">
          {t("comment.deleteHint")}
        </p>
      </Form>
    </Frame>
  );
}
