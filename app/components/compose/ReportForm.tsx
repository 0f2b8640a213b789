import { Form, Link, useLocation } from "@remix-run/react";
import { Frame } from "~/components/layout/Shell";
import { REPORT_DETAIL_MAX } from "~/format/post-limits";
import { useT } from "~/i18n/react";

export interface ReportFormProps {
  /** Where the form goes; a guest's report waits behind the login under this address. */
  action: string;
  kind: "post" | "comment" | "member";
  name: string;
  reasons: readonly string[];
  back: string;
  filed: "new" | "before" | null;
  typed: { reason: string; detail: string };
  error: string | null;
}

/** The page of a report: its form, or the thanks for it. `target` and `answer` are what the loader and the action give. */
export function ReportScreen({ target, answer, back }: { target: Pick<ReportFormProps, "kind" | "name" | "reasons">; answer: Pick<ReportFormProps, "filed" | "typed" | "error"> | undefined; back: string }) {
  const { pathname } = useLocation();
  const { filed, typed, error } = answer ?? { filed: null, typed: { reason: "", detail: "" }, error: null };
  return (
    <Frame>
      <ReportForm kind={target.kind} name={target.name} reasons={target.reasons} action={pathname} back={back} filed={filed} typed={typed} error={error} />
    </Frame>
  );
}

/** What is wrong, in the words of the rules; said once, stored once, and answered in place. */
export function ReportForm({ action, kind, name, reasons, back, filed, typed, error }: ReportFormProps) {
  const t = useT();
  if (filed) {
    return (
      <div className="stack head">
        <h1>{t("report.thanks")}</h1>
        <p>{t(filed === "new" ? "report.filed" : "report.filedBefore")}</p>
        <p>
          <Link className="btn" to={back}>
            {t("report.back")}
          </Link>
        </p>
      </div>
    );
  }
  return (
    <Form method="post" action={action} className="stack head">
      <h1>{t(`report.title.${kind}`)}</h1>
      <p className="meta">{name}</p>
      {error ? (
        <p className="err" role="alert">
          {error}
        </p>
      ) : null}
      <fieldset className="reasons">
        <legend className="label">{t("report.reason")}</legend>
        {reasons.map((reason) => (
          <label key={reason} className="reason">
            <input type="radio" name="reason" value={reason} required defaultChecked={typed.reason === reason} />
            <span>
              {t(`report.reason.${reason}`)}
              <span className="hint">{t(`report.about.${reason}`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <div className="field">
        <label htmlFor="detail">{t("report.detail")}</label>
        <textarea className="input" id="detail" name="detail" rows={3} maxLength={REPORT_DETAIL_MAX} defaultValue={typed.detail} />
        <p className="hint">{t("report.detailHint", { max: REPORT_DETAIL_MAX })}</p>
      </div>
      <p className="row-between">
        <button className="btn primary">{t("report.send")}</button>
        <Link className="btn quiet" to={back}>
          {t("report.cancel")}
        </Link>
      </p>
      <p className="hint">{t("report.secret")}</p>
    </Form>
  );
}
