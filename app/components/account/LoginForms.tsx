import { Link, type FormProps } from "@remix-run/react";
import type { ComponentType, ReactNode } from "react";
import { useT } from "~/i18n/react";
import { Field, FormError, type Refusal } from "./Field";

/** What every step carries on to the next: the act that waits and the page to return to. */
export interface OnTheWay {
  intent: string;
  redirectTo: string;
  /** True inside the gate sheet, which draws the next step itself. */
  sheet?: boolean;
}

interface StepProps extends OnTheWay {
  /** `Form` on a page, `fetcher.Form` in the sheet. */
  as: ComponentType<FormProps>;
  refusal: Refusal | null;
  busy: boolean;
}

function Hidden({ intent, redirectTo, sheet }: OnTheWay) {
  return (
    <>
      <input type="hidden" name="intent" value={intent} />
      <input type="hidden" name="redirectTo" value={redirectTo} />
      {sheet ? <input type="hidden" name="sheet" value="on" /> : null}
    </>
  );
}

/** A refused form is drawn at the address it was sent to, so on a page that address names the act and the place again. */
function formAction(path: string, way: OnTheWay, more: Record<string, string> = {}): string {
  return way.sheet ? path : wayTo(path, way, more);
}

/** Step one: a phone number. `children` are the other ways on. */
export function PhoneStep({ as: Form, refusal, busy, children, ...way }: StepProps & { children?: ReactNode }) {
  const t = useT();
  return (
    <Form method="post" action={formAction("/login", way)} noValidate preventScrollReset={way.sheet}>
      <input type="hidden" name="step" value="phone" />
      <Hidden {...way} />
      <FormError refusal={refusal} fields={["phone"]} />
      <Field
        id="gate-phone"
        name="phone"
        label={t("auth.phone")}
        placeholder={t("auth.phonePlaceholder")}
        className="input num"
        type="tel"
        inputMode="tel"
        autoComplete="tel"
        required
        defaultValue={refusal?.typed.phone ?? ""}
        error={refusal?.fields.phone}
      />
      <div className="steps">
        <button className="btn primary" aria-busy={busy}>
          {busy ? t("auth.sendingCode") : t("auth.getCode")}
        </button>
        {children}
      </div>
    </Form>
  );
}

/** Step one, the other way: handle and password. */
export function PasswordStep({ as: Form, refusal, busy, children, ...way }: StepProps & { children?: ReactNode }) {
  const t = useT();
  return (
    <Form method="post" action={formAction("/login", way, { with: "password" })} noValidate preventScrollReset={way.sheet}>
      <input type="hidden" name="step" value="password" />
      <Hidden {...way} />
      <FormError refusal={refusal} fields={["handle", "password"]} />
      <Field
        id="gate-handle"
        name="handle"
        label={t("auth.handle")}
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        defaultValue={refusal?.typed.handle ?? ""}
        error={refusal?.fields.handle}
      />
      <Field
        id="gate-password"
        name="password"
        label={t("auth.password")}
        type="password"
        autoComplete="current-password"
        required
        error={refusal?.fields.password}
      />
      <Remember />
      <div className="steps">
        <button className="btn primary" aria-busy={busy}>
          {busy ? t("auth.loggingIn") : t("auth.logIn")}
        </button>
        {children}
      </div>
    </Form>
  );
}

export function Remember() {
  const t = useT();
  return (
    <label className="check">
      <input type="checkbox" name="remember" value="on" defaultChecked />
      {t("auth.remember")}
    </label>
  );
}

export interface Challenge {
  id: string;
  maskedTo: string;
  demoText: string | null;
}

/** The message that the demo shows in place of sending it. */
export function DemoMessage({ text }: { text: string | null }) {
  const t = useT();
  return text ? (
    <p className="note warn" role="status">
      {t("auth.demoMessage")} {text}
    </p>
  ) : null;
}

export function CodeField({ refusal }: { refusal: Refusal | null }) {
  const t = useT();
  return (
    <Field
      id="gate-code"
      name="code"
      label={t("auth.code")}
      className="input num code"
      inputMode="numeric"
      autoComplete="one-time-code"
      required
      hint={t("auth.codeHint")}
      error={refusal?.fields.code}
    />
  );
}

/** Step two: the six digits. Sending them again keeps the form and starts the five minutes anew. */
export function CodeStep({ as: Form, refusal, busy, challenge, resent, children, ...way }: StepProps & { challenge: Challenge; resent: boolean; children?: ReactNode }) {
  const t = useT();
  return (
    <>
      <p className="sub">{t("auth.codeSentTo", { to: challenge.maskedTo })}</p>
      {resent ? (
        <p className="note good" role="status">
          {t("auth.codeResent")}
        </p>
      ) : null}
      <DemoMessage text={challenge.demoText} />
      <Form method="post" action={formAction("/code", way, { c: challenge.id })} noValidate preventScrollReset={way.sheet}>
        <input type="hidden" name="step" value="code" />
        <input type="hidden" name="c" value={challenge.id} />
        <Hidden {...way} />
        <FormError refusal={refusal} fields={["code"]} />
        <CodeField refusal={refusal} />
        <Remember />
        <div className="steps">
          <button className="btn primary" aria-busy={busy}>
            {busy ? t("auth.loggingIn") : t("auth.logIn")}
          </button>
        </div>
      </Form>
      <Form method="post" action={formAction("/code", way, { c: challenge.id })} className="steps" preventScrollReset={way.sheet}>
        <input type="hidden" name="step" value="resend" />
        <input type="hidden" name="c" value={challenge.id} />
        <Hidden {...way} />
        <button className="btn">{t("auth.resend")}</button>
        {children}
      </Form>
    </>
  );
}

/** What joining agrees to, and what it does not switch on. */
export function Terms() {
  const t = useT();
  return (
    <p className="meta terms">
      {t("auth.termsBefore")}
      <Link className="link" to="/rules">
        {t("auth.termsRules")}
      </Link>
      {t("auth.termsBetween")}
      <Link className="link" to="/privacy">
        {t("auth.termsPrivacy")}
      </Link>
      {t("auth.termsAfter")}
    </p>
  );
}

/** A link to another step that keeps the act that waits and the page to return to. */
export function wayTo(path: string, { intent, redirectTo }: Pick<OnTheWay, "intent" | "redirectTo">, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(more);
  if (intent) query.set("intent", intent);
  if (redirectTo && redirectTo !== "/") query.set("redirectTo", redirectTo);
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}
