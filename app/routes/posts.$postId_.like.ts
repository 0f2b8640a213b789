import type { ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { answerForm } from "~/http/answer.server";
import { requireMember } from "~/http/session.server";
import { setLike } from "~/services/likes.server";
import { admit } from "~/services/tiers.server";

const LikeForm = z.object({ liked: z.enum(["true", "false"]) });

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireMember(request);
    const { liked } = await parseForm(LikeForm, request);
    await admit(viewer, "like", now);
    const view = await setLike({ postId: params.postId ?? "", memberId: viewer.id, liked: liked === "true" }, now);
    return answerForm(request, view, `/posts/${params.postId}`);
  } catch (error) {
    return toResponse(error, request);
  }
}
