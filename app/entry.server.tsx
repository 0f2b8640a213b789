import { Writable } from "node:stream";
import type { AppLoadContext, EntryContext } from "@remix-run/node";
import { RemixServer } from "@remix-run/react";
import { renderToPipeableStream } from "react-dom/server";
import { NonceProvider } from "./http/nonce";
import { logger } from "./logger.server";
import type {} from "./server/load-context";

/** Files and uploads of media, for the process around the app (app/server/media.ts). */
export { answerMedia } from "./server/media-answers";

/** A loader that takes longer than this is cut off; the page is sent with its error boundary in place. */
const RENDER_TIMEOUT_MS = 8_000;
export const streamTimeout = RENDER_TIMEOUT_MS - 1_000;

/**
 * Renders one page, whole: loaders hand over finished data, so nothing would arrive later, and one buffer costs less
 * than passing forty small pieces through streams and a coder.
 */
export default async function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  { nonce, requestId, startedAtMs }: AppLoadContext,
): Promise<Response> {
  const loadedAtMs = performance.now();
  const { html, failed } = await render(
    <NonceProvider value={nonce}>
      <RemixServer context={remixContext} url={request.url} abortDelay={RENDER_TIMEOUT_MS} nonce={nonce} />
    </NonceProvider>,
    { nonce, requestId },
  );
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("Server-Timing", `load;dur=${(loadedAtMs - startedAtMs).toFixed(1)}, render;dur=${(performance.now() - loadedAtMs).toFixed(1)}`);
  return new Response(new Uint8Array(html), { headers, status: failed ? 500 : status });
}

function render(page: JSX.Element, { nonce, requestId }: { nonce: string; requestId: string }): Promise<{ html: Buffer; failed: boolean }> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let failed = false;
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk);
        done();
      },
      final(done) {
        clearTimeout(timer);
        resolve({ html: Buffer.concat(chunks), failed });
        done();
      },
    });
    const { pipe, abort } = renderToPipeableStream(page, {
      nonce,
      onAllReady: () => pipe(sink),
      onShellError(error) {
        clearTimeout(timer);
        reject(error);
      },
      onError(error) {
        failed = true;
        logger.error({ event: "render.failed", requestId, err: error });
      },
    });
    const timer = setTimeout(abort, RENDER_TIMEOUT_MS);
  });
}

/** Unexpected errors of loaders and actions. A request that the reader gave up is not one. */
export function handleError(error: unknown, { request, context }: { request: Request; context: AppLoadContext }): void {
  if (request.signal.aborted) return;
  logger.error({ event: "request.failed", requestId: context.requestId, path: new URL(request.url).pathname, err: error });
}
