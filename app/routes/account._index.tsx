import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, Link, useActionData, useLoaderData } from "@remix-run/react";
import { requireMemberById } from "@models/member.server";
import { AccountPage } from "~/components/account/AccountPage";
import { Field, FormError, refusalOf } from "~/components/account/Field";
import { TierCard } from "~/components/account/TierCard";
import { AccountForm } from "~/http/auth-forms.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { flashCookie } from "~/http/flash.server";
import { parseForm, typedValues } from "~/http/form.server";
import { getResumedText } from "~/http/resumed.server";
import { requireRole } from "~/http/session.server";
import { localeCookie } from "~/i18n/locale.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { changeHandle, changeProfile } from "~/services/accounts.server";
import { getTierView } from "~/services/tiers.server";

export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const viewer = await requireRole(request, "account");
    const [member, tier] = await Promise.all([requireMemberById(viewer.id), getTierView(viewer.id)]);
    const resumed = await getResumedText(request);
    const { handle, handleProposed, displayName, bio, language, role } = member;
    return { handle, handleProposed, displayName, bio, language, role, tier: tier?.tier ?? 0, next: tier?.next ?? null, resumed: resumed?.fields ?? {} };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireRole(request, "account");
    const form = await parseForm(AccountForm, request);
    const headers = new Headers();
    if (form.step === "handle") {
      await changeHandle({ memberId: viewer.id, handle: form.handle }, now);
    } else {
      const { displayName, bio, language } = form;
      await changeProfile({ memberId: viewer.id, change: { displayName, bio, language } }, now);
      headers.append("Set-Cookie", localeCookie(language));
    }
    headers.append("Set-Cookie", flashCookie({ key: "account.saved", tone: "good" }, now));
    return redirect("/account", { status: 303, headers });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "account.title" });

export default function Account() {
  const t = useT();
  const member = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  const ofProfile = refusal?.typed.step === "profile" ? refusal : null;
  const ofHandle = refusal?.typed.step === "handle" ? refusal : null;
  return (
    <AccountPage title={t("account.title")} lead={member.role === "member" ? undefined : t(`account.role.${member.role}`)}>
      <TierCard tier={member.tier} next={member.next} />
      {member.handleProposed ? (
        <Form method="post" noValidate>
          <h2>{t("account.chooseHandle")}</h2>
          <p className="sub">{t("account.chooseHandleLead", { handle: member.handle })}</p>
          <input type="hidden" name="step" value="handle" />
          <FormError refusal={ofHandle} fields={["handle"]} />
          <Field id="account-handle" name="handle" label={t("auth.handle")} hint={t("auth.handleHint")} autoComplete="username" autoCapitalize="none" spellCheck={false} required defaultValue={ofHandle?.typed.handle ?? member.resumed.handle ?? ""} error={ofHandle?.fields.handle} />
          <div className="steps">
            <button className="btn">{t("account.setHandle")}</button>
          </div>
        </Form>
      ) : null}
      <Form method="post" noValidate>
        <h2>{t("account.profile")}</h2>
        <input type="hidden" name="step" value="profile" />
        <FormError refusal={ofProfile} fields={["displayName", "bio"]} />
        <Field id="account-name" name="displayName" label={t("account.displayName")} autoComplete="nickname" required defaultValue={ofProfile?.typed.displayName ?? member.resumed.displayName ?? member.displayName} error={ofProfile?.fields.displayName} />
        <Field id="account-bio" label={t("account.bio")} hint={t("account.bioHint")} error={ofProfile?.fields.bio}>
          <textarea
            id="account-bio"
            name="bio"
            className="input"
            rows={4}
            aria-describedby={ofProfile?.fields.bio ? "account-bio-hint account-bio-err" : "account-bio-hint"}
            defaultValue={ofProfile?.typed.bio ?? member.resumed.bio ?? member.bio}
          />
        </Field>
        <Field id="account-language" label={t("account.language")}>
          <select id="account-language" name="language" className="input" defaultValue={ofProfile?.typed.language ?? member.resumed.language ?? member.language}>
            <option value="zh-CN" lang="zh-CN">
              中文
            </option>
            <option value="en" lang="en">
              English
            </option>
          </select>
        </Field>
        <div className="steps">
          <button className="btn primary">{t("account.save")}</button>
          <Link className="btn quiet" to={`/members/${member.handle}`}>
            {t("account.viewProfile")}
          </Link>
        </div>
      </Form>
      <Form method="post" action="/logout" className="steps">
        <button className="btn">{t("account.logOut")}</button>
      </Form>
    </AccountPage>
  );
}
