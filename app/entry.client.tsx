import { RemixBrowser } from "@remix-run/react";
import { startTransition, StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { isLocale, DEFAULT_LOCALE } from "~/i18n/locales";
import { registerMessages, type Messages } from "~/i18n/t";

const load = {
  "zh-CN": () => import("~/i18n/messages.zh-CN"),
  en: () => import("~/i18n/messages.en"),
} satisfies Record<string, () => Promise<{ default: Messages }>>;

/** The page's own language is loaded before hydration, so that the first client render equals the server's. */
async function start() {
  const lang = document.documentElement.lang;
  const locale = isLocale(lang) ? lang : DEFAULT_LOCALE;
  registerMessages(locale, (await load[locale]()).default);
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
