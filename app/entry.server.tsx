import { PassThrough } from "node:stream";
import { createReadableStreamFromReadable, type AppLoadContext, type EntryContext } from "@remix-run/node";
import { RemixServer } from "@remix-run/react";
import { renderToPipeableStream } from "react-dom/server";
import { NonceProvider } from "./http/nonce";
import { logger } from "./logger.server";
import type {} from "./server/load-context";

/** A loader that takes longer than this is cut off; the page is sent with its error boundary in place. */
const RENDER_TIMEOUT_MS = 8_000;
export const streamTimeout = RENDER_TIMEOUT_MS - 1_000;

/**
 * Renders one page. A reader gets the shell as soon as it is ready; a crawler and the page cache get the whole page
 * at once, because what they receive is kept.
 */
export default function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  { nonce, whole, requestId, startedAtMs }: AppLoadContext,
): Promise<Response> {
  const loadedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    let shellSent = false;
    let finalStatus = status;
    const send = () => {
      shellSent = true;
      const body = new PassThrough();
      headers.set("Content-Type", "text/html; charset=utf-8");
      headers.set("Server-Timing", `load;dur=${(loadedAtMs - startedAtMs).toFixed(1)}, render;dur=${(performance.now() - loadedAtMs).toFixed(1)}`);
      resolve(new Response(createReadableStreamFromReadable(body), { headers, status: finalStatus }));
      pipe(body);
    };
    const { pipe, abort } = renderToPipeableStream(
      <NonceProvider value={nonce}>
        <RemixServer context={remixContext} url={request.url} abortDelay={RENDER_TIMEOUT_MS} nonce={nonce} />
      </NonceProvider>,
      {
        nonce,
        ...(whole ? { onAllReady: send } : { onShellReady: send }),
        onShellError: reject,
        onError(error) {
          finalStatus = 500;
          // Before the shell is sent the error reaches handleError through the rejected promise.
          if (shellSent) logger.error({ event: "render.failed", requestId, err: error });
        },
      },
    );
    setTimeout(abort, RENDER_TIMEOUT_MS).unref();
  });
}

/** Unexpected errors of loaders and actions. A request that the reader gave up is not one. */
export function handleError(error: unknown, { request, context }: { request: Request; context: AppLoadContext }): void {
  if (request.signal.aborted) return;
  logger.error({ event: "request.failed", requestId: context.requestId, path: new URL(request.url).pathname, err: error });
}
