import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { AuthPage, WaitingAct } from "~/components/account/AuthPage";
import { Field, FormError, refusalOf } from "~/components/account/Field";
import { Remember, Terms, wayTo } from "~/components/account/LoginForms";
import { JoinForm } from "~/http/auth-forms.server";
import { toFormRefusal } from "~/http/errors.server";
import { parseForm, typedValues } from "~/http/form.server";
import { finishLogin, gateView } from "~/http/login-flow.server";
import { safeRedirect } from "~/http/redirect.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { join } from "~/services/accounts.server";
import { PASSWORD_LENGTH_MIN } from "~/services/password-policy";

/** Joining with a handle and a password; by phone, the first login joins. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const intent = searchParams.get("intent") ?? "";
  const redirectTo = safeRedirect(searchParams.get("redirectTo"));
  if (await getViewer(request)) throw redirect(intent ? `/gate?intent=${encodeURIComponent(intent)}` : redirectTo);
  const gate = gateView(intent, new Date());
  return { gate, intent: gate ? intent : "", redirectTo: gate?.redirectTo ?? redirectTo };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  const address = context.clientAddress;
  try {
    const form = await parseForm(JoinForm, request);
    const member = await join({ handle: form.handle, password: form.password, locale: getLocale(request), address }, now);
    return await finishLogin(request, { ...form, member, address, created: true }, now);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "auth.joinTitle" });

export default function Join() {
  const t = useT();
  const loaded = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  const busy = useNavigation().state === "submitting";
  const onTheWay = { intent: loaded.intent, redirectTo: loaded.redirectTo };
  return (
    <AuthPage title={t("auth.joinTitle")} lead={loaded.gate ? <WaitingAct gate={loaded.gate} /> : t("auth.joinLead")}>
      <Form method="post" action={wayTo("/join", onTheWay)} noValidate>
        <input type="hidden" name="intent" value={onTheWay.intent} />
        <input type="hidden" name="redirectTo" value={onTheWay.redirectTo} />
        <FormError refusal={refusal} fields={["handle", "password"]} />
        <Field
          id="join-handle"
          name="handle"
          label={t("auth.handle")}
          hint={t("auth.handleHint")}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          defaultValue={refusal?.typed.handle ?? ""}
          error={refusal?.fields.handle}
        />
        <Field
          id="join-password"
          name="password"
          label={t("auth.password")}
          hint={t("auth.passwordHint", { count: PASSWORD_LENGTH_MIN })}
          type="password"
          autoComplete="new-password"
          required
          error={refusal?.fields.password}
        />
        <Remember />
        <div className="steps">
          <button className="btn primary" aria-busy={busy}>
            {busy ? t("auth.joining") : t("auth.join")}
          </button>
          <Link className="btn" to={wayTo("/login", onTheWay)}>
            {t("auth.withPhone")}
          </Link>
          <Link className="btn quiet" to={onTheWay.redirectTo}>
            {t("gate.keepReading")}
          </Link>
        </div>
      </Form>
      <Terms />
    </AuthPage>
  );
}
