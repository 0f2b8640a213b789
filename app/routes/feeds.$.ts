import type { LoaderFunctionArgs } from "@remix-run/node";
import { NotFound } from "@models/errors";
import { env } from "~/env.server";
import { toResponse } from "~/http/errors.server";
import { parseFeedAddress, SYNDICATION_FORMATS } from "~/seo/syndication";
import { syndicate } from "~/services/syndication.server";

/** /feeds/<lang>/<list>.<rss|atom|json> */
export async function loader({ request, params }: LoaderFunctionArgs): Promise<Response> {
  try {
    const address = parseFeedAddress(params["*"] ?? "");
    if (!address) throw new NotFound(`feed ${params["*"]}`);
    const { body, tags } = await syndicate(address, env.PUBLIC_URL, new Date());
    const type = SYNDICATION_FORMATS.find(({ extension }) => extension === address.format)?.type ?? "application/xml";
    return new Response(body, {
      headers: { "Content-Type": `${type}; charset=utf-8`, "Cache-Control": "public, max-age=60", "Cross-Origin-Resource-Policy": "cross-origin", "X-Page-Tags": tags.join(" ") },
    });
  } catch (error) {
    return toResponse(error, request);
  }
}
