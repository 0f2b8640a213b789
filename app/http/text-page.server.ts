import { NotFound } from "@models/errors";
import { renderText } from "~/format/markdown.server";
import { getLocale } from "~/i18n/locale.server";
import { readPage, type PageName } from "~/services/pages.server";
import { toThrown } from "./errors.server";

/** Rendered once per page and language: the texts change only with a new build. */
const rendered = new Map<string, Promise<string>>();

export async function loadTextPage(request: Request, name: PageName): Promise<{ html: string }> {
  const locale = getLocale(request);
  const source = readPage(name, locale);
  if (source === null) throw toThrown(new NotFound(`page ${name}`), request);
  const key = `${locale}/${name}`;
  const html = rendered.get(key) ?? Promise.resolve(renderText(source));
  rendered.set(key, html);
  return { html: await html };
}
