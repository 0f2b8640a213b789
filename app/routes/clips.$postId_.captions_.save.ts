import type { ActionFunctionArgs } from "@remix-run/node";
import { answerForm } from "~/http/answer.server";
import { changeCaptions, storedInstead } from "~/http/captions-form.server";
import { toResponse } from "~/http/errors.server";

/** The captions editor as sent by a script; a save that came too late is answered with what stands instead. */
export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  const postId = params.postId ?? "";
  try {
    return answerForm(request, await changeCaptions(request, postId, now), `/clips/${postId}/captions`);
  } catch (error) {
    const refusal = toResponse(error, request);
    const stored = await storedInstead(error, request, postId, now);
    if (!stored) return refusal;
    return Response.json({ ...((await refusal.json()) as object), stored }, { status: refusal.status, headers: { "Cache-Control": "no-store" } });
  }
}
