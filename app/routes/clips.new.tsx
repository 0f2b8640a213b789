import { data, redirect, type ActionFunctionArgs, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData } from "@remix-run/react";
import { Frame } from "~/components/layout/Shell";
import { ClipComposer } from "~/components/media/ClipComposer";
import { ClipForm } from "~/components/media/ClipForm";
import { env } from "~/env.server";
import { clipOfFields, findOwnVideo, isUnusable, publishOrKeep } from "~/http/clip-form.server";
import { emptyWords, freshStart, postsPerDayOf, receiveWords, startOfDraft, storeWords } from "~/http/compose-form.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { typedValues } from "~/http/form.server";
import { getResumedText } from "~/http/resumed.server";
import { getViewer } from "~/http/session.server";
import { getLocale, getRequestT } from "~/i18n/locale.server";
import { metaFor } from "~/seo/meta";
import { listDraftRows, readDraft } from "~/services/drafts.server";
import { listUnfinished } from "~/services/own-media.server";
import { listTopics } from "~/services/topics.server";
import mediaCss from "~/styles/media.css?url";

/** A new clip. Guests may choose a file and write; sending waits behind the login. */
export async function loader({ request }: LoaderFunctionArgs) {
  const now = new Date();
  const locale = getLocale(request);
  try {
    const viewer = await getViewer(request);
    const { searchParams } = new URL(request.url);
    const draftId = searchParams.get("draft");
    const context = { t: getRequestT(request), now };
    const [topics, resumed, drafts, unfinished] = await Promise.all([listTopics(locale, now), getResumedText(request), viewer ? listDraftRows(viewer.id) : [], viewer ? listUnfinished(viewer.id, context) : []]);
    const draft = viewer && draftId ? await readDraft(viewer.id, draftId) : null;
    if (draft?.kind === "post") return redirect(`/posts/new?draft=${draft.id}`);
    const opened =
      draft ? startOfDraft(draft)
      : resumed?.act === "post" ? clipOfFields(resumed.fields, locale)
      : freshStart(emptyWords(locale), viewer !== null);
    const asset = viewer && (await findOwnVideo(viewer, searchParams.get("media") ?? opened.words.assetId, context));
    return {
      start: { ...opened, words: { ...opened.words, assetId: asset?.id ?? null } },
      asset,
      // Without scripts the video comes first; it comes back to the draft that waits for it.
      videoForm: isUnusable(asset) ? { redirectTo: draft ? `/clips/new?draft=${draft.id}` : "/clips/new", words: draft !== null, heading: asset === null } : null,
      unfinished: unfinished.filter(({ kind, postId }) => kind === "video" && postId === null),
      topics: topics.map(({ slug, name }) => ({ slug, name })),
      postsPerDay: postsPerDayOf(viewer),
      draftCount: drafts.filter(({ kind }) => kind === "clip").length,
      captionsRequired: env.CAPTIONS_REQUIRED,
    };
  } catch (error) {
    throw toThrown(error, request);
  }
}

/** For forms without scripts: publish, or keep as a draft. */
export async function action({ request }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const received = await receiveWords(request);
    if (received.mark.intent === "save") return redirect(`/clips/new?draft=${(await storeWords(received, now)).draftId}`, 303);
    return redirect(await publishOrKeep(received, now), 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    const fields = await typedValues(request);
    return data({ start: clipOfFields(fields, getLocale(request)), refusal: view }, init);
  }
}

export const links: LinksFunction = () => [{ rel: "stylesheet", href: mediaCss }];

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "media.clip.newTitle" });

export default function NewClipPage() {
  const { videoForm, ...loaded } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const start = answer?.start ?? loaded.start;
  return (
    <Frame>
      {videoForm ? <ClipForm {...videoForm} /> : null}
      <ClipComposer key={answer ? answer.start.submissionId : "new"} {...loaded} start={start} mayReplace refusal={answer?.refusal ?? null} />
    </Frame>
  );
}
