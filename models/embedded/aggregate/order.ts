/**
 * Moves what a $match asks in front of stages that do not change the fields it asks about, as MongoDB does. The result is
 * the same, except that a stage does not fail for a document which is not wanted.
 */
import { isDoc, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { parseFilter, truthy } from "../query/parse-filter";
import { readsOf, readsOfFilter } from "./reads";

/** Takes and gives well-formed stages only. */
export function withMatchesFirst(stages: readonly Doc[]): Doc[] {
  const ordered: Doc[] = [];
  for (const stage of stages) {
    const filter = stage["$match"];
    if (isDoc(filter) && ordered.length > 0) clausesOf(filter).forEach((clause) => insert(ordered, clause));
    else ordered.push(stage);
  }
  return ordered;
}

/** The parts that must all hold; each goes as far to the front as it can. */
function clausesOf(filter: Doc): Doc[] {
  const clauses = Object.keys(filter).flatMap((field) => {
    const value = filter[field];
    if (field === "$and" && Array.isArray(value)) return value.filter(isDoc).flatMap(clausesOf);
    return [...(field === "$expr" ? comparisonsIn(value) : []), { [field]: value }];
  });
  return clauses.length === 0 ? [filter] : clauses;
}

const COMPARISONS = new Set(["$eq", "$gt", "$gte", "$lt", "$lte"]);

/** Comparisons of a field with a constant inside an $and, which MongoDB also asks by themselves. */
function comparisonsIn(expression: Value): Doc[] {
  const parts = isDoc(expression) ? expression["$and"] : undefined;
  if (!Array.isArray(parts)) return [];
  const compares = (part: Value): boolean => {
    const [name = ""] = isDoc(part) ? Object.keys(part) : [];
    const sides: Value = isDoc(part) && COMPARISONS.has(name) ? part[name] : undefined;
    if (!Array.isArray(sides) || sides.length !== 2) return false;
    const isPath = (side: Value): boolean => typeof side === "string" && /^\$[^$]/.test(side);
    return sides.some((side, index) => isPath(side) && readsOf(sides[1 - index]).constant !== undefined);
  };
  return parts.filter(compares).map((part) => ({ $expr: part }));
}

function insert(ordered: Doc[], clause: Doc): void {
  const { paths, whole } = readsOfFilter(parseFilter(clause));
  const fields = [...new Set([...paths].map(rootOf))];
  let place = ordered.length;
  for (let index = ordered.length - 1; index >= 0 && !whole; index--) {
    const stage = ordered[index];
    if (stage === undefined || isDoc(stage["$match"])) continue;
    const keeps = keptBy(stage);
    if (!keeps || !fields.every(keeps)) break;
    place = index;
  }
  // Behind those that are there already, so that filters keep their order among themselves.
  while (place < ordered.length && isDoc(ordered[place]?.["$match"])) place += 1;
  ordered.splice(place, 0, { $match: clause });
}

function rootOf(path: string): string {
  return path.split(".")[0] ?? "";
}

/** For a stage that gives each document on: which of its top-level fields stay as they were. */
function keptBy(stage: Doc): ((field: string) => boolean) | undefined {
  const [name = ""] = Object.keys(stage);
  const spec = stage[name];
  const butFor = (paths: readonly Value[]) => (field: string) => !paths.some((path) => typeof path === "string" && rootOf(path) === field);
  switch (name) {
    case "$sort":
      return () => true;
    case "$addFields":
    case "$set":
      return isDoc(spec) ? butFor(Object.keys(spec)) : undefined;
    case "$unset":
      return butFor(Array.isArray(spec) ? spec : [spec]);
    case "$unwind":
      return butFor(isDoc(spec) ? [spec["includeArrayIndex"], withoutDollar(spec["path"])] : [withoutDollar(spec)]);
    case "$lookup":
      return isDoc(spec) ? butFor([spec["as"]]) : undefined;
    case "$project":
      return isDoc(spec) ? keptByProject(spec) : undefined;
    default:
      return undefined;
  }
}

function withoutDollar(path: Value): Value {
  return typeof path === "string" ? path.slice(1) : undefined;
}

function keptByProject(spec: Doc): (field: string) => boolean {
  const isFlag = (asked: Value): boolean => isNumber(asked) || typeof asked === "boolean";
  const excludes = Object.keys(spec).some((path) => path !== "_id") && Object.keys(spec).every((path) => isFlag(spec[path]) && (path === "_id" || !truthy(spec[path])));
  return (field) => {
    if (excludes) return !Object.keys(spec).some((path) => rootOf(path) === field);
    const asked: Value = spec[field];
    if (asked === undefined) return field === "_id" && !Object.keys(spec).some((path) => rootOf(path) === field);
    return isFlag(asked) && truthy(asked);
  };
}
