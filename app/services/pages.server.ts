import type { Locale } from "~/i18n/locales";

/** The texts that the house itself signs: about, rules, privacy, sharing. Markdown files an editor can change. */
const files = import.meta.glob<string>("../content/*/*.md", { eager: true, query: "?raw", import: "default" });

export const PAGES = ["about", "rules", "privacy", "sharing"] as const;
export type PageName = (typeof PAGES)[number];

export function readPage(name: PageName, locale: Locale): string | null {
  return files[`../content/${locale}/${name}.md`] ?? null;
}
