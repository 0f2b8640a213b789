import { findResumedText, type ResumedText } from "../services/gate.server";
import { getViewer } from "./session.server";

/** The words that a member sent before logging in, for the composer of the page they came back to; null otherwise. */
export async function getResumedText(request: Request): Promise<ResumedText | null> {
  const nonce = new URL(request.url).searchParams.get("resume");
  if (!nonce) return null;
  const viewer = await getViewer(request);
  return viewer ? findResumedText({ nonce, memberId: viewer.id }, new Date()) : null;
}
