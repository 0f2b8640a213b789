import type { ActionFunctionArgs } from "@remix-run/node";
import { receiveComment } from "~/http/comment-form.server";
import { toResponse } from "~/http/errors.server";

/** The comment form as sent by a script: the answer is data, the page stays. */
export async function action({ request, params }: ActionFunctionArgs) {
  try {
    return Response.json(await receiveComment(request, params.postId ?? "", new Date()));
  } catch (error) {
    return toResponse(error, request);
  }
}
