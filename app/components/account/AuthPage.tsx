import type { ReactNode } from "react";
import { useT } from "~/i18n/react";

/** A page with one form in the middle: the gate without scripts, and every way in. It looks like the sheet it stands for. */
export function AuthPage({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <div className="page auth">
      <main className="main" id="main" tabIndex={-1}>
        <section className="sheet flat" aria-labelledby="auth-title">
          <h1 id="auth-title">{title}</h1>
          {lead ? <div className="sub">{lead}</div> : null}
          {children}
        </section>
      </main>
    </div>
  );
}

/** What waits behind the login, said above its form. */
export function WaitingAct({ gate }: { gate: { promiseKey: string; state: "open" | "expired" } }) {
  const t = useT();
  if (gate.state === "expired") return <p className="note warn">{t("gate.expiredBefore")}</p>;
  return (
    <p>
      {t(gate.promiseKey)}
      {t("gate.readingIsFree")}
    </p>
  );
}
