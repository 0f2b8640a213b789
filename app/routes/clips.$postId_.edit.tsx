import { data, redirect, type ActionFunctionArgs, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Link, useActionData, useLoaderData } from "@remix-run/react";
import { PolicyForm } from "~/components/compose/PolicyForm";
import { Frame } from "~/components/layout/Shell";
import { ClipComposer } from "~/components/media/ClipComposer";
import { ClipForm } from "~/components/media/ClipForm";
import { env } from "~/env.server";
import { findOwnVideo, isUnusable, publishClip } from "~/http/clip-form.server";
import { receiveWords, startOfDraft, startOfFields, storeWords } from "~/http/compose-form.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { typedValues } from "~/http/form.server";
import { getResumedText } from "~/http/resumed.server";
import { requireMember } from "~/http/session.server";
import { getLocale, getRequestT } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { openEdit } from "~/services/drafts.server";
import { listTopics } from "~/services/topics.server";
import mediaCss from "~/styles/media.css?url";

/** The words of one's own clip; and another file, as long as the first one shows nothing. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const now = new Date();
  const postId = params.postId ?? "";
  try {
    const viewer = await requireMember(request);
    const locale = getLocale(request);
    const [opened, topics, resumed] = await Promise.all([openEdit({ memberId: viewer.id, postId }), listTopics(locale, now), getResumedText(request)]);
    if (opened.state === "deleted") return redirect(`/posts/${postId}/delete`);
    if (opened.draft.kind !== "clip") return redirect(`/posts/${postId}/edit`);
    const { draft, commentPolicy, postRevision } = opened;
    // A form without scripts has just brought another video; it is taken over when the words are saved.
    const brought = opened.state === "waiting" ? new URL(request.url).searchParams.get("media") : null;
    const context = { t: getRequestT(request), now };
    const asset = (await findOwnVideo(viewer, brought, context)) ?? (await findOwnVideo(viewer, draft.assetId, context));
    const start = startOfDraft(draft);
    const words = resumed ? startOfFields(resumed.fields, locale).words : start.words;
    return {
      postId,
      // What is gone or removed is no file to go on with: the composer asks for another one.
      start: { ...start, postId, postRevision, words: { ...words, assetId: asset?.id ?? null } },
      asset,
      topics: topics.map(({ slug, name }) => ({ slug, name })),
      commentPolicy,
      mayReplace: opened.state === "waiting",
      needsOther: opened.state === "waiting" && isUnusable(asset),
      captionsRequired: env.CAPTIONS_REQUIRED,
    };
  } catch (error) {
    throw toThrown(error, request);
  }
}

/** For forms without scripts. */
export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  const postId = params.postId ?? "";
  try {
    const received = await receiveWords(request);
    if (received.mark.intent !== "save") return redirect(await publishClip(received, now), 303);
    await storeWords({ ...received, mark: { ...received.mark, postId } }, now);
    return redirect(`/clips/${postId}/edit`, 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    const fields = await typedValues(request);
    const start = startOfFields(fields, getLocale(request));
    return data({ start: { ...start, postId, words: { ...start.words, assetId: fields.assetId ?? null } }, refusal: view }, init);
  }
}

export const links: LinksFunction = () => [{ rel: "stylesheet", href: mediaCss }];

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "media.clip.editTitle" });

export default function EditClipPage() {
  const t = useT();
  const { postId, commentPolicy, start: opened, needsOther, ...loaded } = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  const start = answer?.start ?? opened;
  return (
    <Frame>
      {needsOther ? <ClipForm redirectTo={`/clips/${postId}/edit`} words heading={false} /> : null}
      <ClipComposer key={answer ? answer.start.submissionId : postId} {...loaded} start={start} unfinished={[]} postsPerDay={null} draftCount={0} refusal={answer?.refusal ?? null} />
      <section className="compose-foot">
        <PolicyForm postId={postId} policy={commentPolicy} />
        <p>
          <Link className="btn small bad" to={`/posts/${postId}/delete`}>
            {t("media.clip.delete")}
          </Link>
        </p>
      </section>
    </Frame>
  );
}
