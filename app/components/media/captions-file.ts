import { CaptionsInvalid, decodeCaptions, parseCaptions, type Cue } from "@media/captions";

export type CaptionsFile = { kind: "read"; text: string; cues: Cue[] } | { kind: "refused"; messageKey: string; params: Record<string, string | number> };

/** What a chosen captions file says, or why it cannot be used. Nothing is sent. */
export async function readCaptionsFile(file: File, { durationSec }: { durationSec: number | null }): Promise<CaptionsFile> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    // Phones offer files that lie elsewhere and can no longer be fetched.
    return { kind: "refused", messageKey: "media.captions.notThere", params: {} };
  }
  try {
    const text = decodeCaptions(bytes);
    return { kind: "read", text, cues: parseCaptions(text, { durationSec }) };
  } catch (error) {
    if (!(error instanceof CaptionsInvalid)) throw error;
    return { kind: "refused", messageKey: error.messageKey ?? "media.captions.unreadable", params: error.params ?? {} };
  }
}
