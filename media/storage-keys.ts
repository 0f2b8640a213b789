/**
 * What may be a key of the store: `media/<assetId>/<file>` and `source/<assetId>`. Everything else is refused before it
 * reaches a path or an address.
 */
export class MissingObject extends Error {
  constructor(key: string) {
    super(`nothing is stored under ${key}`);
    this.name = "MissingObject";
  }
}

/** Asked for something that is no key: a bug, or somebody who tries names. */
export class BadKey extends Error {
  constructor(key: string) {
    super(`not a storage key: ${JSON.stringify(key.slice(0, 100))}`);
    this.name = "BadKey";
  }
}

const FILE_NAME = "[A-Za-z0-9](?:[\\w-]|\\.(?!\\.)){0,99}";
const KEY = new RegExp(`^(?:media/[0-9a-f]{32}/${FILE_NAME}|source/[0-9a-f]{32})$`);
const PREFIX = /^(?:media\/(?:[0-9a-f]{32}\/)?|source\/)$/;
const ASSET_PREFIX = /^media\/[0-9a-f]{32}\/$/;

export const mediaKey = (assetId: string, file: string): string => requireKey(`media/${assetId}/${file}`);
export const sourceKey = (assetId: string): string => requireKey(`source/${assetId}`);
export const mediaPrefix = (assetId: string): string => `media/${assetId}/`;

export function requireKey(key: string): string {
  if (!KEY.test(key)) throw new BadKey(key);
  return key;
}

export function requirePrefix(prefix: string, { ofAsset = false } = {}): string {
  if (!(ofAsset ? ASSET_PREFIX : PREFIX).test(prefix)) throw new BadKey(prefix);
  return prefix;
}
