import type { ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";

import { answerForm } from "~/http/answer.server";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { requireMember } from "~/http/session.server";
import { setFollow } from "~/services/follows.server";
import { admit } from "~/services/tiers.server";

const FollowForm = z.object({ followed: z.enum(["true", "false"]) });

export async function action({ request, params }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await requireMember(request);
    const { followed } = await parseForm(FollowForm, request);
    await admit(viewer, "follow", now);
    const slug = params.slug ?? "";
    const view = await setFollow({ kind: "topic", targetId: slug, memberId: viewer.id, followed: followed === "true" }, now);
    return answerForm(request, view, `/topics/${slug}`);
  } catch (error) {
    return toResponse(error, request);
  }
}
