import { redirect, type ActionFunctionArgs, type LoaderFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { toResponse } from "~/http/errors.server";
import { flashCookie } from "~/http/flash.server";
import { parseForm } from "~/http/form.server";
import { LoginNeeded } from "~/http/login-needed";
import { safeRedirect } from "~/http/redirect.server";
import { getViewer } from "~/http/session.server";
import { resumeIntent } from "~/services/gate.server";

const ResumeForm = z.object({ intent: z.string().max(8_000) });

/** Does what was tried before logging in; the logins call the same use case in their own request. */
export async function action({ request }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const { intent } = await parseForm(ResumeForm, request);
    const viewer = await getViewer(request);
    if (!viewer) throw new LoginNeeded(`/gate?intent=${encodeURIComponent(intent)}`);
    const { redirectTo, notice } = await resumeIntent(viewer, intent, now);
    const headers = new Headers({ "Cache-Control": "no-store" });
    if (notice) headers.append("Set-Cookie", flashCookie(notice, now));
    return redirect(safeRedirect(redirectTo), { status: 303, headers });
  } catch (error) {
    return toResponse(error, request);
  }
}

/** A GET changes nothing: it leads to the page with the button. */
export function loader({ request }: LoaderFunctionArgs) {
  return redirect(`/gate?intent=${encodeURIComponent(new URL(request.url).searchParams.get("intent") ?? "")}`, 302);
}
