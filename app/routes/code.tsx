import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { AuthPage, WaitingAct } from "~/components/account/AuthPage";
import { refusalOf } from "~/components/account/Field";
import { CodeStep, wayTo } from "~/components/account/LoginForms";
import { CodeForm } from "~/http/auth-forms.server";
import { toFormRefusal } from "~/http/errors.server";
import { parseForm, typedValues } from "~/http/form.server";
import { finishLogin, gateView } from "~/http/login-flow.server";
import { safeRedirect } from "~/http/redirect.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { logInWithCode } from "~/services/accounts.server";
import { getChallenge, resendCode } from "~/services/codes.server";

/** The six digits. A challenge that was used or is unknown leads back to the beginning, with the act kept. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const intent = searchParams.get("intent") ?? "";
  const redirectTo = safeRedirect(searchParams.get("redirectTo"));
  const id = searchParams.get("c") ?? "";
  const challenge = /^[\w-]{1,40}$/.test(id) ? await getChallenge(id) : null;
  if (!challenge || challenge.purpose !== "login") throw redirect(wayTo("/login", { intent, redirectTo }));
  return { challenge: { id, ...challenge }, gate: gateView(intent, new Date()), intent, redirectTo, resent: searchParams.get("resent") === "1" };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  const address = context.clientAddress;
  const locale = getLocale(request);
  try {
    const form = await parseForm(CodeForm, request);
    if (form.step === "code") {
      const { member, created } = await logInWithCode({ challengeId: form.c, code: form.code, locale, address }, now);
      return await finishLogin(request, { ...form, member, created, address }, now);
    }
    await resendCode({ id: form.c, locale, address }, now);
    if (form.sheet) return data({ ok: true as const, challenge: { id: form.c, ...(await getChallenge(form.c)) }, resent: true });
    return redirect(wayTo("/code", form, { c: form.c, resent: "1" }), 303);
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "auth.codeTitle" });

export default function Code() {
  const t = useT();
  const { challenge, gate, intent, redirectTo, resent } = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  const busy = useNavigation().state === "submitting";
  return (
    <AuthPage title={gate ? t(gate.titleKey) : t("auth.codeTitle")} lead={gate ? <WaitingAct gate={gate} /> : null}>
      <CodeStep as={Form} refusal={refusal} busy={busy} challenge={challenge} resent={resent && !refusal} intent={intent} redirectTo={redirectTo}>
        <Link className="btn quiet" to={wayTo("/login", { intent, redirectTo })}>
          {t("auth.otherNumber")}
        </Link>
      </CodeStep>
    </AuthPage>
  );
}
