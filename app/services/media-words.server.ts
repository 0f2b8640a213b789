import { DomainError, Invalid } from "@models/errors";
import { isShowable, listAssets, setAssetAccess, type AssetState, type MediaAsset } from "@models/media-asset.server";
import type { Tx } from "@models/connection.server";
import type { PostPicture } from "@models/post.server";
import { listNamedAssets, type BodyPicture, type PictureFile, type PictureRef } from "~/format/markdown-pictures.server";
import { publicMediaBase } from "~/format/media-view";
import { PICTURES_MAX } from "~/format/post-limits";
import { signedMediaBase } from "./media-url.server";

/**
 * The pictures that the words of a post name. A picture is shown when it is the writer's own, its files stand, and no
 * operator is to look at it first; a post is published only when every picture in it can be, or will be, shown.
 */
export type PictureAsset = Pick<MediaAsset, "_id" | "ownerId" | "kind" | "state" | "held" | "access" | "postId" | "animated" | "thumbhash" | "files">;

/** The most ids that are looked up for one text; beyond PICTURES_MAX it is refused anyway. */
const NAMED_MAX = 100;

/** The writer's own showable pictures of a text, ready to be drawn. `baseOf` decides where their files are fetched from. */
export async function loadPictures(source: string, ownerId: string, baseOf: (asset: PictureAsset) => string): Promise<Map<string, BodyPicture>> {
  const assets = await listAssets(listNamedAssets(source, NAMED_MAX));
  const shown = [...assets.values()].filter((asset) => asset.ownerId === ownerId && asset.kind === "image" && isShowable(asset));
  return new Map(shown.map((asset) => [asset._id, toBodyPicture(asset, baseOf(asset))]));
}

/** For what is, or is about to be, published. */
export const publicBaseOf = (asset: PictureAsset): string => publicMediaBase(asset._id);

/** For the writer's own eyes, before anything is published: addresses that end. */
export const ownBaseOf = (now: Date) => (asset: PictureAsset): string => (asset.access === "public" ? publicMediaBase(asset._id) : signedMediaBase(asset._id, now));

export function toBodyPicture(asset: PictureAsset, base: string): BodyPicture {
  const of = (format: string): (PictureFile & { height: number })[] =>
    asset.files
      .filter(({ role, name }) => role === "image" && name.endsWith(`.${format}`))
      .map(({ name, width = 0, height = 0 }) => ({ name, width, height }))
      .sort((a, b) => a.width - b.width);
  const jpg = of("jpg");
  const { width = 640, height = 480 } = jpg.at(-1) ?? {};
  return { base, width, height, animated: asset.animated, files: { jpg, webp: of("webp"), avif: of("avif") } };
}

/** The first picture of a post as its row and its share card need it. */
export function toPostPicture(asset: PictureAsset, alt: string): PostPicture {
  const { width, height, files } = toBodyPicture(asset, "");
  const webp = new Set(files.webp.map(({ name }) => name));
  // Lists offer each size in both formats; an animation has only its largest as WebP.
  const sizes = files.jpg.map((file) => ({ name: Number.parseInt(file.name, 10), width: file.width })).filter(({ name }) => webp.has(`${name}.webp`));
  return { assetId: asset._id, alt, width, height, thumbhash: asset.thumbhash, sizes };
}

/** Not an error of the writer's: the same words can be sent again in a moment. */
export class PictureNotReady extends DomainError {
  constructor(assetId: string, state: AssetState, index: number) {
    const messageKey = state === "uploading" ? "media.pictureUploading" : "media.pictureChecking";
    super("CONFLICT", `picture ${assetId} is ${state}`, { messageKey, fields: { body: messageKey }, params: { index }, retryAfterSec: 3 });
  }
}

/**
 * Every picture of a text, or the refusal that names the first one that cannot be published by its number in the text.
 * Called before the transaction for a quick answer, and in it for a sure one.
 */
export async function requirePictures(refs: PictureRef[], { ownerId, postId }: { ownerId: string; postId: string }, tx?: Tx): Promise<Map<string, MediaAsset>> {
  if (refs.length > PICTURES_MAX) throw refused("media.picturesTooMany", refs.length, { max: PICTURES_MAX });
  const assets = await listAssets([...new Set(refs.map(({ assetId }) => assetId))], tx);
  refs.forEach((ref, at) => {
    const asset = assets.get(ref.assetId);
    if (!asset || asset.ownerId !== ownerId || asset.state === "removed") throw refused("media.pictureUnknown", at + 1);
    if (asset.kind !== "image") throw refused("media.pictureIsClip", at + 1);
    if (asset.state === "rejected") throw refused("media.pictureRejected", at + 1);
    if (asset.state === "failed") throw refused("media.pictureFailed", at + 1);
    if (asset.postId !== null && asset.postId !== postId) throw refused("media.pictureElsewhere", at + 1);
    if (asset.state !== "ready" && asset.state !== "playable") throw new PictureNotReady(ref.assetId, asset.state, at + 1);
    if (ref.alt === "" && !ref.decorative) throw refused("media.pictureUndescribed", at + 1);
  });
  return assets;
}

function refused(messageKey: string, index: number, params: Record<string, number> = {}): Invalid {
  return new Invalid(`picture ${index}: ${messageKey}`, { messageKey, fields: { body: messageKey }, params: { index, ...params } });
}

/** Pictures that an edit took out are closed, and may be used elsewhere. */
export async function releasePictures({ ownerId, before, after }: { ownerId: string; before: string[]; after: string[] }, now: Date, tx: Tx): Promise<void> {
  for (const assetId of before.filter((id) => !after.includes(id))) {
    await setAssetAccess({ assetId, ownerId, postId: null, access: "private" }, now, tx);
  }
}
