import type { ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { COMMENT_POLICIES } from "@models/post.server";
import { answerForm } from "~/http/answer.server";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { requireMember } from "~/http/session.server";
import { setCommentPolicy } from "~/services/posts-write.server";

const PolicyForm = z.object({ policy: z.enum(COMMENT_POLICIES) });

export async function action({ request, params }: ActionFunctionArgs) {
  const postId = params.postId ?? "";
  try {
    const viewer = await requireMember(request);
    const { policy } = await parseForm(PolicyForm, request);
    await setCommentPolicy(viewer, { postId, policy }, new Date());
    return answerForm(request, { policy }, `/posts/${postId}`);
  } catch (error) {
    return toResponse(error, request);
  }
}
