import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, createGzip } from "node:zlib";
import { DomainError } from "@models/errors";
import { chooseCoding, isCompressible } from "./encoding";

/** Between node's requests and responses and those of the web platform, which Remix speaks. */

/** Reads a request body into memory. TOO_LARGE as soon as it is known, by its announced or its counted size. */
export async function readBody(req: IncomingMessage, bytesMax: number): Promise<Buffer> {
  if (Number(req.headers["content-length"] ?? 0) > bytesMax) throw new DomainError("TOO_LARGE", "announced body is too large");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new DomainError("TOO_LARGE", "body is too large");
    chunks.push(chunk);
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

/** Streams a response out, compressed when the client takes it. Resolves when all of it has been handed over. */
export async function sendWebResponse(req: IncomingMessage, res: ServerResponse, response: Response): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie" && name !== "x-page-tags") res.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader("Set-Cookie", cookies);
  if (!response.body || req.method === "HEAD") {
    await response.body?.cancel();
    res.end();
    return;
  }
  const coding = chooseCoding(req.headers["accept-encoding"], (candidate) => candidate === "gzip");
  const compress = coding === "gzip" && !response.headers.has("Content-Encoding") && isCompressible(response.headers.get("Content-Type") ?? "");
  if (compress) await sendCompressed(res, response.body);
  else await sendPlain(res, response.body);
}

async function sendPlain(res: ServerResponse, body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    if (res.destroyed) return;
    if (!res.write(chunk)) await drained(res);
  }
  res.end();
}

async function sendCompressed(res: ServerResponse, body: ReadableStream<Uint8Array>): Promise<void> {
  res.removeHeader("Content-Length");
  res.setHeader("Content-Encoding", "gzip");
  res.appendHeader("Vary", "Accept-Encoding");
  const gzip = createGzip({ level: 4 });
  gzip.pipe(res);
  res.once("close", () => gzip.destroy());
  let flushing = false;
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    if (res.destroyed) return;
    const room = gzip.write(chunk);
    // Whatever the renderer wrote in one go leaves together; a late part of the page is not held back by the coder.
    if (!flushing) {
      flushing = true;
      setImmediate(() => {
        flushing = false;
        if (!gzip.writableEnded && !gzip.destroyed) gzip.flush(constants.Z_SYNC_FLUSH);
      });
    }
    if (!room) await drained(gzip);
  }
  gzip.end();
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
