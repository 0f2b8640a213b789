import type { ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { answerForm } from "~/http/answer.server";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { requireMember } from "~/http/session.server";
import { castVote } from "~/services/polls.server";
import { admit } from "~/services/tiers.server";

const choice = z.string().regex(/^[\w-]{1,20}$/);
const VoteForm = z.object({ choice: z.union([choice, z.array(choice).max(20)]).optional().transform((given) => (given === undefined ? [] : [given].flat())) });

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  const postId = params.postId ?? "";
  try {
    const viewer = await requireMember(request);
    const { choice: choices } = await parseForm(VoteForm, request);
    await admit(viewer, "vote", now);
    const poll = await castVote({ postId, memberId: viewer.id, choices }, now);
    return answerForm(request, { poll }, `/posts/${postId}`);
  } catch (error) {
    return toResponse(error, request);
  }
}
