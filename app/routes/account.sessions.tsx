import { redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useLoaderData } from "@remix-run/react";
import { NotFound } from "@models/errors";
import { AccountPage } from "~/components/account/AccountPage";
import { Time } from "~/components/ui/Time";
import { deviceOf } from "~/format/device";
import { SessionsForm } from "~/http/auth-forms.server";
import { toResponse, toThrown } from "~/http/errors.server";
import { flashCookie } from "~/http/flash.server";
import { parseForm } from "~/http/form.server";
import { requireSession } from "~/http/session.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { listSessions, revokeOtherSessions, revokeSession } from "~/services/sessions.server";

export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const { viewer, sessionKey } = await requireSession(request);
    const sessions = await listSessions(viewer.id, sessionKey, new Date());
    return { sessions: sessions.map(({ userAgent, ...session }) => ({ ...session, device: deviceOf(userAgent) })) };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const { viewer, sessionKey } = await requireSession(request);
    const form = await parseForm(SessionsForm, request);
    if (form.step === "one" && !(await revokeSession(viewer.id, form.key))) throw new NotFound("session");
    const count = form.step === "others" ? await revokeOtherSessions(viewer.id, sessionKey) : 1;
    return redirect("/account/sessions", { status: 303, headers: { "Set-Cookie": flashCookie({ key: "account.sessionsEnded", tone: "good", params: { count } }, now) } });
  } catch (error) {
    return toResponse(error, request);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "account.sessions" });

export default function Sessions() {
  const t = useT();
  const { sessions } = useLoaderData<typeof loader>();
  return (
    <AccountPage title={t("account.sessions")} lead={t("account.sessionsLead")}>
      <ul>
        {sessions.map((session) => (
          <li key={session.key} className="line split">
            <div>
              <b>{session.device ?? t("account.unknownDevice")}</b> {session.current ? <span className="chip act">{t("account.thisDevice")}</span> : null}
              <p className="meta">
                {session.address ? <span className="num">{session.address} · </span> : null}
                {t("account.lastSeen")} <Time iso={session.lastSeenAt} />
              </p>
            </div>
            {session.current ? null : (
              <Form method="post">
                <input type="hidden" name="step" value="one" />
                <input type="hidden" name="key" value={session.key} />
                <button className="btn small" aria-label={`${t("account.endSession")} · ${session.device ?? t("account.unknownDevice")}`}>
                  {t("account.endSession")}
                </button>
              </Form>
            )}
          </li>
        ))}
      </ul>
      {sessions.length > 1 ? (
        <Form method="post" className="steps">
          <input type="hidden" name="step" value="others" />
          <button className="btn">{t("account.endOthers")}</button>
        </Form>
      ) : null}
      <Form method="post" action="/logout" className="steps">
        <input type="hidden" name="everywhere" value="true" />
        <button className="btn">{t("account.logOutEverywhere")}</button>
      </Form>
    </AccountPage>
  );
}
