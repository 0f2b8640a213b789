import type { CreateIndexesOptions } from "mongodb";
import mongoose from "mongoose";
import { listCollectionRules, type CollectionIndex, type CollectionRule } from "./collection.server";

/**
 * Indexes of every declared collection: built by an explicit step, checked at the boot, never built silently.
 * A collection counts as declared when its module has been imported; models/all.server.ts imports every one.
 */

/** Builds what is missing, one at a time; building an index that is there is a no-op. Returns how many were declared. */
export async function ensureIndexes(): Promise<number> {
  let count = 0;
  for (const rule of listCollectionRules()) {
    const collection = requireDb().collection(rule.name);
    for (const index of rule.indexes) {
      await collection.createIndex(keysOf(index), { ...(index.options as CreateIndexesOptions), name: nameOf(index) });
      count += 1;
    }
  }
  return count;
}

/** "posts: publishedAt_1" for each declared index that the database lacks. */
export async function listMissingIndexes(): Promise<string[]> {
  const missing: string[] = [];
  for (const rule of listCollectionRules()) {
    const present = await namesIn(rule);
    for (const index of rule.indexes) if (!present.has(nameOf(index))) missing.push(`${rule.name}: ${nameOf(index)}`);
  }
  return missing;
}

async function namesIn(rule: CollectionRule): Promise<Set<string>> {
  if (rule.indexes.length === 0) return new Set();
  try {
    const indexes = await requireDb().collection(rule.name).listIndexes().toArray();
    return new Set(indexes.map((index) => String(index.name)));
  } catch (error) {
    // NamespaceNotFound: the collection does not exist yet, so it has no index either.
    if (error instanceof Error && "code" in error && error.code === 26) return new Set();
    throw error;
  }
}

function keysOf(index: CollectionIndex): Record<string, 1 | -1> {
  return index.fields as Record<string, 1 | -1>;
}

function nameOf(index: CollectionIndex): string {
  return index.options?.name ?? Object.entries(keysOf(index)).map(([field, direction]) => `${field}_${direction}`).join("_");
}

function requireDb() {
  const db = mongoose.connection.db;
  if (!db) throw new Error("Indexes need an open connection.");
  return db;
}
