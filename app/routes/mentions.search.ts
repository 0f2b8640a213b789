import type { LoaderFunctionArgs } from "@remix-run/node";
import { toResponse } from "~/http/errors.server";
import { requireMember } from "~/http/session.server";
import { suggestMentions } from "~/services/mentions.server";

/** Typeahead for members, for members. */
export async function loader({ request }: LoaderFunctionArgs) {
  try {
    await requireMember(request);
    const items = await suggestMentions(new URL(request.url).searchParams.get("q") ?? "");
    return Response.json({ items }, { headers: { "Cache-Control": "private, max-age=60" } });
  } catch (error) {
    return toResponse(error, request);
  }
}
