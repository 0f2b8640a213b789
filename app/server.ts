import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createRequestHandler, type ServerBuild } from "@remix-run/node";
import type { Env } from "./env.server";
import { logger } from "./logger.server";
import { createApplication, refusalOf, refuse, type ApplicationOptions } from "./server/application";
import { contentSecurityPolicy } from "./server/csp";
import { createGuestPages } from "./server/guest-pages";
import type { HealthSources } from "./server/health";
import type { WholePage } from "./server/kept-page";
import { createMediaMount } from "./server/media";
import { createMetrics, type Tallies } from "./server/metrics";
import { Gate } from "./server/overload";
import { PageCache } from "./server/page-cache";
import { followPageEvents, type PagePoll } from "./server/page-events";
import { createRouteHandlers } from "./server/route-handlers";
import { securityHeaders } from "./server/security-headers";
import { loadStaticFiles, sendStaticFile } from "./server/static-files";

/**
 * The process around the app. A request meets, in this order: static files (memory), pages kept for guests (memory),
 * the gate (503 when there is no room), and express with the Remix app. The first two never touch the database.
 */
export interface ServerOptions {
  env: Env;
  /** A function while developing: the build changes with each edit. */
  build: ServerBuild | (() => Promise<ServerBuild>);
  /** Directory with the built client files. */
  clientDirectory: string;
  health: HealthSources;
  /** Off while developing and in tests without a database. */
  followEvents: boolean;
  development?: ApplicationOptions["development"];
}

export interface RunningServer {
  /** The port in use, also when PORT was 0. */
  port: number;
  cache: PageCache<WholePage>;
  gate: Gate;
  poll: PagePoll | null;
  /** Lets running requests finish, refuses new ones, and closes. */
  stop: () => Promise<void>;
}

/** A page may be served this much longer than its age while a newer one is made. */
const STALE_MAX_MS = 300_000;
/** For the whole of a request: an upload in one go takes its time. Forms have 30 s (web-bridge.ts), uploads may not fall silent (media-uploads.ts). */
const REQUEST_TIMEOUT_MS = 1_800_000;
const HEADERS_TIMEOUT_MS = 10_000;
const CONNECTIONS_MAX = 10_000;

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { env } = options;
  let draining = false;
  const tallies: Tallies = { pagesKept: 0, pagesNotModified: 0, files: 0 };
  const cache = new PageCache<WholePage>({ bytesMax: env.PAGE_CACHE_BYTES_MAX, maxAgeMs: env.PAGE_CACHE_AGE_SEC * 1000, staleMaxMs: STALE_MAX_MS });
  const gate = new Gate({ concurrencyMax: env.RENDER_CONCURRENCY, queueMax: env.RENDER_QUEUE, waitMaxMs: env.RENDER_WAIT_MS });
  const metrics = createMetrics({ tallies, cache, gate });
  const https = env.PUBLIC_URL.startsWith("https:");
  const fixedHeaders = securityHeaders(https);
  const files = loadStaticFiles(options.clientDirectory, [...fixedHeaders, ["Content-Security-Policy", contentSecurityPolicy([], https)]]);
  const render: ApplicationOptions["render"] = typeof options.build === "function" ? createRequestHandler(options.build, options.development ? "development" : "production") : createRouteHandlers(options.build);

  const app = createApplication({ env, gate, metrics, health: options.health, isDraining: () => draining, render, development: options.development });
  const guestPages = createGuestPages({
    cache,
    gate,
    render,
    publicUrl: env.PUBLIC_URL,
    fixedHeaders,
    tallies,
    metrics,
    refuse: (req, res, error) => {
      const refusal = refusalOf(env, error);
      if (!refusal) logger.error({ event: "page.broken", path: req.url, err: error });
      refuse(env, req, res, refusal ?? { page: "broken", status: 500, params: { requestId: "-" } });
    },
  });

  const media = createMediaMount({ env, build: options.build, fixedHeaders, metrics });

  const server = createServer({ noDelay: true, requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: HEADERS_TIMEOUT_MS, keepAliveTimeout: 65_000 });
  server.maxConnections = CONNECTIONS_MAX;
  const busy = new Set<ServerResponse>();
  let whenQuiet: () => void = () => undefined;
  server.on("request", (req, res) => {
    busy.add(res);
    res.once("close", () => {
      busy.delete(res);
      if (draining && busy.size === 0) whenQuiet();
    });
    if (draining) res.setHeader("Connection", "close");
    if (media(req, res)) return;
    if (req.method === "GET" || req.method === "HEAD") {
      if (sendStaticFile(req, res, files)) {
        tallies.files += 1;
        return;
      }
      if (!options.development && guestPages(req, res)) return;
    }
    if (gate.full && !isOperational(req)) {
      gate.countRefusal();
      refuse(env, req, res, { page: "busy", status: 503, params: { seconds: 2 } });
      return;
    }
    app(req, res);
  });

  await listen(server, env);
  const poll = options.followEvents ? followPageEvents(cache, metrics.countInvalidated) : null;
  return {
    port: (server.address() as AddressInfo).port,
    cache,
    gate,
    poll,
    stop: async () => {
      draining = true;
      poll?.stop();
      const quiet = new Promise<void>((resolve) => {
        whenQuiet = resolve;
        if (busy.size === 0) resolve();
      });
      await closeGracefully(server, quiet, env.SHUTDOWN_GRACE_MS);
    },
  };
}

/** A full house must still be visible from outside. */
function isOperational(req: IncomingMessage): boolean {
  return req.url === "/healthz" || req.url === "/readyz" || req.url === "/metrics";
}

function listen(server: Server<typeof IncomingMessage, typeof ServerResponse>, { HOST, PORT }: Env): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(PORT, HOST, () => {
      server.removeListener("error", reject);
      resolve();
    });
  });
}

/** Stops listening, waits for running requests as long as the grace lasts, then closes what is still open. */
async function closeGracefully(server: Server, quiet: Promise<void>, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  let timer: NodeJS.Timeout | undefined;
  const cutOff = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      logger.warn({ event: "shutdown.cutOff" });
      resolve();
    }, graceMs);
  });
  await Promise.race([quiet, cutOff]);
  clearTimeout(timer);
  // Only connections that ask for nothing are left, or those that had their time.
  server.closeAllConnections();
  await closed;
}
