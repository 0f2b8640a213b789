import type { z } from "zod";
import { DomainError, Invalid } from "@models/errors";
import { assertSameOrigin } from "./origin.server";
import { findTextProblem } from "../format/text-problem";

/**
 * The one way from a request body to values. Refused before any schema sees them: other sites' requests, bodies over
 * 1 MB (counted while reading, whatever Content-Length says), operator names such as `password[$gt]`, and text that
 * hides things (control characters, direction overrides, floods of invisible characters).
 */
export const FORM_BYTES_MAX = 1_048_576;
const FIELDS_MAX = 200;

/** Fields that are never given back to the page. */
const SECRET_FIELDS = new Set(["password", "currentPassword", "newPassword", "code"]);

export type FormValues = Record<string, string | string[]>;

export class BodyTooLarge extends DomainError {
  constructor() {
    super("TOO_LARGE", `body over ${FORM_BYTES_MAX} bytes`, { messageKey: "errors.tooLarge" });
  }
}

/** A request body can be read once, so what was read is kept with its request. */
const bodies = new WeakMap<Request, Promise<unknown>>();

export async function parseForm<T>(schema: z.ZodType<T>, request: Request): Promise<T> {
  assertSameOrigin(request);
  const body = await readBody(request);
  refuseHiddenText(body);
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw new Invalid("the form does not fit its schema", { fields: fieldsOf(result.error) });
}

/** What the person typed, as text by field name, to show the form again with nothing lost. Secrets stay out. */
export async function typedValues(request: Request): Promise<Record<string, string>> {
  const body = await readBody(request).catch((error: unknown) => {
    // The refusal that brought us here is already on its way to the reader.
    if (error instanceof DomainError) return {};
    throw error;
  });
  if (typeof body !== "object" || body === null) return {};
  const entries = Object.entries(body as Record<string, unknown>).filter(([name]) => !SECRET_FIELDS.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value.join("\n") : typeof value === "string" ? value : ""]));
}

/** The body as plain values; the same answer however often it is asked. */
export function readBody(request: Request): Promise<unknown> {
  const known = bodies.get(request);
  if (known) return known;
  const reading = readOnce(request);
  bodies.set(request, reading);
  return reading;
}

async function readOnce(request: Request): Promise<unknown> {
  const bytes = await readBytes(request);
  const type = request.headers.get("Content-Type") ?? "";
  if (type.startsWith("application/json")) return readJson(bytes);
  if (!type.startsWith("application/x-www-form-urlencoded") && !type.startsWith("multipart/form-data")) {
    if (bytes.byteLength === 0) return {};
    throw new Invalid(`content type ${type.slice(0, 100)} is not a form`, { messageKey: "form.notAForm" });
  }
  let form: FormData;
  try {
    form = await new Response(new Uint8Array(bytes), { headers: { "Content-Type": type } }).formData();
  } catch (error) {
    throw new Invalid("the form body is damaged", { messageKey: "form.notAForm", cause: error });
  }
  return formValues(form);
}

async function readBytes(request: Request): Promise<Buffer> {
  if (Number(request.headers.get("Content-Length") ?? 0) > FORM_BYTES_MAX) throw new BodyTooLarge();
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const reader = request.body?.getReader();
  for (;;) {
    const part = await reader?.read();
    if (!part || part.done) break;
    sizeBytes += part.value.byteLength;
    if (sizeBytes > FORM_BYTES_MAX) {
      await reader?.cancel();
      throw new BodyTooLarge();
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks);
}

function readJson(bytes: Buffer): unknown {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new Invalid("the JSON body is damaged", { messageKey: "form.notAForm", cause: error });
  }
  refuseOperators(value, 0);
  return value;
}

/** Repeated names become a list. Line ends arrive as CRLF from forms and leave as LF. */
function formValues(form: FormData): FormValues {
  const values: FormValues = Object.create(null) as FormValues;
  let fields = 0;
  for (const [name, value] of form.entries()) {
    if (++fields > FIELDS_MAX) throw new Invalid("too many fields", { messageKey: "form.notAForm" });
    refuseOperatorName(name);
    // A file in a text form has no field to go to; photos and clips have their own upload.
    if (typeof value !== "string") continue;
    const text = value.replace(/\r\n?/g, "\n");
    const before = values[name];
    values[name] = before === undefined ? text : Array.isArray(before) ? [...before, text] : [before, text];
  }
  return { ...values };
}

const NESTING_MAX = 8;

function refuseOperators(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > NESTING_MAX) throw new Invalid("the JSON body is nested too deeply", { messageKey: "form.notAForm" });
  for (const [name, inner] of Object.entries(value)) {
    if (!Array.isArray(value)) refuseOperatorName(name);
    refuseOperators(inner, depth + 1);
  }
}

/** `$gt`, `title[$ne]`, `a.b` and `__proto__` are ways to be taken for a query or a prototype; no field of ours has them. */
function refuseOperatorName(name: string): void {
  if (!/^[A-Za-z][\w-]{0,63}$/.test(name)) throw new Invalid("a field name is not acceptable", { messageKey: "form.badField" });
}

function refuseHiddenText(body: unknown): void {
  const fields: Record<string, string> = {};
  visitText(body, "", (field, text) => {
    const problem = findTextProblem(text);
    if (problem) fields[field] = `form.${problem}`;
  });
  const [first] = Object.values(fields);
  if (first) throw new Invalid("the text hides something", { messageKey: first, fields });
}

function visitText(value: unknown, field: string, visit: (field: string, text: string) => void): void {
  if (typeof value === "string") visit(field, value);
  else if (typeof value === "object" && value !== null) {
    for (const [name, inner] of Object.entries(value)) visitText(inner, field || name, visit);
  }
}

/** A schema message that looks like a locale key is used as it is; otherwise the kind of problem decides. */
function fieldsOf(error: z.ZodError): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const issue of error.issues) {
    const field = String(issue.path[0] ?? "form");
    fields[field] ??= /^[a-z]+\.[A-Za-z_.]+$/.test(issue.message) ? issue.message : sentenceOf(issue.code, issue);
  }
  return fields;
}

function sentenceOf(code: string, issue: { input?: unknown; minimum?: unknown }): string {
  if (code === "too_small") return issue.minimum === 1 ? "form.required" : "form.tooShort";
  if (code === "too_big") return "form.tooLong";
  return "form.invalid";
}
