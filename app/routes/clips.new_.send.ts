import type { ActionFunctionArgs } from "@remix-run/node";
import { publishClip } from "~/http/clip-form.server";
import { receiveWords } from "~/http/compose-form.server";
import { toResponse } from "~/http/errors.server";

/** The composer of clips as sent by a script: the answer says where the clip stands, or why it does not. */
export async function action({ request }: ActionFunctionArgs) {
  try {
    return Response.json({ location: await publishClip(await receiveWords(request), new Date()) });
  } catch (error) {
    return toResponse(error, request);
  }
}
