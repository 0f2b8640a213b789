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
import { discardDraft, listDraftRows } from "~/services/drafts.server";
import { listDeletedPosts } from "~/services/posts-write.server";

/** What is not published: drafts, unfinished edits, and posts that can still be brought back. */
const DiscardForm = z.object({ draftId: z.string().regex(/^[\w-]{1,40}$/) });

export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const viewer = await requireMember(request);
    const [drafts, deleted] = await Promise.all([listDraftRows(viewer.id), listDeletedPosts(viewer, new Date())]);
    return { drafts, deleted };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request }: ActionFunctionArgs) {
  try {
    const viewer = await requireMember(request);
    const { draftId } = await parseForm(DiscardForm, request);
    await discardDraft(viewer.id, draftId);
    return redirect("/drafts", 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data(view, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "draft.title" });

export default function DraftsPage() {
  const t = useT();
  const { drafts, deleted } = useLoaderData<typeof loader>();
  const refusal = useActionData<typeof action>();
  return (
    <Frame>
      <header className="head row-between">
        <h1>{t("draft.title")}</h1>
        <Link className="btn small" to="/posts/new">
          {t("draft.write")}
        </Link>
      </header>
      {refusal ? <p className="err">{refusal.error}</p> : null}
      {drafts.length === 0 ? <p className="meta">{t("draft.empty")}</p> : null}
      <ul className="drafts">
        {drafts.map((draft) => (
          <li key={draft.id}>
            <div>
              <h2>
                <Link to={draft.postId ? `/posts/${draft.postId}/edit` : `/${draft.kind}s/new?draft=${draft.id}`}>{draft.title || t("draft.untitled")}</Link>
              </h2>
              <p className="ex">{draft.excerpt}</p>
              <p className="meta">
                <Time iso={draft.updatedAt} />
                {draft.postId ? ` · ${t("draft.isEdit")}` : ""}
                {draft.forkOf ? ` · ${t("draft.isFork")}` : ""}
              </p>
            </div>
            <Form method="post">
              <input type="hidden" name="draftId" value={draft.id} />
              <button className="btn small quiet" aria-label={t("draft.discardNamed", { title: draft.title || t("draft.untitled") })}>
                {t("draft.discard")}
              </button>
            </Form>
          </li>
        ))}
      </ul>
      {deleted.length > 0 ? (
        <section aria-labelledby="deleted">
          <h2 className="sect" id="deleted">
            {t("draft.deletedPosts")}
          </h2>
          <ul className="drafts">
            {deleted.map((post) => (
              <li key={post.id}>
                <span>{post.title}</span>
                <Link className="btn small" to={`/posts/${post.id}/delete`}>
                  {t("compose.restore")}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </Frame>
  );
}
