import { createContext, useContext, useMemo, useSyncExternalStore, type ReactNode } from "react";
import { DEFAULT_LOCALE, type Locale } from "./locales";
import { getFixedT, getLaterVersion, onLaterMessages, type Translate } from "./t";

interface Language {
  locale: Locale;
  /** Nobody reads it: a new value draws everything again that shows sentences. */
  version: number;
}

const LanguageContext = createContext<Language>({ locale: DEFAULT_LOCALE, version: 0 });

/** Draws whoever uses it again when later sentences come. */
export function useLaterVersion(): number {
  return useSyncExternalStore(onLaterMessages, getLaterVersion, getLaterVersion);
}

export function LocaleProvider({ locale, children }: { locale: Locale; children: ReactNode }) {
  const version = useLaterVersion();
  const language = useMemo(() => ({ locale, version }), [locale, version]);
  return <LanguageContext.Provider value={language}>{children}</LanguageContext.Provider>;
}

export function useLocale(): Locale {
  return useContext(LanguageContext).locale;
}

export function useT(): Translate {
  return getFixedT(useLocale());
}
