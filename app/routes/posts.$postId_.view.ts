import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { isbot } from "isbot";
import { env } from "~/env.server";
import { toResponse } from "~/http/errors.server";
import { getViewer } from "~/http/session.server";
import { guestReaderKey, recordView } from "~/services/views.server";

/** A transparent 1 × 1 GIF: what a page without scripts loads to be counted. */
const PIXEL = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

async function count(request: Request, postId: string, address: string): Promise<void> {
  const userAgent = request.headers.get("User-Agent") ?? "";
  if (isbot(userAgent)) return;
  const now = new Date();
  const viewer = await getViewer(request);
  const reader = viewer
    ? { memberId: viewer.id }
    : { guestKey: guestReaderKey({ address, userAgent, secret: env.SESSION_SECRET, now }) };
  await recordView({ postId, reader }, now);
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  try {
    await count(request, params.postId ?? "", context.clientAddress);
    return new Response(null, { status: 204 });
  } catch (error) {
    return toResponse(error, request);
  }
}

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  try {
    await count(request, params.postId ?? "", context.clientAddress);
    return new Response(PIXEL, { headers: { "Content-Type": "image/gif", "Cache-Control": "no-store" } });
  } catch (error) {
    return toResponse(error, request);
  }
}
