import type { LoaderFunctionArgs } from "@remix-run/node";
import { parseClipFeed, readClipPage } from "~/http/clip-loader.server";
import { toResponse } from "~/http/errors.server";

/** The next page of a clip feed as plain JSON: a failed one is a sentence on the stage, not another page. */
export async function loader({ request }: LoaderFunctionArgs): Promise<Response> {
  try {
    const { page, tags } = await readClipPage(request, parseClipFeed(new URL(request.url).searchParams.get("feed")));
    return Response.json(page, { headers: { "X-Page-Tags": tags } });
  } catch (error) {
    return toResponse(error, request);
  }
}
