import type { LoaderFunctionArgs } from "@remix-run/node";
import { getLocale } from "~/i18n/locale.server";
import { suggestInstruments } from "~/services/instruments.server";

/** Typeahead for codes. The same for everybody, so browsers and proxies may keep it. */
export async function loader({ request }: LoaderFunctionArgs) {
  const text = new URL(request.url).searchParams.get("q") ?? "";
  const items = await suggestInstruments(text, getLocale(request), new Date());
  return Response.json({ items }, { headers: { "Cache-Control": "public, max-age=300" } });
}
