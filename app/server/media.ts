import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerBuild } from "@remix-run/node";
import type { Env } from "../env.server";
import { logger } from "../logger.server";
import { newRequestId } from "./ids";
import type { Metrics } from "./metrics";

/**
 * Where the process hands over what is neither a page nor a form: media files and uploads. The gate for pages does not
 * count them, because a clip of three minutes takes minutes to arrive and a full house must not cut it off; uploads
 * have a bound of their own. What answers is part of the build (media-answers.ts, exported by entry.server), so that it
 * shares its modules with the pages and is reloaded with them while developing.
 */
export interface MediaFacts {
  /** Where the reader believes to be. */
  origin: string;
  requestId: string;
  /** Headers of every answer, see security-headers.ts. */
  fixedHeaders: readonly [name: string, value: string][];
}

export type AnswerMedia = (req: IncomingMessage, res: ServerResponse, facts: MediaFacts) => Promise<void>;

interface MountOptions {
  env: Env;
  build: ServerBuild | (() => Promise<ServerBuild>);
  fixedHeaders: MediaFacts["fixedHeaders"];
  metrics: Metrics;
}

const FILE = /^\/m\//;
const UPLOAD = /^\/media\/(?:tus|uploads)(?:[/?]|$)/;

/** False when the request is not about media. */
export function createMediaMount({ env, build, fixedHeaders, metrics }: MountOptions): (req: IncomingMessage, res: ServerResponse) => boolean {
  return (req, res) => {
    const url = req.url ?? "";
    const isUpload = UPLOAD.test(url);
    if (!isUpload && !FILE.test(url)) return false;
    const requestId = newRequestId();
    const startedAtMs = performance.now();
    res.once("close", () => {
      const durationMs = performance.now() - startedAtMs;
      metrics.observeRequest({ method: req.method ?? "", status: res.statusCode, durationSec: durationMs / 1000 });
      // A playing clip asks for dozens of pieces; only what changes something is worth a line.
      if (isUpload) logger.info({ event: "request", requestId, method: req.method, path: url.split("?", 1)[0], status: res.statusCode, finished: res.writableFinished, durationMs: Math.round(durationMs) });
    });
    answer(build, req, res, { origin: originOf(env, req), requestId, fixedHeaders }).catch((error: unknown) => {
      logger.error({ event: "media.broken", requestId, path: url.slice(0, 200), err: error });
      if (res.headersSent) res.destroy();
      else res.writeHead(500, { "Cache-Control": "no-store" }).end();
    });
    return true;
  };
}

async function answer(build: MountOptions["build"], req: IncomingMessage, res: ServerResponse, facts: MediaFacts): Promise<void> {
  const { entry } = typeof build === "function" ? await build() : build;
  const { answerMedia } = entry.module as { answerMedia?: AnswerMedia };
  if (!answerMedia) return void res.writeHead(404, { "Cache-Control": "no-store" }).end();
  await answerMedia(req, res, facts);
}

/** Only the host counts for the check of a form's origin, so the scheme need not be known here. */
function originOf(env: Env, req: IncomingMessage): string {
  const host = req.headers.host ?? "";
  if (env.PUBLIC_URL_GIVEN || !/^[\w.:[\]-]{1,255}$/.test(host)) return env.PUBLIC_URL;
  return URL.canParse(`http://${host}`) ? `http://${host}` : env.PUBLIC_URL;
}
