import type { ActionFunctionArgs } from "@remix-run/node";
import { publishWords, receiveWords } from "~/http/compose-form.server";
import { toResponse } from "~/http/errors.server";

/** The composer as sent by a script: the answer says where the post stands, or why it does not; the page stays. */
export async function action({ request }: ActionFunctionArgs) {
  try {
    return Response.json({ location: await publishWords(await receiveWords(request), new Date()) });
  } catch (error) {
    return toResponse(error, request);
  }
}
