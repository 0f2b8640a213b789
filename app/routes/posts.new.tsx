import { data, redirect, type ActionFunctionArgs, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { PictureForm } from "~/components/compose/PictureForm";
import { PostComposer } from "~/components/compose/PostComposer";
import { Frame } from "~/components/layout/Shell";
import { emptyWords, freshStart, pictureFormOf, postsPerDayOf, publishWords, receiveWords, startOfDraft, startOfFields, storeWords, withUploadedPicture } from "~/http/compose-form.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { typedValues } from "~/http/form.server";
import { getResumedText } from "~/http/resumed.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { metaFor } from "~/seo/meta";
import { listDraftRows, readDraft } from "~/services/drafts.server";
import { renderPreview } from "~/services/preview.server";
import { listTopics } from "~/services/topics.server";
import mediaCss from "~/styles/media.css?url";

/** A new post. Guests may write too; what they wrote waits behind the login. */
export async function loader({ request }: LoaderFunctionArgs) {
  const now = new Date();
  const locale = getLocale(request);
  try {
    const viewer = await getViewer(request);
    const draftId = new URL(request.url).searchParams.get("draft");
    const [topics, resumed, drafts] = await Promise.all([listTopics(locale, now), getResumedText(request), viewer ? listDraftRows(viewer.id) : []]);
    const draft = viewer && draftId ? await readDraft(viewer.id, draftId) : null;
    if (draft?.kind === "clip") return redirect(`/clips/new?draft=${draft.id}`);
    const start =
      draft ? startOfDraft(draft)
      : resumed?.act === "post" ? startOfFields(resumed.fields, locale)
      : freshStart(emptyWords(locale), viewer !== null);
    const [pictured, pictureForm] = [await withUploadedPicture(start, request, viewer), viewer && pictureFormOf(request)];
    return { start: pictured, pictureForm, topics: topics.map(({ slug, name }) => ({ slug, name })), postsPerDay: postsPerDayOf(viewer), draftCount: drafts.length };
  } catch (error) {
    throw toThrown(error, request);
  }
}

/** For forms without scripts: publish, keep as a draft, or look at it first. */
export async function action({ request }: ActionFunctionArgs) {
  const now = new Date();
  const locale = getLocale(request);
  try {
    const received = await receiveWords(request);
    const { intent } = received.mark;
    if (intent === "save" || intent === "picture") return redirect(`/posts/new?draft=${(await storeWords(received, now)).draftId}${intent === "picture" ? "&add=picture" : ""}`, 303);
    if (intent !== "preview") return redirect(await publishWords(received, now), 303);
    const { html } = await renderPreview(received.words.body, received.words.lang, received.viewer.id, now);
    return data({ start: startOfFields(await typedValues(request), locale), returned: { refusal: null, preview: html } });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ start: startOfFields(await typedValues(request), locale), returned: { refusal: view, preview: null } }, init);
  }
}

export const links: LinksFunction = () => [{ rel: "stylesheet", href: mediaCss }];

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "compose.newTitle" });

export default function NewPostPage() {
  const { pictureForm, ...loaded } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const start = answer?.start ?? loaded.start;
  return (
    <Frame>
      {pictureForm ? <PictureForm redirectTo={pictureForm} /> : null}
      <PostComposer key={answer ? answer.start.submissionId : "new"} {...loaded} start={start} returned={answer?.returned ?? null} />
    </Frame>
  );
}
