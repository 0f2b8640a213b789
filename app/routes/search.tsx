import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Form, Link, useLoaderData } from "@remix-run/react";
import { Frame } from "~/components/layout/Shell";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { QUERY_MAX, search } from "~/services/search.server";

export async function loader({ request }: LoaderFunctionArgs) {
  const query = (new URL(request.url).searchParams.get("q") ?? "").slice(0, QUERY_MAX);
  return { query, results: await search(query, getLocale(request), new Date()), queryMax: QUERY_MAX };
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "feed.search" });

export default function Search() {
  const t = useT();
  const { query, results, queryMax } = useLoaderData<typeof loader>();
  return (
    <Frame>
      <header className="head">
        <h1>{t("feed.search")}</h1>
        <Form role="search" className="row-between">
          <label className="vh" htmlFor="q">
            {t("common.searchHint")}
          </label>
          <input className="input" id="q" name="q" type="search" defaultValue={query} maxLength={queryMax} placeholder={t("common.searchHint")} autoComplete="off" />
          <button className="btn primary">{t("feed.searchDo")}</button>
        </Form>
      </header>
      {query && results.length === 0 ? (
        <div className="empty" role="status">
          <h2>{t("feed.searchEmpty", { query })}</h2>
          <p>{t("feed.searchEmptyHint")}</p>
          <Link className="btn" to="/topics">
            {t("feed.chooseTopics")}
          </Link>
        </div>
      ) : (
        <ul>
          {results.map((result) => (
            <li key={result.path} className="row">
              <div>
                <h2>
                  <Link to={result.path} prefetch="none">
                    {result.name}
                  </Link>
                </h2>
                <p className="ex">{result.detail}</p>
              </div>
              <span className="meta">{t(`feed.found.${result.kind}`)}</span>
            </li>
          ))}
        </ul>
      )}
    </Frame>
  );
}
