import type { GateRequest } from "./GateProvider";

/**
 * The sheet is open before the server has answered, so it names the act itself. The page /gate takes the same keys from
 * the table in app/services/gate.server.ts; tests/services/gate.test.ts holds the two together.
 */
export function gateTitleKey({ act, targetKind }: Pick<GateRequest, "act" | "targetKind">): string {
  if (act === "like") return targetKind === "comment" ? "gate.likeComment" : "gate.likePost";
  if (act === "follow") return targetKind === "topic" ? "gate.followTopic" : "gate.followMember";
  return act === "save" ? "gate.savePost" : `gate.${act}`;
}

export function gatePromiseKey({ act }: Pick<GateRequest, "act">): string {
  return act === "comment" || act === "reply" || act === "post" || act === "edit" ? "gate.textPromise" : `gate.${act}Promise`;
}
