import type { IncomingMessage, ServerResponse } from "node:http";
import { DomainError } from "@models/errors";
import { brotliAtOnce, chooseCoding, gzipped, type Coding } from "./encoding";
import type { RequestFacts } from "./load-context";

/** Between node's requests and responses and those of the web platform, which Remix speaks. */

/** A form that takes longer is no form; whoever drips it holds nothing but a connection until then. */
const BODY_TIMEOUT_MS = 30_000;

/** Reads a request body into memory. TOO_LARGE as soon as it is known, by its announced or its counted size. */
export async function readBody(req: IncomingMessage, bytesMax: number, timeoutMs = BODY_TIMEOUT_MS): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > bytesMax) throw new DomainError("TOO_LARGE", "announced body is too large");
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => req.destroy(new Error("the body took too long")), timeoutMs);
  try {
    for await (const chunk of req as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw new DomainError("TOO_LARGE", "body is too large");
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/** `origin` is where the reader believes to be; X-Forwarded-* headers have been judged before and are not passed on. */
export function toWebRequest(req: IncomingMessage, { origin, body, signal }: { origin: string; body: Buffer | null; signal: AbortSignal }): Request {
  const headers = new Headers();
  for (let i = 0; i + 1 < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] ?? "";
    if (/^(?:x-forwarded-|connection$|keep-alive$|transfer-encoding$|host$)/i.test(name)) continue;
    headers.append(name, req.rawHeaders[i + 1] ?? "");
  }
  headers.set("Host", new URL(origin).host);
  return new Request(addressOf(req, origin), { method: req.method, headers, signal, body: body && body.length > 0 ? new Uint8Array(body) : null });
}

/** Joined as text: resolved as a link, the path "//host/x" would name another host. */
function addressOf(req: IncomingMessage, origin: string): URL {
  const path = req.url ?? "/";
  if (!path.startsWith("/")) throw new DomainError("INVALID", "the request names no path");
  return new URL(origin + path);
}

/** Answers of these kinds are made whole by the app, and are compressed in one piece. */
const WHOLE = /^(?:text\/|application\/(?:json|xml|rss|atom|feed|manifest))/;
/** Below this the headers weigh more than what is saved. */
const COMPRESS_BYTES_MIN = 1_000;
const GZIP_LEVEL = 4;
const AT_ONCE_BYTES_MAX = 250_000;

/** Sends a response. Resolves when all of it has been handed over. */
export async function sendWebResponse(req: IncomingMessage, res: ServerResponse, response: Response, facts: Pick<RequestFacts, "page"> = {}): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie" && name !== "x-page-tags") res.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader("Set-Cookie", cookies);
  if ((!response.body && facts.page === undefined) || req.method === "HEAD") {
    await response.body?.cancel();
    res.end();
  } else if (WHOLE.test(response.headers.get("Content-Type") ?? "")) {
    await sendWhole(req, res, response, await bodyOf(response, facts));
  } else if (response.body) {
    await sendInPieces(res, response.body);
  }
}

/** All of an answer: the page that the renderer left beside it, or what its stream holds. */
export async function bodyOf(response: Response, { page }: Pick<RequestFacts, "page">): Promise<Buffer> {
  return page !== undefined && !response.body ? Buffer.from(page) : Buffer.from(await response.arrayBuffer());
}

async function sendWhole(req: IncomingMessage, res: ServerResponse, response: Response, body: Buffer): Promise<void> {
  res.appendHeader("Vary", "Accept-Encoding");
  const compress = body.length >= COMPRESS_BYTES_MIN && !response.headers.has("Content-Encoding");
  // What is long is not worth holding everybody up; it goes to another thread.
  const coding = compress ? chooseCoding(req.headers["accept-encoding"], (candidate) => candidate !== "br" || body.length <= AT_ONCE_BYTES_MAX) : "identity";
  const bytes = await encoded(body, coding);
  if (res.destroyed) return;
  if (coding !== "identity") res.setHeader("Content-Encoding", coding);
  res.setHeader("Content-Length", bytes.length);
  res.end(bytes);
}

function encoded(body: Buffer, coding: Coding): Buffer | Promise<Buffer> {
  if (coding === "br") return brotliAtOnce(body);
  return coding === "gzip" ? gzipped(body, GZIP_LEVEL) : body;
}

async function sendInPieces(res: ServerResponse, body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    if (res.destroyed) return;
    if (!res.write(chunk)) await drained(res);
  }
  res.end();
}

/** Room to write again, or the end of the connection. */
function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.removeListener("drain", done).removeListener("close", done);
      resolve();
    };
    stream.once("drain", done).once("close", done);
  });
}
