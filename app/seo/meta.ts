import type { MetaDescriptor } from "@remix-run/node";
import { isLocale, LOCALES, otherLocale, type Locale } from "../i18n/locales";
import { getFixedT } from "../i18n/t";
import type { JsonLd } from "./json-ld";
import { feedPathOf, SYNDICATION_FORMATS } from "./syndication";
import { siteOf, type Matches } from "./site";

/**
 * The head of a page: title, description, canonical address, languages, cards for other sites, structured data.
 * A list is one page per language (`?lang=`), with the bare address for "whatever the reader prefers". A post is
 * written in one language; only the frame around it changes, so it has one address.
 */
export interface PageMeta {
  matches: Matches | undefined;
  location: { pathname: string; search?: string };
  kind: "home" | "feed" | "post" | "clip" | "thread" | "profile" | "private";
  title?: string | undefined;
  titleKey?: string;
  description?: string | undefined;
  descriptionKey?: string;
  /** Path of the picture for cards on other sites, 1200 × 630. */
  image?: string | undefined;
  /** When the picture is not a card. */
  imageSize?: { width: number; height: number } | undefined;
  /** A film that plays on other sites; the address is whole. */
  video?: { url: string; width: number; height: number } | undefined;
  /** When this page is a view of another. */
  canonicalPath?: string | undefined;
  /** Language of what is written on the page, when it is not the reader's. */
  contentLocale?: Locale | undefined;
  jsonLd?: JsonLd | undefined;
}

const DESCRIPTION_LENGTH_MAX = 200;
const OPEN_GRAPH_LOCALE: Record<Locale, string> = { "zh-CN": "zh_CN", en: "en_US" };
const OPEN_GRAPH_TYPE: Record<PageMeta["kind"], string> = { home: "website", feed: "website", private: "website", post: "article", clip: "video.other", thread: "article", profile: "profile" };

export function metaFor(page: PageMeta): MetaDescriptor[] {
  const { locale, publicUrl } = siteOf(page.matches);
  const t = getFixedT(locale);
  const brand = t("common.brand");
  const own = page.title ?? (page.titleKey ? t(page.titleKey) : undefined);
  const title = own ? `${own} · ${brand}` : brand;
  const description = (page.description || (page.descriptionKey ? t(page.descriptionKey) : "") || t("common.tagline")).slice(0, DESCRIPTION_LENGTH_MAX);
  if (page.kind === "private") return [{ title }, { name: "description", content: description }, { name: "robots", content: "noindex" }];

  const path = page.canonicalPath ?? page.location.pathname;
  // An address without a language stands for itself (x-default); one that names its language stands for that version.
  const asked = new URLSearchParams(page.location.search ?? "").get("lang");
  const canonical = isLocale(asked) ? canonicalUrl(publicUrl, path, page.kind, locale) : publicUrl + path;
  const image = publicUrl + (page.image ?? "/card.png");
  return [
    { title },
    { name: "description", content: description },
    { tagName: "link", rel: "canonical", href: canonical },
    ...languageLinks({ publicUrl, path, kind: page.kind, contentLocale: page.contentLocale ?? locale }),
    ...syndicationLinks(page, locale, brand),
    { property: "og:site_name", content: brand },
    { property: "og:type", content: OPEN_GRAPH_TYPE[page.kind] },
    { property: "og:title", content: own ?? brand },
    { property: "og:description", content: description },
    { property: "og:url", content: canonical },
    { property: "og:locale", content: OPEN_GRAPH_LOCALE[locale] },
    { property: "og:locale:alternate", content: OPEN_GRAPH_LOCALE[otherLocale(locale)] },
    { property: "og:image", content: image },
    { property: "og:image:width", content: String(page.imageSize?.width ?? 1200) },
    { property: "og:image:height", content: String(page.imageSize?.height ?? 630) },
    { property: "og:image:alt", content: own ?? brand },
    ...(page.video ? videoTags(page.video) : []),
    { name: "twitter:card", content: "summary_large_image" },
    ...(page.jsonLd ? [{ "script:ld+json": page.jsonLd }] : []),
  ];
}

function videoTags({ url, width, height }: NonNullable<PageMeta["video"]>): MetaDescriptor[] {
  return [
    { property: "og:video", content: url },
    { property: "og:video:secure_url", content: url },
    { property: "og:video:type", content: "video/mp4" },
    { property: "og:video:width", content: String(width) },
    { property: "og:video:height", content: String(height) },
  ];
}

function isOneLanguage(kind: PageMeta["kind"]): boolean {
  return kind === "post" || kind === "clip" || kind === "thread";
}

function canonicalUrl(publicUrl: string, path: string, kind: PageMeta["kind"], locale: Locale): string {
  return isOneLanguage(kind) ? publicUrl + path : `${publicUrl}${path}?lang=${locale}`;
}

function languageLinks({ publicUrl, path, kind, contentLocale }: { publicUrl: string; path: string; kind: PageMeta["kind"]; contentLocale: Locale }): MetaDescriptor[] {
  const languages = isOneLanguage(kind) ? [contentLocale] : LOCALES;
  return [
    ...languages.map((lang) => ({ tagName: "link", rel: "alternate", hrefLang: lang, href: canonicalUrl(publicUrl, path, kind, lang) })),
    { tagName: "link", rel: "alternate", hrefLang: "x-default", href: publicUrl + path },
  ];
}

/** RSS, Atom and JSON Feed of the list that the page shows. */
function syndicationLinks({ kind, location }: PageMeta, locale: Locale, brand: string): MetaDescriptor[] {
  const feed = kind === "home" || kind === "feed" || kind === "profile" ? feedPathOf(location.pathname, locale) : null;
  if (!feed) return [];
  return SYNDICATION_FORMATS.map(({ extension, type, name }) => ({ tagName: "link", rel: "alternate", type, title: `${brand} · ${name}`, href: `${feed}.${extension}` }));
}
