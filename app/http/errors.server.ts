import { redirect } from "@remix-run/node";
import { DomainError, type DomainErrorCode } from "@models/errors";
import { getLocale, getRequestT } from "../i18n/locale.server";
import type { Translate } from "../i18n/t";
import { logger } from "../logger.server";
import siteCss from "../styles/site.css?url";
import { LoginNeeded } from "./login-needed";
import { refererPath } from "./redirect.server";

/**
 * The one table from expected failures to HTTP, and the one way to say them. Unknown errors are bugs: rethrown.
 * `toResponse` is for resource routes and loaders. A browser without scripts that posts to a resource route gets a page
 * with the same status; everyone else gets JSON. Routes that draw their own form use `toFormRefusal` and keep the text.
 */
const STATUS: Record<DomainErrorCode, number> = {
  NOT_FOUND: 404,
  GONE: 410,
  FORBIDDEN: 403,
  UNAUTHENTICATED: 401,
  CONFLICT: 409,
  INVALID: 422,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  TOO_LARGE: 413,
  STORAGE_FULL: 507,
};

const SENTENCE: Record<DomainErrorCode, string> = {
  NOT_FOUND: "errors.notFound",
  GONE: "errors.gone",
  FORBIDDEN: "errors.forbidden",
  UNAUTHENTICATED: "errors.unauthenticated",
  CONFLICT: "errors.conflict",
  INVALID: "errors.invalid",
  RATE_LIMITED: "errors.rateLimited",
  UNAVAILABLE: "errors.unavailable",
  TOO_LARGE: "errors.tooLarge",
  STORAGE_FULL: "media.uploadDiskFull",
};

export interface ErrorView {
  /** The sentence to show, in the reader's language. */
  error: string;
  code: DomainErrorCode;
  /** Field name → sentence, for the place where it happened. */
  fields: Record<string, string>;
  retryAfterSec?: number;
}

export function toErrorView(error: DomainError, t: Translate): ErrorView {
  const fields = Object.fromEntries(Object.entries(error.fields ?? {}).map(([field, key]) => [field, t(key, error.params)]));
  return {
    error: t(error.messageKey ?? SENTENCE[error.code], error.params),
    code: error.code,
    fields,
    ...(error.retryAfterSec === undefined ? {} : { retryAfterSec: error.retryAfterSec }),
  };
}

export function statusOf(error: DomainError): number {
  return STATUS[error.code];
}

export function toResponse(error: unknown, request: Request): Response {
  if (!(error instanceof DomainError)) throw error;
  note(error, request);
  if (error instanceof LoginNeeded && !wantsJson(request)) {
    return new Response(null, { status: 303, headers: { Location: error.location, "Cache-Control": "no-store" } });
  }
  const view = toErrorView(error, getRequestT(request));
  const headers = headersOf(error);
  if (isFormNavigation(request)) {
    return new Response(refusalPage(view, request), { status: STATUS[error.code], headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } });
  }
  const body = error instanceof LoginNeeded ? { ...view, login: error.location } : view;
  return Response.json(body, { status: STATUS[error.code], headers });
}

/**
 * For page loaders: what to throw so that the error page of the root shows the sentence with its status.
 * A page that belongs to members sends a guest to the login page and back.
 */
export function toThrown(error: unknown, request: Request): Response {
  if (!(error instanceof DomainError)) throw error;
  note(error, request);
  if (error instanceof LoginNeeded) return redirect(error.location, { headers: { "Cache-Control": "no-store" } });
  return Response.json(toErrorView(error, getRequestT(request)), { status: STATUS[error.code], headers: headersOf(error) });
}

export interface FormRefusal extends ErrorView {
  ok: false;
}

/**
 * For routes that draw the form themselves: the refusal as data, with its status, to be returned by the action together
 * with what was typed: `return data({ ...refusal.view, typed }, refusal.init)`.
 */
export function toFormRefusal(error: unknown, request: Request): { view: FormRefusal; init: ResponseInit } {
  if (!(error instanceof DomainError)) throw error;
  if (error instanceof LoginNeeded) throw toResponse(error, request);
  note(error, request);
  return { view: { ok: false, ...toErrorView(error, getRequestT(request)) }, init: { status: STATUS[error.code], headers: headersOf(error) } };
}

function headersOf(error: DomainError): Record<string, string> {
  return {
    "Cache-Control": "no-store",
    ...(error.retryAfterSec === undefined ? {} : { "Retry-After": String(error.retryAfterSec) }),
  };
}

function note(error: DomainError, request: Request): void {
  const level = error.code === "NOT_FOUND" || error.code === "GONE" || error.code === "UNAUTHENTICATED" ? "debug" : "warn";
  logger[level]({ event: "refused", code: error.code, path: new URL(request.url).pathname, reason: error.message });
}

function wantsJson(request: Request): boolean {
  return (request.headers.get("Accept") ?? "").startsWith("application/json");
}

/** A form sent by the browser itself: the answer is what the person will look at. */
function isFormNavigation(request: Request): boolean {
  if (request.method === "GET" || request.method === "HEAD") return false;
  return request.headers.get("Sec-Fetch-Mode") === "navigate" || (request.headers.get("Accept") ?? "").startsWith("text/html");
}

function refusalPage(view: ErrorView, request: Request): string {
  const t = getRequestT(request);
  const details = Object.values(view.fields).filter((sentence) => sentence !== view.error);
  return `<!doctype html>
<html lang="${getLocale(request)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">
<title>${escapeHtml(view.error)}</title><link rel="stylesheet" href="${siteCss}"></head>
<body><div class="page"><main class="main"><div class="stack"><h1>${escapeHtml(view.error)}</h1>
${details.map((sentence) => `<p class="err">${escapeHtml(sentence)}</p>`).join("\n")}
<p>${escapeHtml(t("form.nothingChanged"))}</p>
<p><a class="btn" href="${escapeHtml(refererPath(request))}">${escapeHtml(t("form.back"))}</a></p></div></main></div></body></html>`;
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
