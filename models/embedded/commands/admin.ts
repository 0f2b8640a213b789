import { mkdir, readdir } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { Long, getField } from "../bson/values";
import type { Doc } from "../bson/values";
import { CommandError } from "../errors";
import type { Collection } from "../storage/collection";
import { docOf } from "../storage/doc";
import { afterPrefix, identKey } from "../storage/keys";
import type { Context } from "./context";
import { collectionName, requireField } from "./fields";
import type { Command, Reply } from "./types";

/** Figures, sessions, and the backup that the scripts ask for. */
function sizes({ indexes, ident }: Collection, context: Context): { count: number; sizeBytes: number; indexSizes: Record<string, number> } {
  const view = context.engine.store.durable();
  let count = 0;
  let sizeBytes = 0;
  const from = identKey(ident);
  for (const { value } of view.range({ from, to: afterPrefix(from) })) {
    count++;
    sizeBytes += value.length;
  }
  const indexSizes: Record<string, number> = {};
  for (const index of indexes) {
    let total = 0;
    const first = identKey(index.ident);
    for (const { key, value } of view.range({ from: first, to: afterPrefix(first) })) total += key.length + value.length;
    indexSizes[index.spec.name] = total;
  }
  return { count, sizeBytes, indexSizes };
}

function collStats(context: Context): Reply {
  const name = context.namespace(collectionName(context.command));
  const collection = context.engine.catalog.get(name);
  if (!collection) return docOf({ ns: name, size: 0, count: 0, storageSize: 0, nindexes: 0, totalIndexSize: 0, indexSizes: docOf({}), ok: 1 });
  const { count, sizeBytes, indexSizes } = sizes(collection, context);
  const totalIndexSize = Object.values(indexSizes).reduce((sum, each) => sum + each, 0);
  return docOf({
    ns: name,
    size: sizeBytes,
    count,
    avgObjSize: count > 0 ? Math.round(sizeBytes / count) : 0,
    storageSize: sizeBytes,
    capped: false,
    nindexes: collection.indexes.length,
    totalIndexSize,
    totalSize: sizeBytes + totalIndexSize,
    indexSizes: docOf(indexSizes),
    ok: 1,
  });
}

function dbStats(context: Context): Reply {
  const { engine, db } = context;
  const collections = engine.catalog.list(db);
  const all = collections.map((collection) => sizes(collection, context));
  const sum = (each: (size: (typeof all)[number]) => number): number => all.reduce((total, size) => total + each(size), 0);
  return docOf({
    db,
    collections: collections.length,
    objects: sum(({ count }) => count),
    dataSize: sum(({ sizeBytes }) => sizeBytes),
    storageSize: Long.fromNumber(engine.store.stats().sizeBytes),
    indexes: collections.reduce((total, { indexes }) => total + indexes.length, 0),
    indexSize: sum(({ indexSizes }) => Object.values(indexSizes).reduce((total, size) => total + size, 0)),
    ok: 1,
  });
}

async function endSessions(context: Context): Promise<Doc> {
  const { command, engine } = context;
  const [first = ""] = Object.keys(command);
  const lsids = getField(command, first);
  await engine.sessions.end(Array.isArray(lsids) ? lsids : []);
  return docOf({ ok: 1 });
}

/**
 * Our own command, for scripts: `{ goldbeanBackup: 1, path: "/abs/dir" }` on the admin database writes a consistent,
 * compacted copy of the whole data directory as of one moment into the given directory (made if missing; must be empty)
 * while the engine serves. Answer: `{ path, ok: 1 }`. The copy is a data directory: start an engine on it to use it.
 */
async function goldbeanBackup({ command, engine }: Context): Promise<Doc> {
  const path = requireField(command, "goldbeanBackup", "path");
  if (typeof path !== "string" || !isAbsolute(path)) throw new CommandError(2, "goldbeanBackup.path must be an absolute path");
  await mkdir(path, { recursive: true, mode: 0o700 });
  if ((await readdir(path)).length > 0) throw new CommandError(2, `${path} is not empty`);
  await engine.store.backup(path);
  return docOf({ path, ok: 1 });
}

const ok = (): Doc => docOf({ ok: 1 });

export const ADMIN_COMMANDS: readonly Command[] = [
  { name: "collStats", run: collStats },
  { name: "dbStats", run: dbStats },
  { name: "startSession", run: ok, sessionless: true },
  { name: "refreshSessions", run: ok, sessionless: true },
  { name: "endSessions", run: endSessions, sessionless: true },
  { name: "killSessions", run: endSessions, sessionless: true },
  // Inside a transaction these two are handled where commands are handed out; here they arrive without one.
  { name: "commitTransaction", run: outsideTransaction, adminOnly: true, inTransaction: true },
  { name: "abortTransaction", run: outsideTransaction, adminOnly: true, inTransaction: true },
  { name: "goldbeanBackup", run: goldbeanBackup, adminOnly: true, sessionless: true },
];

function outsideTransaction(): Doc {
  throw new CommandError(72, "a transaction is ended with its session, its number and autocommit: false");
}
