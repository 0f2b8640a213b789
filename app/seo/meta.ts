import type { MetaDescriptor } from "@remix-run/node";
import { DEFAULT_LOCALE, LOCALES, type Locale } from "~/i18n/locales";
import { getFixedT } from "~/i18n/t";

/**
 * The head of every page from one place: title, description, canonical, languages, share card, structured data.
 * A page has one address per language for search engines (`?lang=`) and one without for people, who get their own.
 */
export interface MetaInput {
  /** Route matches as Remix hands them to `meta`; the root's data has the language and the public address. */
  matches: readonly { id: string; data?: unknown }[];
  location: { pathname: string; search: string };
  /** `private` and `thread` pages are not indexed. */
  kind: "home" | "feed" | "post" | "profile" | "thread" | "private" | "text";
  title?: string;
  titleKey?: string;
  description?: string;
  descriptionKey?: string;
  canonicalPath?: string;
  /** Path of a 1200 × 630 picture. */
  image?: string;
  jsonLd?: object;
}

export interface SiteFacts {
  locale: Locale;
  publicUrl: string;
}

/** Language and public address, as the root loader gave them; a page whose root failed stands with the defaults. */
export function siteOf(matches: MetaInput["matches"]): SiteFacts {
  const root = matches.find((match) => match.id === "root")?.data as Partial<SiteFacts> | undefined;
  return { locale: root?.locale ?? DEFAULT_LOCALE, publicUrl: root?.publicUrl ?? "" };
}

const OG_LOCALE: Record<Locale, string> = { "zh-CN": "zh_CN", en: "en_GB" };

export function metaFor(input: MetaInput): MetaDescriptor[] {
  const { locale, publicUrl } = siteOf(input.matches);
  const t = getFixedT(locale);
  const brand = t("common.brand");
  const name = input.title ?? (input.titleKey ? t(input.titleKey) : "");
  const title = name ? `${name} - ${brand}` : `${brand} - ${t("common.tagline")}`;
  const description = input.description || (input.descriptionKey ? t(input.descriptionKey) : t("common.tagline"));
  const path = input.canonicalPath ?? input.location.pathname;
  const url = publicUrl + path;
  const indexed = input.kind !== "private" && input.kind !== "thread" && !/[?&](cursor|sort)=/.test(input.location.search);
  return [
    { title },
    { name: "description", content: description },
    ...(indexed ? addresses(url) : [{ name: "robots", content: "noindex, follow" }, { tagName: "link", rel: "canonical", href: url }]),
    { property: "og:site_name", content: brand },
    { property: "og:type", content: input.kind === "post" ? "article" : input.kind === "profile" ? "profile" : "website" },
    { property: "og:title", content: name || brand },
    { property: "og:description", content: description },
    { property: "og:url", content: url },
    { property: "og:locale", content: OG_LOCALE[locale] },
    { property: "og:image", content: `${publicUrl}${input.image ?? "/share/site.png"}` },
    { property: "og:image:width", content: "1200" },
    { property: "og:image:height", content: "630" },
    { name: "twitter:card", content: "summary_large_image" },
    ...(input.kind === "home" || input.kind === "feed" || input.kind === "profile" ? feedLinks(publicUrl, path, title) : []),
    ...(input.jsonLd ? [{ "script:ld+json": input.jsonLd as Record<string, never> }] : []),
  ];
}

function addresses(url: string): MetaDescriptor[] {
  return [
    { tagName: "link", rel: "canonical", href: url },
    ...LOCALES.map((locale) => ({ tagName: "link", rel: "alternate", hrefLang: locale, href: `${url}?lang=${locale}` })),
    { tagName: "link", rel: "alternate", hrefLang: "x-default", href: url },
  ];
}

/** RSS, Atom and JSON Feed of the list on this page: its own address with an ending. */
function feedLinks(publicUrl: string, path: string, title: string): MetaDescriptor[] {
  const base = path === "/" ? "/latest" : path;
  return [
    { tagName: "link", rel: "alternate", type: "application/rss+xml", title, href: `${publicUrl}/feeds${base}.rss` },
    { tagName: "link", rel: "alternate", type: "application/atom+xml", title, href: `${publicUrl}/feeds${base}.atom` },
    { tagName: "link", rel: "alternate", type: "application/feed+json", title, href: `${publicUrl}/feeds${base}.json` },
  ];
}
