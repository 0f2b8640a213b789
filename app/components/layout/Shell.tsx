import { useLocation } from "@remix-run/react";
import type { ReactNode } from "react";
import { Avatar } from "~/components/ui/Avatar";
import { Icon, type IconName } from "~/components/ui/Icon";
import { PlaceLink, PlainLink } from "~/components/ui/PlainLink";
import { otherLocale } from "~/i18n/locales";
import { useLocale, useT } from "~/i18n/react";
import { useViewer } from "./page-context";

/** The places of the product, in thumb order; the middle one writes. A phone has room for five: `wide` ones stand in the rail alone. */
const PLACES: { to: string; icon: IconName; key: string; end?: boolean; wide?: boolean }[] = [
  { to: "/", icon: "home", key: "common.home", end: true },
  { to: "/clips", icon: "clip", key: "common.clips" },
  { to: "/topics", icon: "topics", key: "common.topics", wide: true },
  { to: "/posts/new", icon: "plus", key: "common.write" },
  { to: "/saved", icon: "save", key: "common.saved" },
  { to: "/account", icon: "person", key: "common.me" },
];

export function DemoBanner() {
  const t = useT();
  return (
    <p className="demo" role="note">
      {t("common.demoBanner")} <PlainLink to="/outbox">{t("common.demoOutbox")}</PlainLink>
    </p>
  );
}

export function Header() {
  const t = useT();
  const viewer = useViewer();
  const { pathname, search } = useLocation();
  return (
    <header className="top">
      <div>
        <PlainLink className="brand" to="/">
          <i aria-hidden="true" />
          {t("common.brand")}
        </PlainLink>
        <PlainLink className="search" to="/search" discover>
          <Icon name="search" />
          <span>{t("common.searchHint")}</span>
        </PlainLink>
        {viewer ? (
          <PlainLink className="act-btn" to={`/members/${viewer.handle}`} aria-label={t("common.myProfile", { name: viewer.displayName })}>
            <Avatar name={viewer.displayName} />
          </PlainLink>
        ) : (
          <PlainLink className="btn small" to={`/login?redirectTo=${encodeURIComponent(pathname + search)}`} rel="nofollow" discover>
            {t("common.login")}
          </PlainLink>
        )}
      </div>
    </header>
  );
}

export function Rail() {
  const t = useT();
  const { pathname } = useLocation();
  // One primary button a screen: the composer has its own.
  const write = pathname === "/posts/new" ? undefined : PLACES.find((place) => place.icon === "plus");
  return (
    <div className="rail">
      <nav aria-label={t("common.mainNav")}>
        {PLACES.filter((place) => place.icon !== "plus").map((place) => (
          <PlaceLink key={place.to} at={pathname} to={place.to} end={place.end}>
            <Icon name={place.icon} />
            {t(place.key)}
          </PlaceLink>
        ))}
        {write ? (
          <PlainLink className="btn primary" to={write.to} rel="nofollow" discover>
            <Icon name="plus" />
            {t(write.key)}
          </PlainLink>
        ) : null}
      </nav>
    </div>
  );
}

export function BottomNav() {
  const t = useT();
  const { pathname } = useLocation();
  return (
    <nav className="bottom" aria-label={t("common.bottomNav")}>
      {PLACES.filter((place) => !place.wide).map((place) =>
        place.icon === "plus" ? (
          <PlainLink key={place.to} to={place.to} rel="nofollow">
            <span className="plus">
              <Icon name="plus" />
            </span>
            <span className="vh">{t(place.key)}</span>
          </PlainLink>
        ) : (
          <PlaceLink key={place.to} at={pathname} to={place.to} end={place.end}>
            <Icon name={place.icon} />
            {t(place.key)}
          </PlaceLink>
        ),
      )}
    </nav>
  );
}

/** Small print, and the language switch that keeps the page. */
export function Footer() {
  const t = useT();
  const locale = useLocale();
  const { pathname, search } = useLocation();
  const other = otherLocale(locale);
  return (
    <footer className="meta foot">
      <p>{t("common.notAdvice")}</p>
      <nav aria-label={t("common.about")}>
        <PlainLink to="/about">{t("common.about")}</PlainLink>
        <PlainLink to="/rules">{t("common.rules")}</PlainLink>
        <PlainLink to="/privacy">{t("common.privacy")}</PlainLink>
        <PlainLink to="/sharing">{t("common.sharing")}</PlainLink>
        <form method="post" action="/language" className="inline">
          <input type="hidden" name="lang" value={other} />
          <input type="hidden" name="redirectTo" value={pathname + search} />
          <button type="submit" lang={other}>
            {other === "en" ? "English" : "中文"}
          </button>
        </form>
      </nav>
    </footer>
  );
}

/** The three-column frame: places, the reading column, what stands beside it. On a phone the aside comes last. */
export function Frame({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  return (
    <div className="page">
      <Rail />
      <main className="main" id="main" tabIndex={-1}>
        {children}
      </main>
      <aside className="aside">
        {aside}
        <Footer />
      </aside>
    </div>
  );
}
