import en from "../locales/en/system.json";
import zhCN from "../locales/zh-CN/system.json";
import type { Locale } from "../i18n/locales";

/**
 * Pages that the process answers without React: refused before a route was reached, or while there is no room to
 * render. Plain words in both languages, one style sheet, no script.
 */
export type PlainPage = "busy" | "crossSite" | "tooLarge" | "badRequest" | "broken";

const SENTENCES: Record<Locale, Record<string, string>> = { "zh-CN": zhCN, en };

export function plainPage(page: PlainPage, locale: Locale, params: Record<string, string | number> = {}): string {
  const sentence = (key: string) =>
    (SENTENCES[locale][key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => escape(String(params[name] ?? whole)));
  const title = sentence(`${page}Title`);
  return [
    `<!doctype html><html lang="${locale}"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">`,
    `<title>${title}</title><link rel="icon" href="/favicon.svg" type="image/svg+xml"><link rel="stylesheet" href="/plain.css"></head>`,
    `<body><main><h1>${title}</h1><p>${sentence(`${page}Body`)}</p><p><a href="/">${sentence("home")}</a></p></main></body></html>`,
  ].join("");
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
