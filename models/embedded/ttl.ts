import { newDoc } from "./bson/values";
import type { Engine } from "./commands/engine";
import { compileFilter } from "./query/match";
import { select } from "./query/select";
import type { Selected } from "./query/select";
import type { Collection, Index } from "./storage/collection";
import { docOf } from "./storage/doc";
import type { WriteView } from "./storage/layers";
import { LockHeld } from "./transactions/locks";

/**
 * Removes documents whose time is over: for each TTL index those whose date is more than `expireAfterSeconds` in the past.
 * A document that an open transaction holds is left for the next round.
 */
const CHUNK = 500;

export async function removeExpired(engine: Engine, now: Date): Promise<number> {
  let removed = 0;
  for (const db of engine.catalog.databases()) {
    for (const collection of engine.catalog.list(db)) {
      for (const index of collection.indexes) removed += await removeByIndex(engine, { collection, index }, now);
    }
  }
  return removed;
}

async function removeByIndex(engine: Engine, { collection, index }: { collection: Collection; index: Index }, now: Date): Promise<number> {
  const { expireAfterSeconds, partialFilter } = index.spec;
  const [field] = index.fields;
  if (expireAfterSeconds === undefined || field === undefined) return 0;
  const cutoff = new Date(now.getTime() - expireAfterSeconds * 1000);
  const old = docOf({ [field]: docOf({ $lt: cutoff, $type: "date" }) });
  const filter = docOf({ $and: [old, partialFilter ?? newDoc()] });
  const matcher = compileFilter(filter, { now });
  let removed = 0;
  for (;;) {
    const writer = engine.store.writer((text) => engine.locks.requireFree(text));
    const expired = collection.dropped ? [] : [...select({ collection, view: writer, filter, matcher, limit: CHUNK })];
    const before = removed;
    for (const record of expired) if (removeFree(writer, collection, record)) removed++;
    if (writer.top.size > 0) await engine.store.commit(writer.top);
    if (expired.length < CHUNK || removed === before) return removed;
  }
}

/** False when a transaction holds the document: it may be about to give it more time, so the next round looks again. */
function removeFree(writer: WriteView, collection: Collection, { recordNumber, doc }: Selected): boolean {
  try {
    writer.attempt((inner) => collection.remove(inner, recordNumber, doc));
    return true;
  } catch (error) {
    if (error instanceof LockHeld) return false;
    throw error;
  }
}
