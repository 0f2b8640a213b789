import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { requireMemberById } from "@models/member.server";
import { AccountPage } from "~/components/account/AccountPage";
import { Field, FormError, refusalOf } from "~/components/account/Field";
import { env } from "~/env.server";
import { RealNameForm } from "~/http/auth-forms.server";
import { toFormRefusal, toThrown } from "~/http/errors.server";
import { flashCookie } from "~/http/flash.server";
import { parseForm, typedValues } from "~/http/form.server";
import { requireRole, rotateSession } from "~/http/session.server";
import { useT } from "~/i18n/react";
import { metaFor } from "~/seo/meta";
import { verifyRealName } from "~/services/mainland.server";
import { consume } from "~/services/rate-limit.server";

/** Each try costs money at a verification service and tells something about a person. */
const TRIES_PER_MEMBER = { name: "realName.member", times: 5, windowSec: 86_400 };

export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const viewer = await requireRole(request, "account");
    return { verified: viewer.realNameVerified, demo: env.DEMO };
  } catch (error) {
    throw toThrown(error, request);
  }
}

export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireRole(request, "account");
    const claim = await parseForm(RealNameForm, request);
    await consume(TRIES_PER_MEMBER, viewer.id, now);
    const member = await requireMemberById(viewer.id);
    await verifyRealName({ memberId: viewer.id, phone: member.phone, claim }, now);
    const headers = new Headers();
    headers.append("Set-Cookie", await rotateSession(request, { memberId: viewer.id, address: context.clientAddress }, now));
    headers.append("Set-Cookie", flashCookie({ key: "account.realNameDone", tone: "good" }, now));
    return redirect("/account/real-name", { status: 303, headers });
  } catch (error) {
    const { view, init } = toFormRefusal(error, request);
    return data({ ...view, typed: await typedValues(request) }, init);
  }
}

export const meta: MetaFunction<typeof loader> = ({ matches, location }) => metaFor({ matches, location, kind: "private", titleKey: "account.realName" });

export default function RealName() {
  const t = useT();
  const { verified, demo } = useLoaderData<typeof loader>();
  const refusal = refusalOf(useActionData<typeof action>());
  return (
    <AccountPage title={t("account.realName")} lead={t("account.realNameLead")}>
      {verified ? (
        <p className="note good">{t("account.realNameVerified")}</p>
      ) : (
        <Form method="post" noValidate>
          <FormError refusal={refusal} fields={["name", "idNumber"]} />
          <Field id="real-name" name="name" label={t("account.legalName")} autoComplete="name" required defaultValue={refusal?.typed.name ?? ""} error={refusal?.fields.name} />
          <Field
            id="id-number"
            name="idNumber"
            label={t("account.idNumber")}
            className="input num"
            autoComplete="off"
            required
            hint={demo ? t("account.idNumberDemo") : undefined}
            defaultValue={refusal?.typed.idNumber ?? ""}
            error={refusal?.fields.idNumber}
          />
          <div className="steps">
            <button className="btn primary">{t("account.verify")}</button>
          </div>
        </Form>
      )}
    </AccountPage>
  );
}
