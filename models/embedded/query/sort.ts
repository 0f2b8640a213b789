/**
 * Sorting documents. The key of an array is its smallest element when ascending and its largest when descending; an
 * empty array is below null, and missing is null (rows sort-4 to sort-8).
 */
import { CommandError, notSupported } from "../errors";
import { compare } from "../bson/compare";
import { keysAtPaths } from "../bson/keys";
import { getField, hasField, isDoc, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { toNumber } from "./parse-filter";

export interface SortField {
  path: string;
  direction: 1 | -1;
}

export interface Sort {
  fields: SortField[];
  compare(a: Doc, b: Doc): number;
  /** Stable sort; each document's keys are worked out once. */
  sort(docs: Doc[]): Doc[];
}

const FIELDS_MAX = 32;

export function compileSort(spec: Doc): Sort {
  const fields = Object.keys(spec).map((path) => parseSortField(path, spec[path]));
  if (fields.length > FIELDS_MAX) throw new CommandError(13103, "too many compound keys");
  refusePositionsBeside(fields);
  const keyOf = compileKeys(fields);
  const order = (a: Value[], b: Value[]): number => compareKeys(fields, a, b);
  return {
    fields,
    compare: (a, b) => order(keyOf(a), keyOf(b)),
    sort: (docs) =>
      docs
        .map((doc) => ({ doc, key: keyOf(doc) }))
        .sort((a, b) => order(a.key, b.key))
        .map(({ doc }) => doc),
  };
}

/** Which of an array's positions and fields go together in one key is not worth having exactly. */
function refusePositionsBeside(fields: readonly SortField[]): void {
  const roots = fields.map(({ path }) => path.split(".", 1)[0]);
  fields.forEach(({ path }, index) => {
    const hasPosition = path.split(".").slice(1).some((part) => /^\d+$/.test(part));
    if (hasPosition && roots.some((root, other) => other !== index && root === roots[index])) throw notSupported("A sort by an array position and by another path of the same field");
  });
}

function parseSortField(path: string, value: Value): SortField {
  requireFieldPath(path);
  if (isDoc(value)) {
    if (hasField(value, "$meta")) {
      if (value["$meta"] === "textScore" || value["$meta"] === "randVal") throw notSupported("Sorting by $meta");
      throw new CommandError(31138, `Illegal $meta sort: $meta: ${JSON.stringify(value["$meta"])}`);
    }
    throw new CommandError(15974, `Illegal key in $sort specification: ${path}`);
  }
  if (!isNumber(value)) throw new CommandError(15974, `Illegal key in $sort specification: ${path}`);
  const direction = toNumber(value);
  if (direction !== 1 && direction !== -1) {
    throw new CommandError(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
  }
  return { path, direction };
}

/** The rules for field paths in sorts, projections and expressions. */
export function requireFieldPath(path: string): void {
  if (path === "") throw new CommandError(40352, "FieldPath cannot be constructed with empty string");
  if (path.endsWith(".")) throw new CommandError(40353, "FieldPath must not end with a '.'.");
  for (const part of path.split(".")) {
    if (part.startsWith("$")) {
      throw new CommandError(
        16410,
        `Consider using $getField or $setField for a field path with '.' or '$'. :: caused by :: FieldPath field names may not start with '$', given '${part}'.`,
      );
    }
    if (part === "") {
      throw new CommandError(
        15998,
        "Consider using $getField or $setField for a field path with '.' or '$'. :: caused by :: FieldPath field names may not be empty strings.",
      );
    }
    if (part === "__proto__") throw notSupported("A field named __proto__");
  }
}

/**
 * The keys that an index on these paths would hold; where arrays give several, the one that comes first in this sort
 * (row sort-4 to sort-8): all fields of a compound sort are taken from the same array element.
 */
function compileKeys(fields: readonly SortField[]): (doc: Doc) => Value[] {
  // A sort by `_id` alone never looks into arrays (an `_id` is one only after `$group` or `$project`).
  if (fields.length === 1 && fields[0]?.path === "_id") {
    return (doc) => {
      const id = getField(doc, "_id");
      return [id === undefined ? null : id];
    };
  }
  const paths = fields.map(({ path }) => path.split("."));
  return (doc) => {
    const keys = entriesOf(doc, paths);
    let [best = []] = keys;
    for (const key of keys) if (compareKeys(fields, key, best) < 0) best = key;
    return best;
  };
}

function entriesOf(doc: Doc, paths: readonly string[][]): Value[][] {
  try {
    return keysAtPaths(doc, paths, "use").keys;
  } catch (error) {
    if (error instanceof CommandError && error.code === 171) {
      throw new CommandError(2, "cannot sort with keys that are parallel arrays", { cause: error });
    }
    throw error;
  }
}

function compareKeys(fields: readonly SortField[], a: readonly Value[], b: readonly Value[]): number {
  for (let index = 0; index < fields.length; index++) {
    const order = compare(a[index], b[index]);
    if (order !== 0) return fields[index]?.direction === -1 ? -order : order;
  }
  return 0;
}
