import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { NotFound } from "@models/errors";
import { isNavigation } from "~/http/answer.server";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { refererPath } from "~/http/redirect.server";
import { requireMember } from "~/http/session.server";
import { getRequestT } from "~/i18n/locale.server";
import { setNoSpeech } from "~/services/clips-write.server";
import { describeOwnAsset, readOwnAsset, removeOwnAsset, retryAsset } from "~/services/own-media.server";

/** How one of one's own photos or clips stands, for the pages that wait for it, and what can be done about it. */
export async function loader({ request, params }: LoaderFunctionArgs) {
  try {
    const viewer = await requireMember(request);
    const view = await readOwnAsset(viewer.id, idOf(params.assetId), { t: getRequestT(request), now: new Date() });
    return Response.json(view, { headers: { "Cache-Control": "private, no-store" } });
  } catch (error) {
    return toResponse(error, request);
  }
}

const AssetForm = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("retry") }),
  z.object({ intent: z.enum(["remove", "cancel"]) }),
  z.object({ intent: z.literal("describe"), alt: z.string().max(4_000).optional(), noSpeech: z.enum(["true", "false"]).optional() }),
]);

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireMember(request);
    const assetId = idOf(params.assetId);
    const form = await parseForm(AssetForm, request);
    if (form.intent === "retry") await retryAsset(viewer, assetId, now);
    else if (form.intent === "describe") {
      if (form.alt !== undefined) await describeOwnAsset(viewer, assetId, { alt: form.alt }, now);
      // A clip may be waiting for this word to be listed.
      if (form.noSpeech !== undefined) await setNoSpeech(viewer, { assetId, noSpeech: form.noSpeech === "true" }, now);
    } else {
      await removeOwnAsset(viewer, assetId, now);
      return answer(request, { removed: true });
    }
    return answer(request, await readOwnAsset(viewer.id, assetId, { t: getRequestT(request), now }));
  } catch (error) {
    return toResponse(error, request);
  }
}

function answer(request: Request, view: object): Response {
  if (!isNavigation(request)) return Response.json(view);
  return new Response(null, { status: 303, headers: { Location: refererPath(request, "/posts/new") } });
}

function idOf(assetId: string | undefined): string {
  if (!assetId || !/^[0-9a-f]{32}$/.test(assetId)) throw new NotFound(`asset ${assetId}`);
  return assetId;
}
