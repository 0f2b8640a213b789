import { openStorage, type Storage } from "@media/storage";
import { env } from "../env.server";

let opened: Storage | undefined;

/** The store of this process, opened with the first use. */
export function getStorage(): Storage {
  return (opened ??= openStorage(env));
}

/** A small file made in memory, such as captions. */
export function putText(key: string, text: string, type: string): Promise<void> {
  return getStorage().putText(key, text, type);
}
