import type { IncomingMessage, ServerResponse } from "node:http";
import type { AppLoadContext } from "@remix-run/node";
import express, { type Express, type NextFunction, type Request as ExpressRequest, type Response as ExpressResponse } from "express";
import helmet from "helmet";
import { isbot } from "isbot";
import { DomainError } from "@models/errors";
import type { Env } from "../env.server";
import { assertSameOrigin } from "../http/origin.server";
import { negotiateLocale } from "../i18n/locales";
import { logger } from "../logger.server";
import { contentSecurityPolicy } from "./csp";
import { checkReadiness, type HealthSources } from "./health";
import { newNonce, newRequestId } from "./ids";
import type { Metrics } from "./metrics";
import { Overloaded, type Gate } from "./overload";
import { plainPage, type PlainPage } from "./plain-page";
import { helmetOptions } from "./security-headers";
import { readBody, sendWebResponse, toWebRequest } from "./web-bridge";

/** Requests that are rendered for one reader: members' pages, every form, and what is not kept whole. */
export interface ApplicationOptions {
  env: Env;
  gate: Gate;
  metrics: Metrics;
  health: HealthSources;
  isDraining: () => boolean;
  render: (request: Request, facts: AppLoadContext) => Promise<Response>;
  /** Vite, while developing. */
  development?: { middleware: express.Handler; policy: (strict: string) => string };
}

const RETRY_AFTER_SEC = 2;
/** Made once: every request ends with it, and an error of its own each time would cost a stack trace each time. */
const READER_GONE = new DOMException("the connection is closed", "AbortError");

export interface Refusal {
  page: PlainPage;
  status: number;
  params?: Record<string, string | number>;
}

export function createApplication(options: ApplicationOptions): Express {
  const { env } = options;
  const app = express();
  app.disable("x-powered-by").disable("etag").set("trust proxy", env.TRUST_PROXY);
  app.use(helmet(helmetOptions(env.PUBLIC_URL.startsWith("https:"))));
  app.get("/healthz", (_req, res) => void res.type("text/plain").send("ok\n"));
  app.get("/readyz", (req, res, next) => void answerReadiness(options, req, res).catch(next));
  app.get("/metrics", (req, res, next) => void answerMetrics(options, req, res).catch(next));
  if (options.development) app.use(options.development.middleware);
  app.use((req, res, next) => void answer(options, req, res).catch(next));
  app.use((error: unknown, req: ExpressRequest, res: ExpressResponse, next: NextFunction) => {
    if (res.headersSent || res.destroyed) return next(error);
    logger.error({ event: "request.broken", path: req.path, err: error });
    refuse(env, req, res, { page: "broken", status: 500, params: { requestId: String(res.getHeader("X-Request-Id") ?? "-") } });
  });
  return app;
}

async function answerReadiness({ env, health, isDraining }: ApplicationOptions, req: ExpressRequest, res: ExpressResponse): Promise<void> {
  const { ready, checks } = await checkReadiness(health);
  const draining = isDraining();
  res.status(ready && !draining ? 200 : 503).set("Cache-Control", "no-store");
  const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
  const details = Object.fromEntries(checks.flatMap(({ name, detail }) => (detail ? [[name, detail]] : [])));
  // Which programs lie where is for those who run the site.
  res.json({ ready: ready && !draining, draining, checks: states, ...(isOperator(env, req) ? { details } : {}) });
}

async function answerMetrics({ env, metrics }: ApplicationOptions, req: ExpressRequest, res: ExpressResponse): Promise<void> {
  if (!isOperator(env, req)) return void res.status(404).end();
  res.type(metrics.registry.contentType).set("Cache-Control", "no-store").send(await metrics.registry.metrics());
}

/** Asks from this machine, or with the token. */
function isOperator(env: Env, req: ExpressRequest): boolean {
  const local = /^(?:::1|(?:::ffff:)?127\.[\d.]+)$/.test(req.socket.remoteAddress ?? "") && req.get("X-Forwarded-For") === undefined;
  return local || (env.METRICS_TOKEN !== undefined && req.get("Authorization") === `Bearer ${env.METRICS_TOKEN}`);
}

async function answer(options: ApplicationOptions, req: ExpressRequest, res: ExpressResponse): Promise<void> {
  const { env, gate } = options;
  const requestId = newRequestId();
  const nonce = newNonce();
  const strict = contentSecurityPolicy([`'nonce-${nonce}'`], env.PUBLIC_URL.startsWith("https:"));
  res.setHeader("X-Request-Id", requestId);
  res.setHeader("Content-Security-Policy", options.development?.policy(strict) ?? strict);
  res.setHeader("Cache-Control", "private, no-cache");
  res.setHeader("Vary", "Accept-Language, Cookie");
  recordWhenDone(options, req, res, requestId);
  const gone = new AbortController();
  res.once("close", () => gone.abort(READER_GONE));
  try {
    const body = req.method === "GET" || req.method === "HEAD" ? null : await readBody(req, env.BODY_BYTES_MAX);
    const request = toWebRequest(req, { origin: originOf(env, req), body, signal: gone.signal });
    assertSameOrigin(request);
    const reader = { nonce, requestId, clientAddress: req.ip ?? "", isBot: isbot(req.get("User-Agent") ?? "") };
    await gate.run(async () => {
      const facts: AppLoadContext = { ...reader, startedAtMs: performance.now() };
      const response = await options.render(request, facts);
      await sendWebResponse(req, res, response, facts);
    }, gone.signal);
  } catch (error) {
    const refusal = refusalOf(env, error);
    if (!refusal || res.headersSent) throw error;
    refuse(env, req, res, refusal);
  }
}

/** Where the reader believes to be: PUBLIC_URL when it was given, else what the Host header says. */
function originOf(env: Env, req: ExpressRequest): string {
  const host = req.get("Host") ?? "";
  if (env.PUBLIC_URL_GIVEN || !/^[\w.:[\]-]{1,255}$/.test(host)) return env.PUBLIC_URL;
  const origin = `${req.protocol}://${host}`;
  return URL.canParse(origin) ? origin : env.PUBLIC_URL;
}

/** What the process itself refuses; undefined = not expected here. */
export function refusalOf(env: Env, error: unknown): Refusal | undefined {
  if (error instanceof Overloaded) return { page: "busy", status: 503, params: { seconds: RETRY_AFTER_SEC } };
  if (error instanceof TypeError && "code" in error && error.code === "ERR_INVALID_URL") return { page: "badRequest", status: 400 };
  if (!(error instanceof DomainError)) return undefined;
  if (error.code === "TOO_LARGE") return { page: "tooLarge", status: 413, params: { megabytes: (env.BODY_BYTES_MAX / 1_048_576).toFixed(0) } };
  if (error.code === "INVALID") return { page: "badRequest", status: 400 };
  return error.code === "FORBIDDEN" ? { page: "crossSite", status: 403 } : undefined;
}

/** Answers without React. Works on a bare response as well as on one that express has prepared. */
export function refuse(env: Env, req: IncomingMessage, res: ServerResponse, { page, status, params }: Refusal): void {
  if (res.destroyed) return;
  const chosen = /(?:^|;\s*)lang=(zh-CN|en)\b/.exec(req.headers.cookie ?? "")?.[1];
  const locale = chosen === "en" || chosen === "zh-CN" ? chosen : negotiateLocale(req.headers["accept-language"]);
  const html = plainPage(page, locale, params);
  res.statusCode = status;
  if (status === 503) res.setHeader("Retry-After", RETRY_AFTER_SEC);
  // The rest of a body that is too large is not read; the connection cannot be used again.
  if (status === 413) res.setHeader("Connection", "close");
  res.setHeader("Content-Type", "text/html; charset=utf-8");
  res.setHeader("Content-Security-Policy", contentSecurityPolicy([], env.PUBLIC_URL.startsWith("https:")));
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.setHeader("Cache-Control", "no-store");
  res.setHeader("Content-Length", Buffer.byteLength(html));
  res.end(req.method === "HEAD" ? undefined : html);
}

function recordWhenDone({ metrics }: ApplicationOptions, req: ExpressRequest, res: ExpressResponse, requestId: string): void {
  const startedAtMs = performance.now();
  res.once("close", () => {
    const durationMs = performance.now() - startedAtMs;
    metrics.observeRequest({ method: req.method, status: res.statusCode, durationSec: durationMs / 1000 });
    // Refusals for want of room are counted, not written down one by one: that would be work when there is no room.
    if (res.statusCode === 503) return;
    const finished = res.writableFinished;
    logger.info({ event: "request", requestId, method: req.method, path: req.path, status: res.statusCode, finished, durationMs: Math.round(durationMs * 10) / 10 });
  });
}
