import type { IncomingMessage, ServerResponse } from "node:http";
import type { AppLoadContext } from "@remix-run/node";
import { logger } from "../logger.server";
import { newRequestId, newNonce } from "./ids";
import { makeWholePage, sendWholePage, type WholePage, type WholePageOptions } from "./kept-page";
import type { Metrics, Tallies } from "./metrics";
import { Overloaded, type Gate } from "./overload";
import type { MadePage, PageCache } from "./page-cache";
import { pageKeyOf, type PageKey } from "./page-rules";
import { bodyOf } from "./web-bridge";

/** Answers guests with whole pages: kept ones at once, others made one time for all who ask. */
export interface GuestPagesOptions {
  cache: PageCache<WholePage>;
  gate: Gate;
  /** The Remix handler. */
  render: (request: Request, facts: AppLoadContext) => Promise<Response>;
  /** Where readers believe to be; never taken from a request, because the page goes to others too. */
  publicUrl: string;
  fixedHeaders: WholePageOptions["fixedHeaders"];
  tallies: Tallies;
  metrics: Metrics;
  /** Answers when a page can be neither made nor found. */
  refuse: (req: IncomingMessage, res: ServerResponse, error: unknown) => void;
}

export type GuestPages = (req: IncomingMessage, res: ServerResponse) => boolean;

export function createGuestPages(options: GuestPagesOptions): GuestPages {
  const { cache, gate, tallies, metrics } = options;

  function make(key: PageKey): Promise<MadePage<WholePage>> {
    return cache.make(key.key, () => gate.run(() => render(key)), Date.now());
  }

  async function render({ url, locale }: PageKey): Promise<MadePage<WholePage>> {
    const nonce = newNonce();
    const requestId = newRequestId();
    // Only what the key tells apart goes in: no cookies, no address, no other header of whoever asked first.
    const request = new Request(new URL(url, options.publicUrl), {
      headers: { Accept: "text/html", "Accept-Language": locale, Host: new URL(options.publicUrl).host },
    });
    const facts: AppLoadContext = { nonce, requestId, clientAddress: "", isBot: false, startedAtMs: performance.now() };
    const response = await options.render(request, facts);
    if (response.headers.has("Set-Cookie")) {
      logger.warn({ event: "page.cookieDropped", requestId, path: request.url });
    }
    const made = await makeWholePage(response, await bodyOf(response, facts), { nonce, https: options.publicUrl.startsWith("https:"), fixedHeaders: options.fixedHeaders });
    metrics.countPageMade(made.page.status >= 500 ? "failed" : made.keep ? "kept" : "passed");
    return made;
  }

  async function answer(req: IncomingMessage, res: ServerResponse, key: PageKey): Promise<void> {
    const startedAtMs = performance.now();
    try {
      const { page } = await make(key);
      // Guests go on reading an older page while the application cannot make a new one.
      sendWholePage(req, res, page.status >= 500 ? (cache.getExpired(key.key) ?? page) : page);
    } catch (error) {
      const expired = cache.getExpired(key.key);
      if (expired) sendWholePage(req, res, expired);
      else options.refuse(req, res, error);
    }
    metrics.observeRequest({ method: req.method ?? "GET", status: res.statusCode, durationSec: (performance.now() - startedAtMs) / 1000 });
  }

  return (req, res) => {
    const { cookie, "accept-language": acceptLanguage } = req.headers;
    const key = pageKeyOf({ url: req.url ?? "/", cookie, acceptLanguage });
    if (!key) return false;
    const kept = cache.get(key.key, Date.now());
    if (!kept) {
      void answer(req, res, key);
      return true;
    }
    tallies.pagesKept += 1;
    sendWholePage(req, res, kept.page);
    if (kept.due) {
      make(key).catch((error: unknown) => {
        // The page stays as it is until there is room; anything else than a lack of room is worth a line.
        if (!(error instanceof Overloaded)) logger.warn({ event: "page.refreshFailed", page: key.url, err: error });
      });
    }
    return true;
  };
}
