import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { data } from "@remix-run/node";
import { useLoaderData } from "@remix-run/react";
import { NotFound } from "@models/errors";
import { pageTags, readFeedPage } from "~/http/feed-loader.server";
import { FeedEmpty } from "~/components/posts/FeedEmpty";
import { FeedScreen } from "~/components/posts/FeedScreen";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { toThrown } from "~/http/errors.server";
import { metaFor } from "~/seo/meta";
import { listInstruments } from "~/services/instruments.server";

export async function loader({ request, params }: LoaderFunctionArgs) {
  try {
    const [instrument] = await listInstruments([params.id ?? ""], getLocale(request), new Date());
    if (!instrument) throw new NotFound(`instrument ${params.id}`);
    const { page, topics, headers } = await readFeedPage(request, { kind: "ticker", id: instrument.id });
    return data({ page, topics, instrument }, { headers });
  } catch (error) {
    throw toThrown(error, request);
  }
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({ matches, location, kind: "feed", title: loaded ? `${loaded.instrument.name} (${loaded.instrument.id})` : undefined, descriptionKey: "feed.tickerAbout" });

export default function TickerFeed() {
  const t = useT();
  const { page, topics, instrument } = useLoaderData<typeof loader>();
  return (
    <FeedScreen
      page={page}
      topics={topics}
      feed={`ticker:${instrument.id}`}
      path={`/tickers/${instrument.id}`}
      title={instrument.name}
      heading={
        <header className="head">
          <h1>
            {instrument.name} <span className="meta num">{instrument.id}</span>
          </h1>
          <p className="meta">
            {t(`feed.market.${instrument.exchange}`)} · {t(`feed.instrument.${instrument.kind}`)} · {t("feed.tickerAbout")}
          </p>
        </header>
      }
      empty={<FeedEmpty />}
    />
  );
}
