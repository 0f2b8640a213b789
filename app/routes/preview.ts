import type { ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { unitsMax } from "~/format/graphemes";
import { BODY_MAX } from "~/format/post-limits";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { getViewer } from "~/http/session.server";
import { LOCALES } from "~/i18n/locales";
import { renderPreview } from "~/services/preview.server";
import { addressKey, consume } from "~/services/rate-limit.server";

const PreviewForm = z.object({ body: z.string().max(unitsMax(BODY_MAX), "form.tooLong").default(""), lang: z.enum(LOCALES).default("zh-CN") });
/** The longest text costs up to a second of processor time; an address may be anybody's, a member has a name to lose. */
const MEMBER_RULE = { name: "preview", times: 60, windowSec: 60 };
const GUEST_RULE = { name: "preview", times: 20, windowSec: 60 };

/** The words as they will stand, from the renderer that publishes them. Rendering costs time, so it is counted. */
export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const viewer = await getViewer(request);
    await (viewer ? consume(MEMBER_RULE, viewer.id, now) : consume(GUEST_RULE, addressKey(context.clientAddress), now));
    const { body, lang } = await parseForm(PreviewForm, request);
    const { html, readMinutes } = await renderPreview(body, lang, viewer?.id ?? null, now);
    return Response.json({ html, readMinutes });
  } catch (error) {
    return toResponse(error, request);
  }
}
