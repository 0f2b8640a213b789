import type { RootDatabase } from "lmdb";
import { IDENT_META, identKey } from "./keys";

/**
 * The version of the files in a data directory, stored in them. A step of `MIGRATIONS` brings a directory from the
 * version of its key to the next one; steps run in order, each in one LMDB transaction together with the new version
 * number, so a step that was interrupted has not happened and a step that was finished does not run again.
 */
export const FORMAT_VERSION = 1;

export type Migration = (db: RootDatabase<Buffer, Buffer>) => void;

/** From version → the step to the version after it. Empty while version 1 is the only one. */
const MIGRATIONS: ReadonlyMap<number, Migration> = new Map();

const VERSION_KEY = identKey(IDENT_META, Buffer.from("format"));

export class UnknownFormat extends Error {
  override name = "UnknownFormat";
}

export function migrate(
  db: RootDatabase<Buffer, Buffer>,
  directory: string,
  target: number = FORMAT_VERSION,
  migrations: ReadonlyMap<number, Migration> = MIGRATIONS,
): void {
  const stored = db.get(VERSION_KEY);
  if (!stored) {
    const empty = db.getKeysCount({ limit: 1 }) === 0;
    if (!empty) {
      throw new UnknownFormat(
        `${directory} holds an LMDB store that this program did not make. Choose another DATA_DIR, or move that directory away.`,
      );
    }
    db.putSync(VERSION_KEY, Buffer.from(String(target)));
    return;
  }
  let version = Number(stored.toString());
  if (version > target) {
    throw new UnknownFormat(
      `${directory} has format ${version}, this program reads up to ${target}. Start the newer program that wrote it, ` +
        "or run db:backup with that program and db:restore with this one.",
    );
  }
  for (; version < target; version++) {
    const step = migrations.get(version);
    if (!step) {
      throw new UnknownFormat(
        `${directory} has format ${version} and no step leads from there to ${version + 1}. ` +
          "Run db:backup with the program that wrote it, then db:restore with this one.",
      );
    }
    // The synchronous kind is taken back whole when the step throws.
    db.transactionSync(() => {
      step(db);
      db.putSync(VERSION_KEY, Buffer.from(String(version + 1)));
    });
  }
}
