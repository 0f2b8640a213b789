import { data, type LinksFunction, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { isRouteErrorResponse, Link, Links, Meta, Outlet, Scripts, ScrollRestoration, useRouteError, useRouteLoaderData } from "@remix-run/react";
import type { ReactNode } from "react";
import { GateProvider } from "~/components/gate/GateProvider";
import { PageProvider } from "~/components/layout/page-context";
import { BottomNav, DemoBanner, Frame, Header } from "~/components/layout/Shell";
import { Flash } from "~/components/ui/Flash";
import { usePlainLinks } from "~/components/ui/PlainLink";
import { env } from "~/env.server";
import { takeFlash } from "~/http/flash.server";
import { useNonce } from "~/http/nonce";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { DEFAULT_LOCALE } from "~/i18n/locales";
import { LocaleProvider, useLaterVersion, useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import siteCss from "~/styles/site.css?url";

export const links: LinksFunction = () => [
  { rel: "stylesheet", href: siteCss },
  { rel: "icon", href: "/favicon.svg", type: "image/svg+xml" },
  { rel: "icon", href: "/favicon.ico", sizes: "32x32" },
  { rel: "apple-touch-icon", href: "/icon-180.png" },
  { rel: "manifest", href: "/manifest.webmanifest" },
];

/** What every page knows: language, reader, clock, and the one notice left by the page before. */
export async function loader({ request }: LoaderFunctionArgs) {
  const viewer = await getViewer(request);
  const { notice, setCookie } = takeFlash(request, new Date());
  return data(
    {
      locale: getLocale(request),
      viewer: viewer && { id: viewer.id, handle: viewer.handle, displayName: viewer.displayName, tier: viewer.tier },
      now: new Date().toISOString(),
      demo: env.DEMO,
      publicUrl: env.PUBLIC_URL,
      notice,
    },
    setCookie ? { headers: { "Set-Cookie": setCookie } } : undefined,
  );
}

/** Head of a page that could not be made: its own route had no chance to name it. Other pages replace this. */
export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "errors.pageTitle" });

/** The document around every page, errors included; it must stand without the root's data. */
export function Layout({ children }: { children: ReactNode }) {
  const root = useRouteLoaderData<typeof loader>("root");
  const nonce = useNonce();
  const locale = root?.locale ?? DEFAULT_LOCALE;
  // The title of a page may be a sentence that comes later.
  useLaterVersion();
  return (
    <html lang={locale} data-market={locale === "en" ? "west" : undefined}>
      <head>
        <meta charSet="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
        <meta name="theme-color" content="#fbfaf7" media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content="#141311" media="(prefers-color-scheme: dark)" />
        <Meta />
        <Links />
      </head>
      <body>
        <LocaleProvider locale={locale}>
          <PageProvider value={{ viewer: root?.viewer ?? null, now: root?.now ?? new Date(0).toISOString() }}>
            <GateProvider>
              <SkipLink />
              {root?.demo ? <DemoBanner /> : null}
              <Header />
              {children}
              <BottomNav />
              {root?.notice ? <Flash key={root.now} notice={root.notice} /> : null}
            </GateProvider>
          </PageProvider>
        </LocaleProvider>
        <ScrollRestoration nonce={nonce} />
        <Scripts nonce={nonce} />
      </body>
    </html>
  );
}

function SkipLink() {
  const t = useT();
  return (
    <a className="skip" href="#main">
      {t("common.skip")}
    </a>
  );
}

export default function App() {
  usePlainLinks();
  return <Outlet />;
}

/** What went wrong, what was kept, what to do next; one sentence each, for every status a page can have. */
export function ErrorBoundary() {
  const t = useT();
  const error = useRouteError();
  const status = isRouteErrorResponse(error) ? error.status : 500;
  const known = [401, 403, 404, 410, 422, 429, 503].includes(status) ? status : 500;
  const message = isRouteErrorResponse(error) && typeof error.data === "object" && error.data !== null ? String((error.data as { error?: unknown }).error ?? "") : "";
  return (
    <Frame>
      <div className="empty">
        <p className="meta num">{status}</p>
        <h1>{t(`errors.title.${known}`)}</h1>
        <p>{message || t(`errors.body.${known}`)}</p>
        <p className="row-between">
          <Link className="btn primary" to="/">
            {t("errors.toHome")}
          </Link>
          <Link className="btn" to="/latest">
            {t("errors.toLatest")}
          </Link>
          <Link className="btn quiet" to="/topics">
            {t("errors.toTopics")}
          </Link>
        </p>
      </div>
    </Frame>
  );
}
