import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Frame } from "~/components/layout/Shell";
import { DiffText } from "~/components/compose/DiffText";
import { formatDateTime } from "~/format/dates";
import { toThrown } from "~/http/errors.server";
import { pageTags } from "~/http/feed-loader.server";
import { getViewer } from "~/http/session.server";
import { useLocale, useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { readHistory } from "~/services/post-history.server";
import { data } from "@remix-run/node";

function revisionOf(value: string | null): number | null {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) : null;
}

/** What a post said before, and what changed. Open to everybody who can read the post. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const postId = params.postId ?? "";
  try {
    const viewer = await getViewer(request);
    const history = await readHistory({ postId, viewerId: viewer?.id ?? null, from: revisionOf(searchParams.get("from")), to: revisionOf(searchParams.get("to")) });
    return data(history, { headers: { "X-Page-Tags": `post:${postId}` } });
  } catch (error) {
    throw toThrown(error, request);
  }
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "compose.historyTitle" });

export default function HistoryPage() {
  const t = useT();
  const locale = useLocale();
  const { postId, title, lang, revisions, compared } = useLoaderData<typeof loader>();
  return (
    <Frame>
      <header className="head">
        <h1>{t("compose.historyTitle")}</h1>
        <p lang={lang}>
          <Link className="link" to={`/posts/${postId}`}>
            {title}
          </Link>
        </p>
      </header>
      {compared ? (
        <section className="diff" aria-labelledby="compared" lang={lang}>
          <h2 className="sect" id="compared" lang={locale}>
            {t("compose.compared", { from: compared.from, to: compared.to })}
          </h2>
          <p className="diff-title">
            <DiffText parts={compared.title} />
          </p>
          <div className="diff-body">
            <DiffText parts={compared.body} />
          </div>
        </section>
      ) : (
        <p className="meta">{t("compose.neverEdited")}</p>
      )}
      <section aria-labelledby="revisions">
        <h2 className="sect" id="revisions">
          {t("compose.revisions", { count: revisions.length })}
        </h2>
        <ol className="revisions">
          {revisions.map((row) => (
            <li key={row.revision}>
              <span className="num">{row.revision}</span>
              <span>
                <time dateTime={row.writtenAt}>{formatDateTime(row.writtenAt, locale)}</time>
                {row.current ? <span className="chip act">{t("compose.current")}</span> : null}
              </span>
              {row.revision > 1 ? (
                <Link className="link" to={`/posts/${postId}/history?from=${row.revision - 1}&to=${row.revision}`} rel="nofollow">
                  {t("compose.whatChanged")}
                </Link>
              ) : (
                <span className="meta">{t("compose.firstVersion")}</span>
              )}
            </li>
          ))}
        </ol>
      </section>
    </Frame>
  );
}
