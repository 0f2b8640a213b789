import type { LoaderFunctionArgs } from "@remix-run/node";
import { toResponse } from "~/http/errors.server";
import { requireMember } from "~/http/session.server";
import { getRequestT } from "~/i18n/locale.server";
import { listOwnMedia, listUnfinished } from "~/services/own-media.server";

/** One's own uploads, newest first; `?open=1`: those that can be gone on with after a reload or a crash. */
export async function loader({ request }: LoaderFunctionArgs) {
  try {
    const viewer = await requireMember(request);
    const { searchParams } = new URL(request.url);
    const context = { t: getRequestT(request), now: new Date() };
    const page = searchParams.has("open") ? { items: await listUnfinished(viewer.id, context), cursor: null } : await listOwnMedia(viewer.id, searchParams.get("cursor"), context);
    return Response.json(page, { headers: { "Cache-Control": "private, no-store" } });
  } catch (error) {
    return toResponse(error, request);
  }
}
