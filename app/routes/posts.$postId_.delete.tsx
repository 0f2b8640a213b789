import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { z } from "zod";
import { Frame } from "~/components/layout/Shell";
import { formatDateTime } from "~/format/dates";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { requireMember } from "~/http/session.server";
import { useLocale, useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { deletePost, readOwnPost, restorePost } from "~/services/posts-write.server";

/** Asks before a post goes, and brings it back for 30 days. The form states what it wants, so a repeat is harmless. */
const DeleteForm = z.object({ deleted: z.enum(["true", "false"]) });

export async function loader({ request, params }: LoaderFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireMember(request);
    return await readOwnPost(viewer, params.postId ?? "", now);
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  const postId = params.postId ?? "";
  try {
    const viewer = await requireMember(request);
    const { deleted } = await parseForm(DeleteForm, request);
    if (deleted === "true") await deletePost(viewer, postId, now);
    else await restorePost(viewer, postId, now);
    return redirect(deleted === "true" ? `/posts/${postId}/delete` : `/posts/${postId}`, 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data(view, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "compose.deleteTitle" });

export default function DeletePostPage() {
  const t = useT();
  const locale = useLocale();
  const post = useLoaderData<typeof loader>();
  const refusal = useActionData<typeof action>();
  const busy = useNavigation().state === "submitting";
  const isDeleted = post.restorableUntil !== null;
  return (
    <Frame>
      <Form method="post" className="stack head">
        <h1>{t(isDeleted ? "compose.deletedTitle" : "compose.deleteTitle")}</h1>
        <p lang={post.lang}>{post.title}</p>
        <p>{post.restorableUntil ? t("compose.deletedUntil", { when: formatDateTime(post.restorableUntil, locale) }) : t("compose.deleteAbout")}</p>
        {refusal ? (
          <p className="err" role="alert">
            {refusal.error}
          </p>
        ) : null}
        <p>
          <button className={isDeleted ? "btn primary" : "btn bad"} name="deleted" value={isDeleted ? "false" : "true"} aria-busy={busy}>
            {t(isDeleted ? "compose.restore" : "compose.deleteNow")}
          </button>{" "}
          <Link className="btn quiet" to={isDeleted ? "/drafts" : `/posts/${post.id}`}>
            {t(isDeleted ? "draft.title" : "compose.keepPost")}
          </Link>
        </p>
      </Form>
    </Frame>
  );
}
