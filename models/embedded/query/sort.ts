/**
 * Sorting documents. The key of an array is its smallest element when ascending and its largest when descending; an
 * empty array is below null, and missing is null (rows sort-4 to sort-8).
 */
import { CommandError, notSupported } from "../errors";
import { compare } from "../bson/compare";
import { getField, hasField, isDoc, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { toNumber } from "./parse-filter";
import { parsePath } from "./paths";
import type { Path } from "./paths";

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

type Column = SortField & { parsed: Path };

function compileKeys(fields: readonly SortField[]): (doc: Doc) => Value[] {
  const columns = fields.map((field) => ({ ...field, parsed: parsePath(field.path) }));
  return (doc) => {
    let array: string | undefined;
    return columns.map((column) => {
      const { value, through } = keyOf(doc, column);
      if (through !== undefined) {
        if (array !== undefined && array !== through) {
          throw new CommandError(2, "cannot sort with keys that are parallel arrays");
        }
        array = through;
      }
      return value;
    });
  };
}

/** The key of one field, and the path of the array that it went through, if any. */
function keyOf(doc: Doc, column: Column): { value: Value; through: string | undefined } {
  const { parsed, direction } = column;
  const { parts } = parsed;
  let current: Value = doc;
  for (let index = 0; index < parts.length; index++) {
    if (!isDoc(current)) return { value: null, through: undefined };
    current = getField(current, parts[index] ?? "");
    if (!Array.isArray(current)) continue;
    const through = parts.slice(0, index + 1).join(".");
    if (current.length === 0) return { value: index + 1 === parts.length ? undefined : null, through };
    return { value: extreme(doc, parsed, direction, current, index + 1 === parts.length), through };
  }
  return { value: current === undefined ? null : current, through: undefined };
}

function extreme(doc: Doc, path: Path, direction: 1 | -1, array: Value[], isLeaf: boolean): Value {
  let best: Value = null;
  let found = false;
  const consider = (value: Value): void => {
    const key = value === undefined ? null : value;
    if (!found || compare(key, best) * direction < 0) best = key;
    found = true;
  };
  if (isLeaf) array.forEach(consider);
  else {
    visitSortKeys(doc, path, 0, (value, isUndefined) => {
      if (isUndefined) {
        if (!found || compare(undefined, best) * direction < 0) best = undefined;
        found = true;
      } else consider(value);
    });
  }
  return best;
}

/** The keys that an index on the path would hold: see bson/keys, with array positions allowed. */
function visitSortKeys(doc: Doc, path: Path, depth: number, visit: (value: Value, isUndefined: boolean) => void): void {
  let current: Value = doc;
  const { parts, numeric } = path;
  for (let index = depth; index < parts.length; index++) {
    if (!isDoc(current)) return visit(null, false);
    current = getField(current, parts[index] ?? "");
    if (!Array.isArray(current)) continue;
    let next = index + 1;
    let array: Value[] = current;
    if (next === parts.length) {
      if (array.length === 0) return visit(undefined, true);
      for (const element of array) visit(element, false);
      return;
    }
    if (numeric[next] === true) {
      if (array.some(isDoc) && array.some((element) => isDoc(element) && hasField(element, parts[next] ?? ""))) {
        throw notSupported("A sort on an array position that is a field name too");
      }
      const element = array[Number(parts[next])];
      next += 1;
      if (next === parts.length) {
        if (!Array.isArray(element)) return visit(element, false);
        // An array inside an array counts as a whole.
        return element.length === 0 ? visit(undefined, true) : visit(element, false);
      }
      if (Array.isArray(element)) array = element;
      else if (isDoc(element)) return visitSortKeys(element, path, next, visit);
      else return visit(null, false);
    }
    if (array.length === 0) return visit(null, false);
    for (const element of array) {
      if (isDoc(element)) visitSortKeys(element, path, next, visit);
      else visit(null, false);
    }
    return;
  }
  visit(current, false);
}

function compareKeys(fields: readonly SortField[], a: readonly Value[], b: readonly Value[]): number {
  for (let index = 0; index < fields.length; index++) {
    const order = compare(a[index], b[index]);
    if (order !== 0) return fields[index]?.direction === -1 ? -order : order;
  }
  return 0;
}
