import type { LoaderFunctionArgs } from "@remix-run/node";
import { toResponse } from "~/http/errors.server";
import { getViewer } from "~/http/session.server";
import { getLocale } from "~/i18n/locale.server";
import { readClipPanel } from "~/services/clips-read.server";

/** What stands beside a clip, as plain JSON: its words, its transcript, one page of comments. */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  const { searchParams } = new URL(request.url);
  try {
    const viewer = await getViewer(request);
    const postId = params.postId ?? "";
    const panel = await readClipPanel({ postId, locale: getLocale(request), viewerId: viewer?.id ?? null, sort: searchParams.get("sort"), cursor: searchParams.get("cursor") }, new Date());
    return Response.json(panel, { headers: { "X-Page-Tags": `post:${postId}` } });
  } catch (error) {
    return toResponse(error, request);
  }
}
