/** Operator updates applied to one document. */
import { CommandError } from "../errors";
import { identical, typeName } from "../bson/compare";
import { hasField } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { Draft } from "./draft";
import { NO_CHANGE } from "./operators";
import { identifierOf } from "./parse";
import type { Operation, ParsedUpdate } from "./parse";

export interface ApplyOptions {
  inserting: boolean;
  /** What the positional operator `$` stands for; from Matcher.position. */
  position?: number | undefined;
}

export function applyOperators(update: ParsedUpdate, doc: Doc, options: ApplyOptions): { doc: Doc; modified: boolean } {
  const draft = new Draft(doc);
  let modified = false;
  for (const operation of update.operations) {
    const applies = operation.operator.onInsertOnly !== true || options.inserting;
    // Paths are resolved even where nothing is done with them: an array that is not there is an error all the same.
    for (const path of resolve(draft, operation.path, update, options)) {
      if (!applies || !applyOne(draft, operation, path)) continue;
      modified = true;
      // Refused where it stands in the order of paths, so that an error of a later path does not come first.
      if (path[0] === "_id" && !options.inserting && !identical(doc["_id"], draft.root["_id"])) {
        throw new CommandError(66, "Performing an update on the path '_id' would modify the immutable field '_id'");
      }
    }
  }
  if (!modified) return { doc, modified };
  refuseDollarFields(draft.root, doc);
  return { doc: draft.root, modified };
}

/** A field that begins with a dollar may stay where it was inserted, but updates add none at the top. */
function refuseDollarFields(doc: Doc, before: Doc): void {
  for (const field in doc) {
    if (field.charCodeAt(0) === 36 && !hasField(before, field)) {
      throw new CommandError(52, `The dollar ($) prefixed field '${field}' in '${field}' is not allowed in the context of an update's replacement document.`);
    }
  }
}

function applyOne(draft: Draft, operation: Operation, path: string[]): boolean {
  if (operation.source) return rename(draft, operation.source, path);
  if (operation.name === "$unset") return draft.unset(path);
  const old = draft.get(path);
  if (old === undefined && operation.operator.missing === "skip") {
    requireViable(draft, path);
    return false;
  }
  const changed = operation.change(old, path.join("."));
  if (changed === NO_CHANGE) return false;
  draft.set(path, changed);
  return true;
}

/** `$pull` and `$pop` on a missing field do nothing, yet a path through something that cannot hold it is an error. */
function requireViable(draft: Draft, path: readonly string[]): void {
  for (let length = path.length - 1; length > 0; length--) {
    const value = draft.get(path.slice(0, length));
    if (value === undefined) continue;
    const next = path[length] ?? "";
    if (Array.isArray(value) ? /^\d+$/.test(next) : typeName(value) === "object") return;
    throw new CommandError(28, `Cannot use the part (${next}) of (${path.join(".")}) to traverse the element`);
  }
}

function rename(draft: Draft, source: readonly string[], target: readonly string[]): boolean {
  const value = draft.get(source);
  if (value === undefined) {
    requireViableSource(draft, source);
    return false;
  }
  refuseArrays(draft, source, "source");
  refuseArrays(draft, target, "destination");
  draft.set(target, value);
  draft.unset(source);
  return true;
}

function refuseArrays(draft: Draft, path: readonly string[], role: string): void {
  for (let length = 1; length < path.length; length++) {
    if (Array.isArray(draft.get(path.slice(0, length)))) {
      throw new CommandError(2, `The ${role} field cannot be an array element, '${path.join(".")}' has an array field called '${path[length - 1]}'`);
    }
  }
}

function requireViableSource(draft: Draft, source: readonly string[]): void {
  for (let length = 1; length < source.length; length++) {
    const value = draft.get(source.slice(0, length));
    if (value === undefined) return;
    if (Array.isArray(value) && /^\d+$/.test(source[length] ?? "")) continue;
    if (typeName(value) !== "object") throw new CommandError(28, `cannot use the part (${source[length]}) to traverse the element`);
  }
}

/** Paths without `$`, `$[]` and `$[id]`: one for each array element that is meant. */
function resolve(draft: Draft, path: string[], update: ParsedUpdate, options: ApplyOptions): string[][] {
  if (!path.some((part) => part.charCodeAt(0) === 36)) return [path];
  let resolved: string[][] = [[]];
  for (const part of path) {
    const identifier = identifierOf(part);
    if (part === "$") {
      const { position } = options;
      if (position === undefined) throw new CommandError(2, "The positional operator did not find the match needed from the query.");
      resolved = resolved.map((prefix) => [...prefix, String(position)]);
    } else if (identifier === undefined) resolved = resolved.map((prefix) => [...prefix, part]);
    else {
      const accepts = identifier === "" ? () => true : (update.filters.get(identifier) ?? (() => false));
      resolved = resolved.flatMap((prefix) => positions(draft, prefix, accepts).map((position) => [...prefix, position]));
    }
  }
  return resolved;
}

function positions(draft: Draft, prefix: string[], accepts: (element: Value) => boolean): string[] {
  const array = draft.get(prefix);
  if (array === undefined) {
    throw new CommandError(2, `The path '${prefix.join(".")}' must exist in the document in order to apply array updates.`);
  }
  if (!Array.isArray(array)) throw new CommandError(2, `Cannot apply array updates to non-array element ${prefix.at(-1)}: ${typeName(array)}`);
  return array.flatMap((element, index) => (accepts(element) ? [String(index)] : []));
}
