import { redirect, type LoaderFunctionArgs } from "@remix-run/node";
import { NotFound } from "@models/errors";
import { toThrown } from "~/http/errors.server";

/** One short address for "report this"; the page itself lives under what is reported. */
export function loader({ request, params }: LoaderFunctionArgs) {
  const { kind, id = "" } = params;
  const postId = new URL(request.url).searchParams.get("postId") ?? "";
  const safe = (part: string) => encodeURIComponent(part);
  if (kind === "post") return redirect(`/posts/${safe(id)}/report`);
  if (kind === "comment" && postId) return redirect(`/posts/${safe(postId)}/comments/${safe(id)}/report`);
  if (kind === "member") return redirect(`/members/${safe(id)}/report`);
  throw toThrown(new NotFound(`report of ${kind}`), request);
}
