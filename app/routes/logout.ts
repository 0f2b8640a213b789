import { redirect, type ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { toResponse } from "~/http/errors.server";
import { parseForm } from "~/http/form.server";
import { safeRedirect } from "~/http/redirect.server";
import { endSession, getViewer } from "~/http/session.server";
import { revokeAllSessions } from "~/services/sessions.server";

const LogoutForm = z.object({ redirectTo: z.string().max(2_000).default("/"), everywhere: z.enum(["true"]).optional() });

/** Ends the session of this browser, or with `everywhere` all of them. Logging out twice is no mistake. */
export async function action({ request }: ActionFunctionArgs) {
  try {
    const { redirectTo, everywhere } = await parseForm(LogoutForm, request);
    const viewer = everywhere ? await getViewer(request) : null;
    if (viewer) await revokeAllSessions(viewer.id);
    return redirect(safeRedirect(redirectTo), { status: 303, headers: { "Set-Cookie": await endSession(request) } });
  } catch (error) {
    return toResponse(error, request);
  }
}

/** A link or a picture must not log anybody out. */
export function loader() {
  return redirect("/", 302);
}
