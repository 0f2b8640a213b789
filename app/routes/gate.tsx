import { redirect, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useLoaderData } from "@remix-run/react";
import { AuthPage, WaitingAct } from "~/components/account/AuthPage";
import { PhoneStep, Terms, wayTo } from "~/components/account/LoginForms";
import { gateView } from "~/http/login-flow.server";
import { getViewer } from "~/http/session.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";

/**
 * The gate as a page: where a gated form of a guest without scripts leads. Someone who has logged in meanwhile (in
 * another tab) gets one button to do what was tried: a link alone never acts.
 */
export async function loader({ request }: LoaderFunctionArgs) {
  const token = new URL(request.url).searchParams.get("intent");
  const gate = gateView(token, new Date());
  if (!gate) throw redirect("/login");
  const viewer = await getViewer(request);
  return { gate, loggedIn: viewer !== null };
}

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({ matches, location, kind: "private", titleKey: loaded?.gate.titleKey ?? "auth.loginTitle" });

export default function Gate() {
  const t = useT();
  const { gate, loggedIn } = useLoaderData<typeof loader>();
  const onTheWay = { intent: gate.token, redirectTo: gate.redirectTo };
  if (loggedIn) {
    return (
      <AuthPage title={t("gate.loggedInTitle")} lead={t("gate.loggedInLead")}>
        <Form method="post" action="/intents/resume" className="steps">
          <input type="hidden" name="intent" value={gate.token} />
          <button className="btn primary">{t("gate.doItNow")}</button>
          <Link className="btn quiet" to={gate.redirectTo}>
            {t("gate.keepReading")}
          </Link>
        </Form>
      </AuthPage>
    );
  }
  return (
    <AuthPage title={t(gate.titleKey)} lead={<WaitingAct gate={gate} />}>
      <PhoneStep as={Form} refusal={null} busy={false} {...onTheWay}>
        <Link className="btn" to={wayTo("/login", onTheWay, { with: "password" })}>
          {t("auth.withPassword")}
        </Link>
        <Link className="btn quiet" to={gate.redirectTo}>
          {t("gate.keepReading")}
        </Link>
      </PhoneStep>
      <Terms />
    </AuthPage>
  );
}
