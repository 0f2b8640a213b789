import type { AssetView } from "~/services/own-media.server";

/** An asset as its owner sees it: the answer of GET /media/assets/<id>. A type alone, which the build erases. */
export type { AssetView };

const MOVING: readonly AssetView["state"][] = ["checking", "poster", "playable"];

/** Something is being done to it that will change its state without the owner. */
export function isMoving({ state }: Pick<AssetView, "state">): boolean {
  return MOVING.includes(state);
}

/** Nothing will come of it as it is: refused, or broken on our side. */
export function isUseless({ state }: Pick<AssetView, "state">): boolean {
  return state === "rejected" || state === "failed";
}

export async function fetchAsset(assetId: string, signal: AbortSignal): Promise<AssetView | "gone" | null> {
  try {
    const response = await fetch(`/media/assets/${assetId}`, { headers: { Accept: "application/json" }, credentials: "same-origin", signal });
    if (response.status === 404 || response.status === 410) return "gone";
    return response.ok ? ((await response.json()) as AssetView) : null;
  } catch {
    // No network, or the page has gone on; asked again at the next turn.
    return null;
  }
}
