import type { LoaderFunctionArgs } from "@remix-run/node";
import { Invalid } from "@models/errors";
import { toResponse } from "~/http/errors.server";
import { getLocale } from "~/i18n/locale.server";
import { countNew, type FeedName } from "~/services/feeds.server";

function parseFeed(value: string): FeedName {
  if (value === "recommended" || value === "hot" || value === "latest") return { kind: value };
  const [, kind, id] = /^(topic|ticker|author):([\w-]{1,64})$/.exec(value) ?? [];
  if (!kind || !id) throw new Invalid(`unknown feed ${value.slice(0, 80)}`);
  return { kind: kind as "topic" | "ticker" | "author", id };
}

/** How many posts are newer than `since` (ISO), for the pill. */
export async function loader({ request }: LoaderFunctionArgs) {
  const { searchParams } = new URL(request.url);
  try {
    const since = new Date(searchParams.get("since") ?? "");
    if (Number.isNaN(since.getTime())) throw new Invalid("since is not a time");
    const count = await countNew(parseFeed(searchParams.get("feed") ?? ""), getLocale(request), since, new Date());
    return Response.json({ count }, { headers: { "Cache-Control": "no-store" } });
  } catch (error) {
    return toResponse(error, request);
  }
}
