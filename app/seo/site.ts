import { DEFAULT_LOCALE, isLocale, type Locale } from "../i18n/locales";

/** What a meta function may know of the page around it: the data of its matches, the root's among them. */
export type Matches = readonly ({ id: string; data?: unknown } | undefined)[];

export interface Site {
  locale: Locale;
  /** Where readers reach us, without a trailing slash; empty when the root's loader failed. */
  publicUrl: string;
}

export function siteOf(matches: Matches | undefined): Site {
  const root: unknown = matches?.find((match) => match?.id === "root")?.data;
  const { locale, publicUrl } = (typeof root === "object" && root !== null ? root : {}) as { locale?: unknown; publicUrl?: unknown };
  return { locale: isLocale(locale) ? locale : DEFAULT_LOCALE, publicUrl: typeof publicUrl === "string" ? publicUrl : "" };
}
