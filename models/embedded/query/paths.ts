/**
 * How a dotted path meets a document in filters: arrays on the way are searched element by element, and a number in the
 * path is both a field name and an array position. The rules, null included, are those of rows match-13 to match-63.
 */
import { isDoc, getField } from "../bson/values";
import type { Doc, Value } from "../bson/values";

export interface Path {
  parts: readonly string[];
  /** Aligned with parts: true for digits only. */
  numeric: readonly boolean[];
}

/**
 * Called with each value that the path leads to, `undefined` for missing; answers whether to stop. `outer` is the
 * position in the outermost array that was searched, which the positional operator `$` stands for; a position written in
 * the path gives none.
 */
export type Visit = (value: Value, outer: number | undefined) => boolean;

export function parsePath(path: string): Path {
  const parts = path.split(".");
  return { parts, numeric: parts.map((part) => /^\d+$/.test(part)) };
}

/**
 * Visits the values at a path until one stops the search. With `expandLeaf`, an array at the end of the path shows its
 * elements first and then itself; without, only itself.
 */
export function visitPath(doc: Doc, path: Path, expandLeaf: boolean, visit: Visit): boolean {
  return inDocument(doc, path, 0, expandLeaf, visit, undefined);
}

function inDocument(
  doc: Doc,
  path: Path,
  depth: number,
  expandLeaf: boolean,
  visit: Visit,
  outer: number | undefined,
): boolean {
  const { parts } = path;
  let current: Value = doc;
  for (let index = depth; index < parts.length; index++) {
    if (!isDoc(current)) return visit(undefined, outer);
    current = getField(current, parts[index] ?? "");
    if (!Array.isArray(current)) continue;
    if (index + 1 < parts.length) return inArray(current, path, index + 1, expandLeaf, visit, outer, true);
    if (expandLeaf) {
      for (let position = 0; position < current.length; position++) {
        if (visit(current[position], outer ?? position)) return true;
      }
    }
    return visit(current, outer);
  }
  return visit(current, outer);
}

/** An array with `path` from `depth` still to go. `defaults`: where no element leads anywhere, the value is missing. */
function inArray(
  array: Value[],
  path: Path,
  depth: number,
  expandLeaf: boolean,
  visit: Visit,
  outer: number | undefined,
  defaults: boolean,
): boolean {
  const part = path.parts[depth] ?? "";
  const isNumeric = path.numeric[depth] === true;
  const isLast = depth + 1 === path.parts.length;
  let visited = false;
  for (let position = 0; position < array.length; position++) {
    const element = array[position];
    const at = outer ?? position;
    if (isNumeric && String(position) === part) {
      if (isLast) {
        visited = true;
        if (visit(element, outer)) return true;
      } else if (Array.isArray(element)) {
        visited = true;
        if (inArray(element, path, depth + 1, expandLeaf, visit, outer, false)) return true;
      } else if (isDoc(element)) {
        visited = true;
        if (inDocument(element, path, depth + 1, expandLeaf, visit, outer)) return true;
      }
    }
    if (isDoc(element)) {
      visited = true;
      if (inDocument(element, path, depth, expandLeaf, visit, at)) return true;
    } else if (!isNumeric && !Array.isArray(element)) {
      visited = true;
      if (visit(undefined, at)) return true;
    }
  }
  return defaults && !visited ? visit(undefined, outer) : false;
}
