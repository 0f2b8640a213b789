/**
 * Sends a form by hand. A router submission that fails on the network replaces the page by an error page, and the words
 * in it would be gone; here every way of failing is an answer, and the form stays as it is.
 */
export interface Refusal {
  error: string;
  code: string;
  fields: Record<string, string>;
  retryAfterSec?: number;
}

export type Answer<T> = { kind: "done"; value: T } | { kind: "refused"; refusal: Refusal } | { kind: "login"; location: string } | { kind: "offline" };

const TIMEOUT_MS = 20_000;

export async function sendForm<T>(url: string, form: FormData | URLSearchParams): Promise<Answer<T>> {
  const body = form instanceof URLSearchParams ? form : asParams(form);
  let response: Response;
  try {
    response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" }, credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    // No network, or no answer in time. The words are still in the form and in this browser.
    return { kind: "offline" };
  }
  const value = await readJson(response);
  if (response.ok && value !== null) return { kind: "done", value: value as T };
  if (response.status === 401) return { kind: "login", location: stringOf(value, "login") || "/login" };
  const error = stringOf(value, "error");
  if (error === "") return { kind: "offline" };
  return { kind: "refused", refusal: { fields: {}, ...(value as Partial<Refusal>), error, code: stringOf(value, "code") } };
}

export async function getJson<T>(url: string, signal: AbortSignal): Promise<T | null> {
  try {
    const response = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin", signal });
    return response.ok ? ((await response.json()) as T) : null;
  } catch {
    // A suggestion that does not come, or comes too late, is no suggestion.
    return null;
  }
}

function asParams(form: FormData): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of form.entries()) if (typeof value === "string") params.append(name, value);
  return params;
}

async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    // A proxy's error page; treated like no answer.
    return null;
  }
}

function stringOf(value: unknown, name: string): string {
  if (typeof value !== "object" || value === null || !(name in value)) return "";
  const found = (value as Record<string, unknown>)[name];
  return typeof found === "string" ? found : "";
}
