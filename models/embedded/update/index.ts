/**
 * Updates: operators, whole replacements and pipelines, compiled once per statement. Guarantees: the stored document is
 * not touched, `_id` never changes, and `modified` is false exactly where MongoDB counts no modification.
 */
import { CommandError } from "../errors";
import { identical, typeName } from "../bson/compare";
import { BSONRegExp, getField, hasField, isDoc, newDoc, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { compileUpdatePipeline } from "../aggregate/update-pipeline";
import { applyOperators } from "./apply";
import type { ApplyOptions } from "./apply";
import { parseOperators } from "./parse";
import { seedOf } from "./upsert";

export interface UpdateOptions {
  arrayFilters?: Doc[] | undefined;
  now: Date;
  multi: boolean;
  variables?: Doc | undefined;
}

export interface Updater {
  apply(doc: Doc, options: ApplyOptions): { doc: Doc; modified: boolean };
  isReplacement: boolean;
  /** The paths that may change, `$` parts included; empty for a replacement or a pipeline, which may change any. */
  paths: string[];
}

export function compileUpdate(update: Doc | Doc[], options: UpdateOptions): Updater {
  const context = { now: options.now, ...(options.variables ? { variables: options.variables } : {}) };
  if (Array.isArray(update)) {
    if (options.arrayFilters !== undefined) throw new CommandError(9, "arrayFilters may not be specified for pipeline-style updates");
    return pipelineUpdater(compileUpdatePipeline(update, context));
  }
  const first = Object.keys(update)[0];
  if (first?.startsWith("$") === true) {
    const parsed = parseOperators(update, options.arrayFilters ?? [], context);
    return {
      isReplacement: false,
      paths: parsed.operations.flatMap(({ path, source }) => [path.join("."), ...(source ? [source.join(".")] : [])]),
      apply: (doc, applyOptions) => {
        const result = applyOperators(parsed, doc, applyOptions);
        if (result.modified) requireSameId(doc, result.doc, "Performing an update on the path '_id' would modify the immutable field '_id'");
        return applyOptions.inserting ? { ...result, doc: asInserted(result.doc) } : result;
      },
    };
  }
  if (options.multi) throw new CommandError(9, "multi update is not supported for replacement-style update");
  return replacementUpdater(update, (options.arrayFilters?.length ?? 0) > 0);
}

/** The document to which `apply` with `inserting: true` is then applied. */
export function upsertSeed(filter: Doc, update: Updater): Doc {
  return seedOf(filter, update.isReplacement);
}

function replacementUpdater(replacement: Doc, hasArrayFilters: boolean): Updater {
  return {
    isReplacement: true,
    paths: [],
    apply: (doc, { inserting }) => {
      // Found only when there is a document to replace, as in MongoDB.
      if (hasArrayFilters) throw new CommandError(9, "arrayFilters may not be specified for replacement-style updates");
      for (const field in replacement) {
        if (field.startsWith("$")) {
          throw new CommandError(52, `The dollar ($) prefixed field '${field}' in '${field}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`);
        }
      }
      const replaced = withId(doc, replacement);
      // Equal content under another _id order is written again; only what was sent whole, or nothing over nothing, is no change.
      const same = identical(doc, replacement) || (Object.keys(replacement).length === 0 && identical(doc, replaced));
      return { doc: inserting ? asInserted(replaced) : replaced, modified: !same };
    },
  };
}

function pipelineUpdater(run: (doc: Doc) => Doc): Updater {
  return {
    isReplacement: false,
    paths: [],
    apply: (doc, { inserting }) => {
      const result = withId(doc, run(doc));
      return { doc: inserting ? asInserted(result) : result, modified: !identical(doc, result) };
    },
  };
}

/** The new content under the old `_id`; another `_id` is refused. */
function withId(doc: Doc, content: Doc): Doc {
  const id = getField(doc, "_id");
  if (id === undefined) return content;
  if (hasField(content, "_id")) {
    requireSameId(doc, content, "After applying the update, the (immutable) field '_id' was found to have been altered");
  }
  const result = newDoc();
  result["_id"] = id;
  for (const field in content) if (field !== "_id") setField(result, field, content[field]);
  return result;
}

function requireSameId(before: Doc, after: Doc, message: string): void {
  const id = getField(before, "_id");
  if (id !== undefined && !identical(id, getField(after, "_id"))) throw new CommandError(66, message);
}

/** An inserted document has its `_id` first, and one that can be stored. */
function asInserted(doc: Doc): Doc {
  const id = getField(doc, "_id");
  if (id === undefined) return doc;
  requireStorableId(id);
  if (Object.keys(doc)[0] === "_id") return doc;
  const result = newDoc();
  result["_id"] = id;
  for (const field in doc) if (field !== "_id") setField(result, field, doc[field]);
  return result;
}

export function requireStorableId(id: Value): void {
  if (Array.isArray(id) || id instanceof BSONRegExp || id === undefined) {
    throw new CommandError(53, `The '_id' value cannot be of type ${typeName(id)}`);
  }
  if (!isDoc(id)) return;
  for (const field in id) {
    if (field.startsWith("$")) throw new CommandError(52, `_id fields may not contain '$'-prefixed fields: ${field} is not valid for storage.`);
  }
}
