import { LRUCache } from "lru-cache";
import { getAsset, type MediaAsset } from "@models/media-asset.server";

/**
 * What serving a file must know of its asset, asked of the database at most once a second: a playing clip asks for
 * dozens of pieces, and a removal must still be felt at once, in every process.
 */
export interface ServedAsset extends Pick<MediaAsset, "state" | "held" | "access" | "createdAt"> {
  /** By name; a name that is not in here is not served, whatever lies in the storage. */
  files: ReadonlyMap<string, { type: string; bytes: number }>;
}

const KEPT_MS = 1_000;
/** For a no: what was published or made just now must not be missing from a page that shows it. */
export const REFUSAL_KEPT_MS = 100;
const KEPT_MAX = 2_000;

interface Asked {
  atMs: number;
  /** A promise, so that the first hundred viewers of a clip ask once. */
  reading: Promise<ServedAsset | null>;
}

const asked = new LRUCache<string, Asked>({ max: KEPT_MAX });

export function findServedAsset(assetId: string, now: Date, keptMs = KEPT_MS): Promise<ServedAsset | null> {
  const known = asked.get(assetId);
  if (known && Math.abs(now.getTime() - known.atMs) < keptMs) return known.reading;
  const reading = readAsset(assetId);
  asked.set(assetId, { atMs: now.getTime(), reading });
  // A question that failed is asked again.
  reading.catch(() => asked.delete(assetId));
  return reading;
}

/** For the process that changed it, which need not wait for the second to pass. */
export function forgetServedAsset(assetId: string): void {
  asked.delete(assetId);
}

async function readAsset(assetId: string): Promise<ServedAsset | null> {
  const asset = await getAsset(assetId);
  if (!asset) return null;
  const { state, held, access, createdAt, files } = asset;
  return { state, held, access, createdAt, files: new Map(files.map(({ name, type, bytes }) => [name, { type, bytes }])) };
}
