import { redirect, type ActionFunctionArgs } from "@remix-run/node";
import { z } from "zod";
import { Invalid } from "@models/errors";
import { toResponse } from "~/http/errors.server";
import { parseForm, type FormValues } from "~/http/form.server";
import { draftOfSheet } from "~/http/gated.server";
import { createIntent } from "~/services/gate.server";
import { addressKey, consume } from "~/services/rate-limit.server";

const SheetForm = z.object({ gate: z.string().max(4_000) }).catchall(z.union([z.string(), z.array(z.string())]));

/** A guest may open the sheet often, but each opening may keep words for a while. */
const SHEETS_PER_ADDRESS = { name: "sheet.address", times: 200, windowSec: 3_600 };

/** Signs what a guest tried, for the sheet; keeps the words that came with it. */
export async function action({ request, context }: ActionFunctionArgs) {
  const now = new Date();
  try {
    const { gate, ...fields } = await parseForm(SheetForm, request);
    await consume(SHEETS_PER_ADDRESS, addressKey(context.clientAddress), now);
    const intent = await createIntent(draftOfSheet(readJson(gate), fields as FormValues), now);
    return Response.json({ intent }, { headers: { "Cache-Control": "no-store" } });
  } catch (error) {
    return toResponse(error, request);
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Invalid("gate request is not JSON", { messageKey: "form.notAForm", cause: error });
  }
}

export function loader() {
  return redirect("/", 302);
}
