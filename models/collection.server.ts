import mongoose, { Schema, type IndexDefinition, type IndexOptions, type Model, type SchemaDefinition } from "mongoose";

/**
 * One table of what the database holds. Each aggregate declares its collection here once: schema, shard key, indexes.
 * Guarantees (asserted by tests/models/collections.test.ts): (1) every collection states a shard key and why;
 * (2) every unique rule is `_id` or begins with that key, so that a sharded cluster can keep it;
 * (3) no index is built by mongoose on its own: scripts/create-indexes.ts does it, and the boot checks it.
 * See docs/decisions/0003-shard-keys.md.
 */
export interface CollectionIndex {
  fields: IndexDefinition;
  options?: Pick<IndexOptions, "unique" | "partialFilterExpression" | "expireAfterSeconds" | "name">;
}

export interface CollectionRule {
  /** Collection name in the database. */
  name: string;
  /** `reference` collections are small, read whole into memory and stay unsharded. */
  shardKey: Record<string, 1 | "hashed"> | "reference";
  /** Which page or job asks by this key. */
  why: string;
  indexes: CollectionIndex[];
}

const rules = new Map<string, CollectionRule>();

/** Every declared collection, for the index script, the boot check, backups and tests. */
export function listCollectionRules(): CollectionRule[] {
  return [...rules.values()].sort((a, b) => a.name.localeCompare(b.name));
}

/**
 * Declares a collection and returns its model. `_id` is always a string.
 * Unknown fields in a filter or an update are errors (strictQuery / strict "throw"): a typo must not become a full scan.
 */
export function defineCollection<T extends { _id: string }>(rule: CollectionRule, definition: SchemaDefinition): Model<T> {
  rules.set(rule.name, rule);
  const known = mongoose.models[rule.name];
  // A development reload evaluates this module again; the model registered first stays.
  if (known) return known as Model<T>;
  const schema = new Schema(
    { _id: { type: String, required: true }, ...definition },
    { collection: rule.name, versionKey: false, strict: "throw", strictQuery: "throw", autoIndex: false, autoCreate: false, minimize: false },
  );
  return mongoose.model(rule.name, schema) as unknown as Model<T>;
}
