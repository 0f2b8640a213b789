import type { ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { answerForm } from "~/http/answer.server";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { requireMember } from "~/http/session.server";
import { setSave } from "~/services/saves.server";
import { admit } from "~/services/tiers.server";

const SaveForm = z.object({ saved: z.enum(["true", "false"]) });

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireMember(request);
    const { saved } = await parseForm(SaveForm, request);
    await admit(viewer, "save", now);
    const view = await setSave({ postId: params.postId ?? "", memberId: viewer.id, saved: saved === "true" }, now);
    return answerForm(request, view, `/posts/${params.postId}`);
  } catch (error) {
    return toResponse(error, request);
  }
}
