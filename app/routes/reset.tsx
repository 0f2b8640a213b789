import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData, useNavigation } from "@remix-run/react";
import { AuthPage } from "~/components/account/AuthPage";
import { Field, FormError, refusalOf } from "~/components/account/Field";
import { CodeField, DemoMessage } from "~/components/account/LoginForms";
import { ResetForm } from "~/http/auth-forms.server";
import { toFormRefusal } from "~/http/errors.server";
import { flashCookie } from "~/http/flash.server";
import { parseForm, typedValues } from "~/http/form.server";
import { startSession } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { requestReset, resetPassword } from "~/services/accounts.server";
import { getChallenge, resendCode } from "~/services/codes.server";
import { PASSWORD_LENGTH_MIN } from "~/services/password-policy";

/** A new password by a code to the phone or the e-mail address of the account. The page never says whether there is one. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  const id = searchParams.get("c") ?? "";
  const challenge = /^[\w-]{1,40}$/.test(id) ? await getChallenge(id) : null;
  return { challenge: challenge?.purpose === "reset" ? { id, ...challenge } : null, resent: searchParams.get("resent") === "1" };
}

export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  const address = context.clientAddress;
  const locale = getLocale(request);
  try {
    const form = await parseForm(ResetForm, request);
    if (form.step === "contact") {
      const id = await requestReset({ contact: form.contact, locale, address }, now);
      return redirect(`/reset?c=${id}`, 303);
    }
    if (form.step === "resend") {
      await resendCode({ id: form.c, locale, address }, now);
      return redirect(`/reset?c=${form.c}&resent=1`, 303);
    }
    const member = await resetPassword({ challengeId: form.c, code: form.code, password: form.password, address }, now);
    const headers = new Headers();
    headers.append("Set-Cookie", await startSession(request, { memberId: member._id, remember: false, address }, now));
    headers.append("Set-Cookie", flashCookie({ key: "auth.resetDone", tone: "good" }, now));
    return redirect("/account", { status: 303, headers });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "auth.resetTitle" });

export default function Reset() {
  const t = useT();
  const { challenge, resent } = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  const busy = useNavigation().state === "submitting";
  if (!challenge) {
    return (
      <AuthPage title={t("auth.resetTitle")} lead={t("auth.resetLead")}>
        <Form method="post" action="/reset" noValidate>
          <input type="hidden" name="step" value="contact" />
          <FormError refusal={refusal} fields={["contact"]} />
          <Field
            id="reset-contact"
            name="contact"
            label={t("auth.contact")}
            autoComplete="email"
            autoCapitalize="none"
            required
            defaultValue={refusal?.typed.contact ?? ""}
            error={refusal?.fields.contact}
          />
          <div className="steps">
            <button className="btn primary" aria-busy={busy}>
              {t("auth.getCode")}
            </button>
            <Link className="btn quiet" to="/login?with=password">
              {t("auth.toLogin")}
            </Link>
          </div>
        </Form>
      </AuthPage>
    );
  }
  return (
    <AuthPage title={t("auth.resetTitle")} lead={t("auth.resetSent", { to: challenge.maskedTo })}>
      {resent && !refusal ? (
        <p className="note good" role="status">
          {t("auth.codeResent")}
        </p>
      ) : null}
      <DemoMessage text={challenge.demoText} />
      <Form method="post" action={`/reset?c=${challenge.id}`} noValidate>
        <input type="hidden" name="step" value="password" />
        <input type="hidden" name="c" value={challenge.id} />
        <FormError refusal={refusal} fields={["code", "password"]} />
        <CodeField refusal={refusal} />
        <Field
          id="reset-password"
          name="password"
          label={t("auth.newPassword")}
          hint={t("auth.passwordHint", { count: PASSWORD_LENGTH_MIN })}
          type="password"
          autoComplete="new-password"
          required
          error={refusal?.fields.password}
        />
        <p className="hint">{t("auth.resetEndsSessions")}</p>
        <div className="steps">
          <button className="btn primary" aria-busy={busy}>
            {t("auth.setPassword")}
          </button>
        </div>
      </Form>
      <Form method="post" action={`/reset?c=${challenge.id}`} className="steps">
        <input type="hidden" name="step" value="resend" />
        <input type="hidden" name="c" value={challenge.id} />
        <button className="btn">{t("auth.resend")}</button>
      </Form>
    </AuthPage>
  );
}
