/**
 * Moves what a $match asks in front of stages that do not change the fields it asks about, as MongoDB does. The result is
 * the same, except that a stage does not fail for a document which is not wanted.
 */
import { isDoc, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { parseFilter, truthy } from "../query/parse-filter";
import type { Condition } from "../query/parse-filter";

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
    return field === "$and" && Array.isArray(value) ? value.filter(isDoc).flatMap(clausesOf) : [{ [field]: value }];
  });
  return clauses.length === 0 ? [filter] : clauses;
}

function insert(ordered: Doc[], clause: Doc): void {
  const fields = new Set<string>();
  let place = ordered.length;
  if (collectFields(parseFilter(clause), fields)) {
    for (let index = ordered.length - 1; index >= 0; index--) {
      const stage = ordered[index];
      if (stage === undefined || isDoc(stage["$match"])) continue;
      if (![...fields].every((field) => keeps(stage, field))) break;
      place = index;
    }
  }
  // Behind those that are there already, so that filters keep their order among themselves.
  while (place < ordered.length && isDoc(ordered[place]?.["$match"])) place += 1;
  ordered.splice(place, 0, { $match: clause });
}

/** Adds the top-level fields that a condition asks about; false where they are not known. */
function collectFields(condition: Condition, fields: Set<string>): boolean {
  switch (condition.kind) {
    case "and":
    case "or":
    case "nor":
      return condition.children.every((child) => collectFields(child, fields));
    case "not":
      return collectFields(condition.child, fields);
    case "expr":
    case "never":
      return false;
    default:
      fields.add(rootOf(condition.path));
      return true;
  }
}

function rootOf(path: string): string {
  return path.split(".")[0] ?? "";
}

/** Whether a stage gives every document on, with this field as it was. */
function keeps(stage: Doc, field: string): boolean {
  if (isDoc(stage["$sort"])) return true;
  const added = stage["$addFields"] ?? stage["$set"];
  if (isDoc(added)) return !Object.keys(added).some((path) => rootOf(path) === field);
  const projected = stage["$project"];
  if (!isDoc(projected)) return false;
  const asked: Value = projected[field];
  if (asked === undefined) return field === "_id" && !Object.keys(projected).some((path) => rootOf(path) === field);
  return (isNumber(asked) || typeof asked === "boolean") && truthy(asked);
}
