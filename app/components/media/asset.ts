import type { VisibleState } from "@models/media-asset.server";
import type { RejectReason } from "@models/media-reasons";

/** An asset as its owner sees it: the answer of GET /media/assets/<id> (app/services/own-media.server.ts), restated for the browser. */
export interface AssetView {
  id: string;
  kind: "image" | "video";
  state: VisibleState;
  /** The state in words, in the reader's language. */
  stateText: string;
  reason: RejectReason | null;
  /** What is wrong and what to do; null unless it was refused. */
  reasonText: string | null;
  /** 0 to 100 within the running stage. */
  progress: number;
  /** Bytes that have arrived; null once all have. */
  offset: number | null;
  sizeBytes: number;
  width: number | null;
  height: number | null;
  durationSec: number | null;
  /** Signed, for some hours. */
  posterUrl: string | null;
  captions: { lang: "zh-CN" | "en"; revision: number; url: string }[];
  noSpeech: boolean;
  alt: string;
  fileName: string;
  retryable: boolean;
  /** The post that shows it, published or waiting. */
  postId: string | null;
  createdAt: string;
}

const MOVING: readonly VisibleState[] = ["checking", "poster", "playable"];

/** Something is being done to it that will change its state without the owner. */
export function isMoving({ state }: Pick<AssetView, "state">): boolean {
  return MOVING.includes(state);
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
