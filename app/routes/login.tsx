import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { AuthPage, WaitingAct } from "~/components/account/AuthPage";
import { refusalOf } from "~/components/account/Field";
import { PasswordStep, PhoneStep, Terms, wayTo } from "~/components/account/LoginForms";
import { LoginForm } from "~/http/auth-forms.server";
import { toFormRefusal } from "~/http/errors.server";
import { parseForm, typedValues } from "~/http/form.server";
import { finishLogin, gateView } from "~/http/login-flow.server";
import { safeRedirect } from "~/http/redirect.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { logInWithPassword, requestLoginCode } from "~/services/accounts.server";
import { getChallenge } from "~/services/codes.server";

/** Phone first, password as the other way. Someone who is logged in already goes straight on. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const intent = searchParams.get("intent") ?? "";
  const redirectTo = safeRedirect(searchParams.get("redirectTo"));
  if (await getViewer(request)) throw redirect(intent ? `/gate?intent=${encodeURIComponent(intent)}` : redirectTo);
  const gate = gateView(intent, new Date());
  return { gate, intent: gate ? intent : "", redirectTo: gate?.redirectTo ?? redirectTo, way: searchParams.get("with") === "password" ? "password" : "phone" };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  const address = context.clientAddress;
  try {
    const form = await parseForm(LoginForm, request);
    if (form.step === "password") {
      const member = await logInWithPassword({ handle: form.handle, password: form.password, address }, now);
      return await finishLogin(request, { ...form, member, address, created: false }, now);
    }
    const id = await requestLoginCode({ phone: form.phone, locale: getLocale(request), address }, now);
    if (form.sheet) return data({ ok: true as const, challenge: { id, ...(await getChallenge(id)) }, resent: false });
    return redirect(wayTo("/code", form, { c: id }), 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "auth.loginTitle" });

export default function Login() {
  const t = useT();
  const loaded = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  const busy = useNavigation().state === "submitting";
  // A refused form is drawn again as it was, whatever the address says.
  const way = refusal?.typed.step ?? loaded.way;
  const onTheWay = { intent: loaded.intent, redirectTo: loaded.redirectTo };
  const { gate } = loaded;
  return (
    <AuthPage title={t(gate ? gate.titleKey : "auth.loginTitle")} lead={gate ? <WaitingAct gate={gate} /> : t("auth.loginLead")}>
      {way === "password" ? (
        <PasswordStep as={Form} refusal={refusal} busy={busy} {...onTheWay}>
          <Link className="btn" to={wayTo("/login", onTheWay)}>
            {t("auth.withPhone")}
          </Link>
          <Link className="btn quiet" to={wayTo("/join", onTheWay)}>
            {t("auth.toJoin")}
          </Link>
          <Link className="btn quiet" to="/reset">
            {t("auth.forgot")}
          </Link>
        </PasswordStep>
      ) : (
        <PhoneStep as={Form} refusal={refusal} busy={busy} {...onTheWay}>
          <Link className="btn" to={wayTo("/login", onTheWay, { with: "password" })}>
            {t("auth.withPassword")}
          </Link>
          <Link className="btn quiet" to={onTheWay.redirectTo}>
            {t("gate.keepReading")}
          </Link>
        </PhoneStep>
      )}
      <Terms />
    </AuthPage>
  );
}
