import { randomBytes } from "node:crypto";
import { inTransaction } from "@models/connection.server";
import { advanceAsset, getAsset, insertAsset, type AssetFile, type AssetFindings, type AssetState, type MediaAsset } from "@models/media-asset.server";
import { AT_NOON } from "./posts";

/** Assets for tests, written through the writers of production; no bytes lie behind them. */
const files = (widths: number[]): AssetFile[] =>
  widths.flatMap((width) => ["jpg", "webp"].map((format) => ({ name: `${width}.${format}`, role: "image" as const, type: `image/${format === "jpg" ? "jpeg" : format}`, bytes: 1_000, width, height: Math.round(width * 0.75) })));

export interface GivenAsset {
  ownerId: string;
  kind?: MediaAsset["kind"];
  state?: AssetState;
  found?: AssetFindings;
}

export async function makeAsset({ ownerId, kind = "image", state = "ready", found = {} }: GivenAsset): Promise<MediaAsset> {
  const assetId = randomBytes(16).toString("hex");
  await inTransaction(async (tx) => {
    await insertAsset({ _id: assetId, ownerId, kind, fileName: "图.jpg", sizeBytes: 4_000 }, AT_NOON, tx);
    if (state === "uploading") return;
    await advanceAsset({ assetId, to: "checking" }, AT_NOON, tx);
    if (state === "checking") return;
    const made = state === "ready" ? { files: files([320, 640]), found: { width: 640, height: 480, thumbhash: "aGFzaA==", ...found } } : { found };
    await advanceAsset({ assetId, to: state, ...made }, AT_NOON, tx);
  });
  return (await getAsset(assetId)) as MediaAsset;
}

/** The line of a text that shows a picture. */
export const pictureLine = ({ _id }: Pick<MediaAsset, "_id">, alt = "费用对比图"): string => `![${alt}](media:${_id})`;
