import type { AppLoadContext, EntryContext } from "@remix-run/node";
import { RemixServer } from "@remix-run/react";
import { renderToString } from "react-dom/server";
import { showFilmFirst } from "./http/film-first.server";
import { NonceProvider } from "./http/nonce";
import { noteLater } from "./i18n/t";
import { logger } from "./logger.server";
import type {} from "./server/load-context";

/** Files and uploads of media, for the process around the app (app/server/media.ts). */
export { answerMedia } from "./server/media-answers";

/** A loader that takes longer than this is cut off; the page is sent with its error boundary in place. */
const RENDER_TIMEOUT_MS = 8_000;
export const streamTimeout = RENDER_TIMEOUT_MS - 1_000;

/**
 * Renders one page, whole and in one go: loaders hand over finished data, so nothing would arrive later, and a string
 * costs a third less than many small pieces through a stream and a coder (docs/decisions/0010-uncached-render.md).
 */
export default async function handleRequest(
  request: Request,
  status: number,
  headers: Headers,
  remixContext: EntryContext,
  context: AppLoadContext,
): Promise<Response> {
  const { nonce, startedAtMs } = context;
  const loadedAtMs = performance.now();
  await readHandoff(remixContext);
  const { made: html, later } = noteLater(() =>
    renderToString(
      <NonceProvider value={nonce}>
        <RemixServer context={remixContext} url={request.url} abortDelay={RENDER_TIMEOUT_MS} nonce={nonce} />
      </NonceProvider>,
    ),
  );
  headers.set("Content-Type", "text/html; charset=utf-8");
  headers.set("Server-Timing", `load;dur=${(loadedAtMs - startedAtMs).toFixed(1)}, render;dur=${(performance.now() - loadedAtMs).toFixed(1)}`);
  // Read by entry.client.tsx before React looks at the page.
  context.page = `<!DOCTYPE html>${showFilmFirst(later ? html.replace("<html ", '<html data-sentences="all" ') : html, nonce)}`;
  return new Response(null, { headers, status });
}

/**
 * Reads what the loaders found to its end, where the renderer would wait for one piece after another. A piece that is
 * already there is rendered at once, so that rendering never has to wait.
 */
async function readHandoff(context: EntryContext): Promise<void> {
  if (!context.serverHandoffStream || !context.renderMeta) return;
  const reader = context.serverHandoffStream.getReader();
  const decoder = new TextDecoder();
  const pieces: Piece[] = [];
  for (let done = false; !done; ) {
    const read = await reader.read();
    done = read.done;
    pieces.push({ done, value: decoder.decode(read.value, { stream: !done }) });
  }
  context.serverHandoffStream = new ReadableStream();
  context.renderMeta.streamCache = Object.fromEntries(pieces.map((result, index) => [index, Object.assign(Promise.resolve(), { result })]));
}

interface Piece {
  done: boolean;
  value: string;
}

/** Unexpected errors of loaders and actions. A request that the reader gave up is not one. */
export function handleError(error: unknown, { request, context }: { request: Request; context: AppLoadContext }): void {
  if (request.signal.aborted) return;
  logger.error({ event: "request.failed", requestId: context.requestId, path: new URL(request.url).pathname, err: error });
}
