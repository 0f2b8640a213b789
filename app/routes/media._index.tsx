import { data, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Frame } from "~/components/layout/Shell";
import { MediaList } from "~/components/media/MediaList";
import { toThrown } from "~/http/errors.server";
import { requireMember } from "~/http/session.server";
import { getRequestT } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { listOwnMedia } from "~/services/own-media.server";
import mediaCss from "~/styles/media.css?url";

/** Everything one has uploaded, with its state. Nothing disappears from here by itself. */
export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const viewer = await requireMember(request);
    const cursor = new URL(request.url).searchParams.get("cursor");
    const page = await listOwnMedia(viewer.id, cursor, { t: getRequestT(request), now: new Date() });
    return data({ ...page, isFirst: cursor === null }, { headers: { "Cache-Control": "private, no-store" } });
  } catch (error) {
    throw toThrown(error, request);
  }
}

export const links: LinksFunction = () => [{ rel: "stylesheet", href: mediaCss }];

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "media.list.title" });

export default function MediaPage() {
  const t = useT();
  const { items, cursor, isFirst } = useLoaderData<typeof loader>();
  return (
    <Frame>
      <header className="head row-between">
        <h1>{t("media.list.title")}</h1>
        <Link className="btn small" to="/clips/new">
          {t("media.clip.tool")}
        </Link>
      </header>
      {items.length === 0 && isFirst ? (
        <div className="empty">
          <h2>{t("media.list.empty")}</h2>
          <p>{t("media.list.emptyAbout")}</p>
          <p className="row-between">
            <Link className="btn" to="/posts/new">
              {t("draft.write")}
            </Link>
            <Link className="btn" to="/clips/new">
              {t("media.clip.tool")}
            </Link>
          </p>
        </div>
      ) : null}
      <MediaList key={cursor ?? "end"} items={items} />
      <nav className="row-between pages" aria-label={t("media.list.pages")}>
        {isFirst ? <span /> : (
          <Link className="btn small" to="/media">
            {t("media.list.newest")}
          </Link>
        )}
        {cursor ? (
          <Link className="btn small" to={`/media?cursor=${encodeURIComponent(cursor)}`}>
            {t("media.list.older")}
          </Link>
        ) : null}
      </nav>
      <p className="hint">{t("media.list.about")}</p>
    </Frame>
  );
}
