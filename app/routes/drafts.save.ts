import type { ActionFunctionArgs } from "@remix-run/node";
import { receiveWords, storeWords } from "~/http/compose-form.server";
import { toResponse } from "~/http/errors.server";

/** The composer's own saving, every few seconds while someone writes. */
export async function action({ request }: ActionFunctionArgs) {
  try {
    return Response.json(await storeWords(await receiveWords(request), new Date()));
  } catch (error) {
    return toResponse(error, request);
  }
}
