import type { MediaAsset } from "@models/media-asset.server";
import { env } from "../env.server";
import { publicMediaBase } from "../format/media-view";
import { isSealOf, seal, type TokenKey } from "./token.server";

/**
 * Addresses of media files. Public ones are plain and never change. For everything else an address opens one asset for
 * some hours and stands in the path, so that the addresses in a playlist, which are relative, carry it on.
 */
const HOUR_SEC = 3600;
/** Long enough to watch, read and come back to a tab; a copied address is worth nothing the next day. */
const LIFE_HOURS = 6;

const key = (): TokenKey => ({ secret: env.SESSION_SECRET, purpose: "media" });

/** `/m/<exp>.<seal>/<assetId>`, to which "/" and a file name are added. The same for a whole hour, so that browsers can keep what they fetched. */
export function signedMediaBase(assetId: string, now: Date): string {
  const exp = (Math.floor(now.getTime() / (HOUR_SEC * 1000)) + LIFE_HOURS) * HOUR_SEC;
  return `/m/${exp}.${seal(`${exp}/${assetId}`, key())}/${assetId}`;
}

/** The address of one file, for a reader who may see the asset. */
export function mediaUrl({ assetId, access }: { assetId: string; access: MediaAsset["access"] }, file: string, now: Date): string {
  return `${access === "public" ? publicMediaBase(assetId) : signedMediaBase(assetId, now)}/${file}`;
}

/** Seconds that a signed address still lives; 0 when it is over, null when we did not make it. */
export function signedLifeSec({ exp, mark, assetId }: { exp: string; mark: string; assetId: string }, now: Date): number | null {
  if (!isSealOf(`${exp}/${assetId}`, mark, key())) return null;
  return Math.max(0, Math.floor(Number(exp) - now.getTime() / 1000));
}
