import { NavLink } from "@remix-run/react";
import type { ReactNode } from "react";
import { Frame } from "~/components/layout/Shell";
import { useT } from "~/i18n/react";

const PARTS = [
  { to: "/account", key: "account.profile", end: true },
  { to: "/account/sessions", key: "account.sessions", end: false },
  { to: "/account/password", key: "account.password", end: false },
  { to: "/account/contact", key: "account.contact", end: false },
  { to: "/account/real-name", key: "account.realName", end: false },
  { to: "/media", key: "media.list.title", end: true },
] as const;

/** One part of the account, with the way to the others and out. */
export function AccountPage({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  const t = useT();
  return (
    <Frame>
      <nav className="tabs" aria-label={t("account.nav")}>
        {PARTS.map((part) => (
          <NavLink key={part.to} to={part.to} end={part.end}>
            {t(part.key)}
          </NavLink>
        ))}
      </nav>
      <header className="head">
        <h1>{title}</h1>
        {lead ? <p className="meta">{lead}</p> : null}
      </header>
      <div className="account">{children}</div>
    </Frame>
  );
}
