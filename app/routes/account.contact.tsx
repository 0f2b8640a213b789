import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData } from "@remix-run/react";
import { NotFound } from "@models/errors";
import { requireMemberById } from "@models/member.server";
import { AccountPage } from "~/components/account/AccountPage";
import { Field, FormError, refusalOf } from "~/components/account/Field";
import { CodeField, DemoMessage } from "~/components/account/LoginForms";
import { ContactForm } from "~/http/auth-forms.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { flashCookie } from "~/http/flash.server";
import { parseForm, typedValues } from "~/http/form.server";
import { requireRole, rotateSession } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { requestContactCode, verifyContact } from "~/services/accounts.server";
import { getChallenge, mask, resendCode } from "~/services/codes.server";

/** Phone and e-mail: each is added by entering the code that was sent to it. */
export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const viewer = await requireRole(request, "account");
    const { searchParams } = new URL(request.url);
    const id = searchParams.get("c") ?? "";
    const [member, challenge] = await Promise.all([requireMemberById(viewer.id), /^[\w-]{1,40}$/.test(id) ? getChallenge(id) : null]);
    const ours = challenge?.purpose === "phone" || challenge?.purpose === "email" ? { id, ...challenge } : null;
    return { phone: member.phone && mask(member.phone), email: member.email && mask(member.email), challenge: ours, resent: searchParams.get("resent") === "1" };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  const address = context.clientAddress;
  const locale = getLocale(request);
  try {
    const viewer = await requireRole(request, "account");
    const form = await parseForm(ContactForm, request);
    if (form.step === "contact") {
      const id = await requestContactCode({ memberId: viewer.id, contact: form.contact, locale, address }, now);
      return redirect(`/account/contact?c=${id}`, 303);
    }
    if (form.step === "resend") {
      await resendCode({ id: form.c, locale, address }, now);
      return redirect(`/account/contact?c=${form.c}&resent=1`, 303);
    }
    const challenge = await getChallenge(form.c);
    if (!challenge) throw new NotFound("challenge");
    const purpose = challenge.purpose === "email" ? "email" : "phone";
    await verifyContact({ memberId: viewer.id, challengeId: form.c, code: form.code, purpose, address }, now);
    const headers = new Headers();
    headers.append("Set-Cookie", await rotateSession(request, { memberId: viewer.id, address }, now));
    headers.append("Set-Cookie", flashCookie({ key: purpose === "phone" ? "account.phoneVerified" : "account.emailVerified", tone: "good" }, now));
    return redirect("/account/contact", { status: 303, headers });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "account.contact" });

export default function Contact() {
  const t = useT();
  const { phone, email, challenge, resent } = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  return (
    <AccountPage title={t("account.contact")} lead={t("account.contactLead")}>
      <ul>
        <li className="line split">
          <span>{t("auth.phone")}</span>
          <span className="num">{phone ?? t("account.none")}</span>
        </li>
        <li className="line split">
          <span>{t("auth.email")}</span>
          <span>{email ?? t("account.none")}</span>
        </li>
      </ul>
      {challenge ? (
        <>
          <p className="sub">{t("auth.codeSentTo", { to: challenge.maskedTo })}</p>
          {resent && !refusal ? (
            <p className="note good" role="status">
              {t("auth.codeResent")}
            </p>
          ) : null}
          <DemoMessage text={challenge.demoText} />
          <Form method="post" noValidate>
            <input type="hidden" name="step" value="code" />
            <input type="hidden" name="c" value={challenge.id} />
            <FormError refusal={refusal} fields={["code"]} />
            <CodeField refusal={refusal} />
            <div className="steps">
              <button className="btn primary">{t("account.confirm")}</button>
            </div>
          </Form>
          <Form method="post" className="steps">
            <input type="hidden" name="step" value="resend" />
            <input type="hidden" name="c" value={challenge.id} />
            <button className="btn">{t("auth.resend")}</button>
            <Link className="btn quiet" to="/account/contact">
              {t("auth.otherNumber")}
            </Link>
          </Form>
        </>
      ) : (
        <Form method="post" noValidate>
          <input type="hidden" name="step" value="contact" />
          <FormError refusal={refusal} fields={["contact"]} />
          <Field id="contact" name="contact" label={t("auth.contact")} autoCapitalize="none" autoComplete="off" required defaultValue={refusal?.typed.contact ?? ""} error={refusal?.fields.contact} />
          <div className="steps">
            <button className="btn primary">{t("auth.getCode")}</button>
          </div>
        </Form>
      )}
    </AccountPage>
  );
}
