import { RemixBrowser } from "@remix-run/react";
import { startTransition, StrictMode, useLayoutEffect, type ReactNode } from "react";
import { hydrateRoot } from "react-dom/client";
import { noteEarlyWords, tellEarlyWords } from "~/early-words";
import { loadMessages } from "~/i18n/browser";
import { isLocale, DEFAULT_LOCALE } from "~/i18n/locales";

/** What the page says, in its own language, is loaded before hydration, so that the first client render equals the server's. */
async function start() {
  const { lang, dataset } = document.documentElement;
  await Promise.all([loadMessages(isLocale(lang) ? lang : DEFAULT_LOCALE, { all: dataset.sentences === "all" }), loaderData()]);
  noteEarlyWords();
  startTransition(() => {
    hydrateRoot(
      document,
      <StrictMode>
        <Waking>
          <RemixBrowser />
        </Waking>
      </StrictMode>,
    );
  });
}

function Waking({ children }: { children: ReactNode }) {
  useLayoutEffect(tellEarlyWords, []);
  return children;
}

/**
 * RemixBrowser reads what the loaders sent from a stream, and throws the promise of it when it is first called. Left to
 * React, a key or a press that comes between its start and that promise's end is answered with a render at once, which
 * cannot wait: React gives up (error 345) and the page never comes alive.
 */
async function loaderData(): Promise<void> {
  try {
    RemixBrowser({});
  } catch (pending) {
    // An error instead of a promise is thrown again, and shown, by the render.
    await pending;
  }
}

void start();
