import type { IncomingMessage, ServerResponse } from "node:http";
import { DomainError, NotFound } from "@models/errors";
import { VIDEO_BYTES_MAX } from "@models/media-reasons";
import { toResponse } from "../http/errors.server";
import { assertSameOrigin } from "../http/origin.server";
import { getViewer } from "../http/session.server";
import { getRequestT } from "../i18n/locale.server";
import { logger } from "../logger.server";
import type { UploadPlace } from "../services/uploads.server";
import type { Viewer } from "../services/viewer";
import { contentSecurityPolicy } from "./csp";
import type { AnswerMedia } from "./media";
import { takeForm } from "./upload-form";
import { createTus, TUS_PATH } from "./upload-tus";
import { sendWebResponse, toWebRequest } from "./web-bridge";

/**
 * The door for uploads: `/media/tus` for browsers with scripts, resumable in pieces; `/media/uploads` for a plain form.
 * Both ask for the member first, for the same origin as every write, and for room; both end in finishUpload. Nothing
 * that was sent can be fetched here again. Refusals are the sentences of app/http/errors.server.ts.
 */
export interface MediaUploadsOptions {
  place: UploadPlace;
  now?: () => Date;
  /** Uploads that this process takes in at once; each holds a socket, a file and a few buffers. */
  atOnceMax?: number;
  /** Without a byte for this long a sender is gone. */
  silenceMaxMs?: number;
}

const AT_ONCE_MAX = 64;
const SILENCE_MAX_MS = 30_000;
const RETRY_AFTER_SEC = 10;
/** What is read and thrown away of a refused upload, so that its sender reads the answer instead of a broken connection. */
const THROWN_AWAY_BYTES_MAX = VIDEO_BYTES_MAX + 1024 * 1024;

export class UploadsBusy extends DomainError {
  constructor() {
    super("UNAVAILABLE", "as many uploads as this process takes", { messageKey: "media.uploadsBusy", retryAfterSec: RETRY_AFTER_SEC });
  }
}

/** What taking an upload in needs to know of its request. */
export interface IncomingUpload {
  req: IncomingMessage;
  res: ServerResponse;
  /** Its headers and address, without the body. */
  request: Request;
  viewer: Viewer;
}

export function createMediaUploads({ place, now = () => new Date(), atOnceMax = AT_ONCE_MAX, silenceMaxMs = SILENCE_MAX_MS }: MediaUploadsOptions): AnswerMedia {
  const tus = createTus({ place, now });
  let running = 0;

  async function answer(req: IncomingMessage, res: ServerResponse, request: Request): Promise<void> {
    const { pathname } = new URL(request.url);
    const isTus = TUS_PATH.test(pathname);
    if (!isTus && pathname !== "/media/uploads") throw new NotFound(pathname);
    const methods = isTus ? ["POST", "HEAD", "PATCH", "DELETE", "OPTIONS"] : ["POST"];
    // A GET would hand out what was sent, as it was sent and under the sender's own type.
    if (!methods.includes(req.method ?? "")) return void res.writeHead(405, { Allow: methods.join(", ") }).end();
    if (req.method === "OPTIONS") return tus.describe(req, res);
    if (running >= atOnceMax) throw new UploadsBusy();
    running += 1;
    try {
      assertSameOrigin(request);
      const viewer = await getViewer(request);
      if (!viewer && isTus) throw new DomainError("UNAUTHENTICATED", "an upload without a session");
      await (isTus && viewer ? tus.take({ req, res, request, viewer }) : takeForm({ req, res, request, viewer }, { place, now }));
    } finally {
      running -= 1;
    }
  }

  return async (req, res, { origin, requestId, fixedHeaders }) => {
    for (const [name, value] of fixedHeaders) res.setHeader(name, value);
    res.setHeader("X-Request-Id", requestId).setHeader("Cache-Control", "no-store");
    res.setHeader("Content-Security-Policy", contentSecurityPolicy([], origin.startsWith("https:")));
    giveUpOnSilence(req, silenceMaxMs);
    const gone = new AbortController();
    res.once("close", () => gone.abort());
    const request = toWebRequest(req, { origin, body: null, signal: gone.signal });
    try {
      await answer(req, res, request);
    } catch (error) {
      await refuse(req, res, request, error);
    }
  };
}

/** Counts only while bytes are expected: what follows the last one may take longer than a sender may be silent. */
function giveUpOnSilence(req: IncomingMessage, silenceMaxMs: number): void {
  req.setTimeout(silenceMaxMs, () => req.destroy(new Error("the sender fell silent")));
  req.once("end", () => req.setTimeout(0));
}

async function refuse(req: IncomingMessage, res: ServerResponse, request: Request, error: unknown): Promise<void> {
  if (res.destroyed) return;
  if (res.headersSent) throw error;
  throwAway(req);
  await sendWebResponse(req, res, responseOf(error, request));
}

function responseOf(error: unknown, request: Request): Response {
  if (error instanceof DomainError) return toResponse(error, request);
  logger.error({ event: "upload.broken", path: new URL(request.url).pathname, err: error });
  return Response.json({ error: getRequestT(request)("media.uploadBroken") }, { status: 500, headers: { "Cache-Control": "no-store" } });
}

function throwAway(req: IncomingMessage): void {
  let bytes = 0;
  req.unpipe();
  req.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > THROWN_AWAY_BYTES_MAX) req.destroy();
  });
  req.on("error", () => undefined);
  req.resume();
}
