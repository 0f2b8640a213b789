import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { requireMemberById } from "@models/member.server";
import { AccountPage } from "~/components/account/AccountPage";
import { Field, FormError, refusalOf } from "~/components/account/Field";
import { ChangePasswordForm } from "~/http/auth-forms.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { flashCookie } from "~/http/flash.server";
import { parseForm, typedValues } from "~/http/form.server";
import { requireRole, rotateSession } from "~/http/session.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { changePassword } from "~/services/accounts.server";
import { PASSWORD_LENGTH_MIN } from "~/services/password-policy";

export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const viewer = await requireRole(request, "account");
    const member = await requireMemberById(viewer.id);
    return { handle: member.handle, hasPassword: member.passwordHash !== null };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireRole(request, "account");
    const form = await parseForm(ChangePasswordForm, request);
    await changePassword({ memberId: viewer.id, ...form }, now);
    const headers = new Headers();
    headers.append("Set-Cookie", await rotateSession(request, { memberId: viewer.id, address: context.clientAddress }, now));
    headers.append("Set-Cookie", flashCookie({ key: "account.passwordChanged", tone: "good" }, now));
    return redirect("/account/sessions", { status: 303, headers });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "account.password" });

export default function Password() {
  const t = useT();
  const { handle, hasPassword } = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  return (
    <AccountPage title={t("account.password")} lead={t(hasPassword ? "account.passwordLead" : "account.noPasswordLead")}>
      <Form method="post" noValidate>
        {/* Password managers file the new password under this name. */}
        <input type="hidden" name="username" autoComplete="username" value={handle} readOnly />
        <FormError refusal={refusal} fields={["currentPassword", "newPassword"]} />
        {hasPassword ? (
          <Field id="current-password" name="currentPassword" label={t("account.currentPassword")} type="password" autoComplete="current-password" required error={refusal?.fields.currentPassword} />
        ) : null}
        <Field
          id="new-password"
          name="newPassword"
          label={t("auth.newPassword")}
          hint={t("auth.passwordHint", { count: PASSWORD_LENGTH_MIN })}
          type="password"
          autoComplete="new-password"
          required
          error={refusal?.fields.newPassword}
        />
        <p className="hint">{t("auth.resetEndsSessions")}</p>
        <div className="steps">
          <button className="btn primary">{t("auth.setPassword")}</button>
        </div>
      </Form>
    </AccountPage>
  );
}
