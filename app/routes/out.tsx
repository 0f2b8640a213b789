import { redirect, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { Invalid } from "@models/errors";
import { Frame } from "~/components/layout/Shell";
import { env } from "~/env.server";
import { sortLink } from "~/format/links";
import { toThrown } from "~/http/errors.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";

/** The page between a post and a host we do not know: says where the link leads, and leaves the choice. */
export function loader({ request }: LoaderFunctionArgs) {
  const target = sortLink(new URL(request.url).searchParams.get("to") ?? "");
  if (target.kind === "known") return redirect(target.href, { headers: { "Referrer-Policy": "no-referrer" } });
  if (target.kind !== "unknown") throw toThrown(new Invalid("not an outward link", { messageKey: "compose.badLink" }), request);
  const { origin, pathname, search, hash } = new URL(target.href);
  if (origin === new URL(env.PUBLIC_URL).origin) return redirect(pathname.replace(/^\/+/, "/") + search + hash);
  return { href: target.href, host: target.host, secure: target.href.startsWith("https:") };
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "compose.outTitle" });

export default function OutPage() {
  const t = useT();
  const { href, host, secure } = useLoaderData<typeof loader>();
  return (
    <Frame>
      <div className="stack head">
        <h1>{t("compose.outTitle")}</h1>
        <p className="out-host num">{host}</p>
        <p className="meta out-href">{href}</p>
        <p>{t("compose.outAbout")}</p>
        {secure ? null : <p className="note warn">{t("compose.outPlain")}</p>}
        <p>
          <a className="btn primary" href={href} rel="nofollow ugc noopener noreferrer">
            {t("compose.outGo")}
          </a>{" "}
          <Link className="btn quiet" to="/">
            {t("compose.outStay")}
          </Link>
        </p>
      </div>
    </Frame>
  );
}
