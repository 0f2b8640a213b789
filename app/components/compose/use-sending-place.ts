import { useRef } from "react";

/**
 * The name under which a composer finds its files among those this tab is sending: that of the draft it began with, so
 * that they are found again after a walk through other pages, and stay when a save splits the draft.
 */
export function useSendingPlace(kind: "post" | "clip", draftId: string): string {
  const first = useRef("");
  if (first.current === "") first.current = draftId;
  return `${kind}:${first.current}`;
}
