import type { FindOptions } from "mongodb";
import mongoose, { Schema, type ClientSession, type IndexDefinition, type IndexOptions, type Model, type SchemaDefinition } from "mongoose";

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

export interface RowsOptions {
  projection?: Record<string, 0 | 1>;
  sort?: Record<string, 1 | -1>;
  limit?: number;
  tx?: ClientSession | undefined;
}

/**
 * Rows as they are stored, asked for by the driver alone: for the reads of every page, where mongoose's query object and
 * its hooks cost as much again as the question itself (docs/decisions/0010-uncached-render.md). A filter on a field
 * that was never declared is an error here too; values are not cast, so they must have the type they are stored in.
 */
export async function findRows<T extends { _id: string }, Row = T>(
  model: Model<T>,
  filter: Record<string, unknown>,
  { projection, sort, limit, tx }: RowsOptions = {},
): Promise<Row[]> {
  for (const field of Object.keys(filter)) if (!model.schema.path(field)) throw new Error(`${model.modelName} has no field ${field}`);
  const options: FindOptions = {};
  if (projection) options.projection = projection;
  if (sort) options.sort = sort;
  if (tx) options.session = tx;
  if (limit !== undefined) Object.assign(options, { limit, batchSize: limit, singleBatch: true });
  return (await model.collection.find(filter, options).toArray()) as unknown as Row[];
}

/** The one row of an id, or null. */
export async function findRow<T extends { _id: string }>(model: Model<T>, filter: Record<string, unknown> & { _id: string }, options: Omit<RowsOptions, "limit"> = {}): Promise<T | null> {
  const [row] = await findRows(model, filter, { ...options, limit: 1 });
  return row ?? null;
}
