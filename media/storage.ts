import type { Readable } from "node:stream";
import { LocalStorage } from "./storage-local";
import { S3Storage } from "./storage-s3";

export { BadKey, mediaKey, mediaPrefix, MissingObject, sourceKey } from "./storage-keys";

/**
 * Where media lies: on this machine's disk, or in a bucket that speaks S3. Keys are `media/<assetId>/<file>` for what
 * readers fetch and `source/<assetId>` for uploads that wait to be worked on; nothing else is a key, so that no name
 * reaches out of the store. Guarantees: (1) a key is there whole or not at all; (2) removing what is not there is no
 * error; (3) `source/` is readable by this process's user alone.
 */
export interface Storage {
  /** Puts the file at `path` under `key`, replacing what was there. The file may be gone from `path` afterwards. */
  put(key: string, path: string, type: string): Promise<void>;
  /** A small text made in memory: captions, a playlist. */
  putText(key: string, text: string, type: string): Promise<void>;
  /** Copies the object to a new file at `path`. Throws MissingObject. */
  fetchTo(key: string, path: string): Promise<void>;
  /** The object as a file that may be read in place, or null when it must be fetched. Says nothing about whether it is there. */
  localPath(key: string): string | null;
  /** Bytes `start` to `end`, both included; all of it without a range. `bytes` is what the stream will give. Null when absent. */
  openRead(key: string, range?: ByteRange): Promise<OpenedObject | null>;
  stat(key: string): Promise<{ bytes: number } | null>;
  remove(key: string): Promise<void>;
  /** Everything below `media/<assetId>/`. */
  removeAll(prefix: string): Promise<void>;
  /** Below `media/`, `media/<assetId>/` or `source/`, in no promised order. */
  list(prefix: string): AsyncIterable<{ key: string; bytes: number }>;
  /** True when objects can be written now; answers within two seconds. */
  check(): Promise<boolean>;
  /** Free share of the disk, 0 to 1; absent where there is no such limit. */
  freeShare?(): Promise<number>;
}

export interface ByteRange {
  start: number;
  end: number;
}

export interface OpenedObject {
  stream: Readable;
  bytes: number;
}

export interface StorageSettings {
  DATA_DIR: string;
  S3_BUCKET?: string | undefined;
  /** Unset: Amazon's own address of the region. */
  S3_ENDPOINT?: string | undefined;
  S3_REGION: string;
  S3_ACCESS_KEY_ID?: string | undefined;
  S3_SECRET_ACCESS_KEY?: string | undefined;
  S3_FORCE_PATH_STYLE?: boolean | undefined;
}

/**
 * The bucket when one is named, else the disk. The client for S3 is loaded with the first request to a bucket: loading
 * it takes a third of a second, which a start on the disk need not wait for.
 */
export function openStorage(settings: StorageSettings): Storage {
  return settings.S3_BUCKET ? new S3Storage({ ...settings, S3_BUCKET: settings.S3_BUCKET }) : new LocalStorage(settings.DATA_DIR);
}
