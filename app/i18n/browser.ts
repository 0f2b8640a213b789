import type { Locale } from "./locales";
import { allMessages, registerLaterMessages, registerMessages, setFetchLater, type Messages } from "./t";

/** The sentences of one language in the browser: those of guests' pages at once, the others when they are wanted. */
type File = () => Promise<{ default: Messages }>;

const files: Record<Locale, { first: File; later: File }> = {
  "zh-CN": { first: () => import("./messages.zh-CN.first"), later: () => import("./messages.zh-CN.later") },
  en: { first: () => import("./messages.en.first"), later: () => import("./messages.en.later") },
};

/** `all`: the page was made with later sentences, so they must be there before it comes alive. */
export async function loadMessages(locale: Locale, { all }: { all: boolean }): Promise<void> {
  setFetchLater(() => loadLater(locale));
  const coming = all ? allMessages() : undefined;
  registerMessages(locale, (await files[locale].first()).default);
  await coming;
  // Who touches the page may be about to leave it for one that says other things.
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, () => void allMessages(), { once: true, passive: true, capture: true });
}

async function loadLater(locale: Locale): Promise<void> {
  try {
    registerLaterMessages(locale, (await files[locale].later()).default);
  } catch (error) {
    // Keys in place of a few sentences leave a page that can be used; asking for ever would not.
    console.error(error);
    registerLaterMessages(locale, {});
  }
}
