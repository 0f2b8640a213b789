import { findResumedText, type ResumedText } from "~/services/gate.server";
import { getViewer } from "./session.server";

/** The words a guest wrote before logging in, named by `?resume=` in the address; only for the member they were handed to. */
export async function getResumedText(request: Request): Promise<ResumedText | null> {
  const nonce = new URL(request.url).searchParams.get("resume");
  const viewer = nonce ? await getViewer(request) : null;
  return nonce && viewer ? findResumedText({ nonce, memberId: viewer.id }, new Date()) : null;
}
