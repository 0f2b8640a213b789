import { data, redirect, type ActionFunctionArgs, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Link, useActionData, useLoaderData } from "@remix-run/react";
import { PictureForm } from "~/components/compose/PictureForm";
import { PostComposer } from "~/components/compose/PostComposer";
import { PolicyForm } from "~/components/compose/PolicyForm";
import { Frame } from "~/components/layout/Shell";
import { pictureFormOf, publishWords, receiveWords, startOfDraft, startOfFields, storeWords, withUploadedPicture } from "~/http/compose-form.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { typedValues } from "~/http/form.server";
import { getResumedText } from "~/http/resumed.server";
import { requireMember } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { openEdit } from "~/services/drafts.server";
import { renderPreview } from "~/services/preview.server";
import { listTopics } from "~/services/topics.server";
import mediaCss from "~/styles/media.css?url";

/** The edit of one's own post; an unfinished edit opens where it was left. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const postId = params.postId ?? "";
  try {
    const viewer = await requireMember(request);
    const locale = getLocale(request);
    const [opened, topics, resumed] = await Promise.all([openEdit({ memberId: viewer.id, postId }), listTopics(locale, new Date()), getResumedText(request)]);
    if (opened.state === "deleted") return redirect(`/posts/${postId}/delete`);
    if (opened.draft.kind === "clip") return redirect(`/clips/${postId}/edit${new URL(request.url).search}`);
    const { draft, commentPolicy, postRevision } = opened;
    const start = await withUploadedPicture(resumed ? { ...startOfFields(resumed.fields, locale), postId } : startOfDraft(draft), request, viewer);
    // An edit begun on an older version is saved over the newest one, after its writer has been told so.
    const behind = start.postRevision !== null && start.postRevision < postRevision;
    return { postId, start: { ...start, postRevision }, behind, pictureForm: pictureFormOf(request), topics: topics.map(({ slug, name }) => ({ slug, name })), commentPolicy };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  const postId = params.postId ?? "";
  const locale = getLocale(request);
  try {
    const given = await receiveWords(request);
    const received = { ...given, mark: { ...given.mark, postId } };
    const { intent } = received.mark;
    if (intent === "save" || intent === "picture") {
      await storeWords(received, now);
      return redirect(`/posts/${postId}/edit${intent === "picture" ? "?add=picture" : ""}`, 303);
    }
    if (intent !== "preview") return redirect(await publishWords(received, now), 303);
    const { html } = await renderPreview(received.words.body, received.words.lang, given.viewer.id, now);
    return data({ start: startOfFields(await typedValues(request), locale), returned: { refusal: null, preview: html } });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ start: startOfFields(await typedValues(request), locale), returned: { refusal: view, preview: null } }, init);
  }
}

export const links: LinksFunction = () => [{ rel: "stylesheet", href: mediaCss }];

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "compose.editTitle" });

export default function EditPostPage() {
  const t = useT();
  const { postId, start: opened, behind, pictureForm, topics, commentPolicy } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const start = answer?.start ?? opened;
  return (
    <Frame>
      {pictureForm ? <PictureForm redirectTo={pictureForm} /> : null}
      <PostComposer key={answer ? answer.start.submissionId : postId} start={start} topics={topics} postsPerDay={null} draftCount={0} behind={behind} returned={answer?.returned ?? null} />
      <section className="compose-foot">
        <PolicyForm postId={postId} policy={commentPolicy} />
        <p>
          <Link className="btn small" to={`/posts/${postId}/comments/held`}>
            {t("comment.heldLink")}
          </Link>{" "}
          <Link className="btn small bad" to={`/posts/${postId}/delete`}>
            {t("compose.delete")}
          </Link>
        </p>
      </section>
    </Frame>
  );
}
