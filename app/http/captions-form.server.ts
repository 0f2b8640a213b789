import { z } from "zod";
import { Conflict } from "@models/errors";
import { CAPTIONS_LENGTH_MAX } from "@models/media-reasons";
import { LOCALES, type Locale } from "../i18n/locales";
import { openCaptions } from "../services/captions-read.server";
import { saveCaptions, setNoSpeech } from "../services/clips-write.server";
import { parseForm } from "./form.server";
import { requireMember } from "./session.server";

/** The captions of one's own clip, as the editor or the plain form sends them. */
const CaptionsForm = z.discriminatedUnion("intent", [
  z.object({
    intent: z.literal("save"),
    lang: z.enum(LOCALES),
    source: z.string().max(CAPTIONS_LENGTH_MAX, "media.captions.tooLong"),
    revision: z.coerce.number().int().min(0).max(1_000_000),
  }),
  z.object({ intent: z.literal("noSpeech"), noSpeech: z.string().optional() }),
]);

export interface CaptionsChanged {
  lang: Locale | null;
  revision: number;
}

export async function changeCaptions(request: Request, postId: string, now: Date): Promise<CaptionsChanged> {
  const viewer = await requireMember(request);
  const form = await parseForm(CaptionsForm, request);
  const { assetId } = await openCaptions({ memberId: viewer.id, postId, lang: null }, now);
  if (form.intent === "noSpeech") {
    await setNoSpeech(viewer, { assetId, noSpeech: form.noSpeech === "on" }, now);
    return { lang: null, revision: 0 };
  }
  const { lang, source, revision } = form;
  return { lang, ...(await saveCaptions(viewer, { assetId, lang, source, revision }, now)) };
}

/** What stands instead, for an editor whose save came too late: neither version is lost. */
export async function storedInstead(error: unknown, request: Request, postId: string, now: Date): Promise<{ source: string; revision: number } | null> {
  if (!(error instanceof Conflict)) return null;
  const viewer = await requireMember(request);
  const form = await parseForm(CaptionsForm, request);
  const { source, revision } = await openCaptions({ memberId: viewer.id, postId, lang: form.intent === "save" ? form.lang : null }, now);
  return { source, revision };
}
