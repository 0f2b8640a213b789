import { RemixBrowser } from "@remix-run/react";
import { startTransition, StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { loadMessages } from "~/i18n/browser";
import { isLocale, DEFAULT_LOCALE } from "~/i18n/locales";

/** What the page says, in its own language, is loaded before hydration, so that the first client render equals the server's. */
async function start() {
  const { lang, dataset } = document.documentElement;
  await loadMessages(isLocale(lang) ? lang : DEFAULT_LOCALE, { all: dataset.sentences === "all" });
  startTransition(() => {
    hydrateRoot(
      document,
      <StrictMode>
        <RemixBrowser />
      </StrictMode>,
    );
  });
}

void start();
