import { NotFound } from "@models/errors";
import { renderPost } from "~/format/markdown.server";
import { getLocale } from "~/i18n/locale.server";
import type { Locale } from "~/i18n/locales";
import { readPage, type PageName } from "~/services/pages.server";
import { toThrown } from "./errors.server";

export interface TextPageView {
  title: string;
  html: string;
}

/** Rendered once per page and language: the texts change only with a new build. */
const rendered = new Map<string, TextPageView>();

export function loadTextPage(request: Request, name: PageName): TextPageView {
  const locale = getLocale(request);
  const key = `${locale}/${name}`;
  const known = rendered.get(key);
  if (known) return known;
  const source = readPage(name, locale);
  if (source === null) throw toThrown(new NotFound(`page ${name}`), request);
  const view = render(source, locale);
  rendered.set(key, view);
  return view;
}

/** The first line of a text is its title; the rest goes through the renderer of posts, which knows no codes and nobody here. */
function render(source: string, lang: Locale): TextPageView {
  const [first = "", ...rest] = source.trim().split("\n");
  const { html } = renderPost(rest.join("\n"), { lang, instruments: { find: () => undefined }, resolveMention: () => undefined });
  return { title: first.replace(/^#+\s*/, ""), html };
}
