import { data, redirect, type ActionFunctionArgs, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useFetcher, useLoaderData } from "@remix-run/react";
import { Frame } from "~/components/layout/Shell";
import { BackToClip, CaptionsEditor } from "~/components/media/CaptionsEditor";
import { changeCaptions } from "~/http/captions-form.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { typedValues } from "~/http/form.server";
import { requireMember } from "~/http/session.server";
import { LOCALES } from "~/i18n/locales";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { openCaptions } from "~/services/captions-read.server";
import mediaCss from "~/styles/media.css?url";

/** The captions of one's own clip, one language at a time. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  try {
    const viewer = await requireMember(request);
    const asked = new URL(request.url).searchParams.get("lang");
    const lang = LOCALES.find((locale) => locale === asked) ?? null;
    return data(await openCaptions({ memberId: viewer.id, postId: params.postId ?? "", lang }, new Date()), { headers: { "Cache-Control": "private, no-store" } });
  } catch (error) {
    throw toThrown(error, request);
  }
}

/** For forms without scripts. */
export async function action({ request, params }: ActionFunctionArgs) {
  const postId = params.postId ?? "";
  try {
    const { lang } = await changeCaptions(request, postId, new Date());
    return redirect(`/clips/${postId}/captions${lang ? `?lang=${lang}` : ""}`, 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ refusal: view, typed: await typedValues(request) }, init);
  }
}

export const links: LinksFunction = () => [{ rel: "stylesheet", href: mediaCss }];

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "media.captions.pageTitle" });

export default function CaptionsPage() {
  const t = useT();
  const opened = useLoaderData<typeof loader>();
  const answer = useActionData<typeof action>();
  return (
    <Frame>
      <header className="head row-between">
        <div>
          <h1>{t("media.captions.pageTitle")}</h1>
          <p className="meta">{t("media.captions.of", { title: opened.title })}</p>
        </div>
        <BackToClip postId={opened.postId} />
      </header>
      <NoSpeech key={String(opened.noSpeech)} postId={opened.postId} noSpeech={opened.noSpeech} />
      <CaptionsEditor key={`${opened.lang}${opened.revision}`} {...opened} source={answer?.typed.source ?? opened.source} refusal={answer?.refusal ?? null} />
    </Frame>
  );
}

function NoSpeech({ postId, noSpeech }: { postId: string; noSpeech: boolean }) {
  const t = useT();
  const fetcher = useFetcher<{ lang: null }>();
  return (
    <fetcher.Form method="post" action={`/clips/${postId}/captions/save`} className="no-speech">
      <input type="hidden" name="intent" value="noSpeech" />
      <label className="reason">
        <input type="checkbox" name="noSpeech" defaultChecked={noSpeech} aria-describedby="no-speech-about" onChange={(event) => fetcher.submit(event.currentTarget.form)} />
        <span>
          {t("media.captions.noSpeech")}
          <span className="hint" id="no-speech-about">
            {t("media.captions.noSpeechAbout")}
          </span>
        </span>
      </label>
      <noscript>
        <button className="btn small">{t("media.captions.noSpeechSave")}</button>
      </noscript>
      <span className="meta" role="status">
        {fetcher.state === "idle" && fetcher.data ? t("media.captions.noSpeechSaved") : ""}
      </span>
    </fetcher.Form>
  );
}
