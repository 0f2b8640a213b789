import type { InputHTMLAttributes, ReactNode } from "react";

/** One labelled input. The hint and the error are read out with it, and an error is said where it happened. */
export function Field({ id, label, hint, error, children, ...input }: {
  id: string;
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children?: ReactNode;
} & InputHTMLAttributes<HTMLInputElement>) {
  const described = [hint ? `${id}-hint` : "", error ? `${id}-err` : ""].filter(Boolean).join(" ");
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children ?? <input id={id} className="input" aria-invalid={error ? true : undefined} aria-describedby={described || undefined} {...input} />}
      {hint ? (
        <p className="hint" id={`${id}-hint`}>
          {hint}
        </p>
      ) : null}
      {error ? (
        <p className="err" id={`${id}-err`}>
          {error}
        </p>
      ) : null}
    </div>
  );
}

/** What went wrong with the whole form, when no field of it says so already. */
export function FormError({ refusal, fields }: { refusal: Refusal | null; fields: readonly string[] }) {
  if (!refusal) return null;
  const saidAtField = fields.some((field) => refusal.fields[field] === refusal.error);
  return saidAtField ? null : (
    <p className="note bad" role="alert">
      {refusal.error}
    </p>
  );
}

/** The part of an action's refusal that forms draw. */
export interface Refusal {
  ok: false;
  error: string;
  code: string;
  fields: Record<string, string>;
  /** What was typed, secrets apart. */
  typed: Record<string, string>;
}

/** An action answers with a refusal or with something else; only the first is drawn in the form. */
export function refusalOf(data: unknown): Refusal | null {
  return typeof data === "object" && data !== null && "ok" in data && data.ok === false ? (data as Refusal) : null;
}
