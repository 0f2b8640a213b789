import { redirect, type ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { safeRedirect } from "~/http/redirect.server";
import { localeCookie } from "~/i18n/locale.server";
import { LOCALES } from "~/i18n/locales";

const LanguageForm = z.object({ lang: z.enum(LOCALES), redirectTo: z.string().max(2_000).default("/") });

/** Remembers the reader's language and returns to the same page; a `lang` in its address would win over the choice. */
export async function action({ request }: ActionFunctionArgs) {
  try {
    const { lang, redirectTo } = await parseForm(LanguageForm, request);
    const back = new URL(safeRedirect(redirectTo), "http://page.invalid");
    back.searchParams.delete("lang");
    return redirect(back.pathname + back.search, { status: 303, headers: { "Set-Cookie": localeCookie(lang) } });
  } catch (error) {
    return toResponse(error, request);
  }
}

export function loader() {
  return redirect("/", 302);
}
