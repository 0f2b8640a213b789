/** Pipelines: what the planner can answer in front, and the rest stage by stage. */
import { isNumber, isDoc, newDoc, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { toNumber } from "../query/parse-filter";
import { compileStages, countField } from "./stages";

export interface PipelineEnvironment {
  /** Documents of another collection of the database; the filter is one that an index can answer. */
  fetch(collection: string, filter: Doc, limit?: number): Iterable<Doc>;
  now: Date;
  collection: string;
  variables?: Doc;
}

/** Compiles all stages first: a malformed pipeline fails before a document is read. */
export function runPipeline(docs: Iterable<Doc>, stages: Doc[], env: PipelineEnvironment): Iterable<Doc> {
  return compileStages(stages, env)(docs);
}

export interface SplitPipeline {
  match?: Doc;
  sort?: Doc;
  skip?: number;
  limit?: number;
  rest: Doc[];
  /** Where the rest only counts: the result for a number of documents, as countDocuments asks for it. */
  countOnly?: (count: number) => Doc[];
}

/**
 * The leading $match, $sort, $skip and $limit, in this order, that find's planner answers. Well-formed stages only; a
 * malformed one stays in the rest, where compiling it gives its error. The rest must still be compiled before reading.
 */
export function splitPipeline(stages: Doc[]): SplitPipeline {
  const split: SplitPipeline = { rest: [] };
  let index = 0;
  const matches: Doc[] = [];
  for (let spec = only(stages[index], "$match"); isDoc(spec); spec = only(stages[++index], "$match")) matches.push(spec);
  const [first] = matches;
  if (first) {
    const all = newDoc();
    all["$and"] = matches;
    split.match = matches.length === 1 ? first : all;
  }
  const sort = only(stages[index], "$sort");
  // Of two sorts in a row only the later one counts; that is left to the stages.
  if (isDoc(sort) && Object.keys(sort).length > 0 && only(stages[index + 1], "$sort") === undefined) {
    split.sort = sort;
    index += 1;
  }
  const skip = only(stages[index], "$skip");
  if (isCount(skip)) {
    split.skip = toNumber(skip);
    index += 1;
  }
  const limit = only(stages[index], "$limit");
  if (isCount(limit) && toNumber(limit) > 0) {
    split.limit = toNumber(limit);
    index += 1;
  }
  split.rest = stages.slice(index);
  const countOnly = split.rest.length === 1 ? counting(split.rest[0]) : undefined;
  if (countOnly) split.countOnly = countOnly;
  return split;
}

function only(stage: Doc | undefined, name: string): Value {
  if (!isDoc(stage)) return undefined;
  const names = Object.keys(stage);
  return names.length === 1 && names[0] === name ? stage[name] : undefined;
}

function isCount(value: Value): boolean {
  return isNumber(value) && Number.isSafeInteger(toNumber(value)) && toNumber(value) >= 0;
}

/** `{$count: name}` or `{$group: {_id: constant, name: {$sum: 1}}}`. */
function counting(stage: Doc | undefined): ((count: number) => Doc[]) | undefined {
  const field = only(stage, "$count");
  if (typeof field === "string") {
    const name = countField(field);
    return (count) => (count === 0 ? [] : [withCount(newDoc(), name, count)]);
  }
  const group = only(stage, "$group");
  if (!isDoc(group)) return undefined;
  const [id, name, more] = Object.keys(group);
  const constant = group["_id"];
  if (id !== "_id" || name === undefined || more !== undefined || name.includes(".") || name.startsWith("$")) return undefined;
  if (constant !== null && !isNumber(constant)) return undefined;
  if (only(group[name] as Doc, "$sum") !== 1) return undefined;
  return (count) => {
    const result = newDoc();
    result["_id"] = constant;
    return count === 0 ? [] : [withCount(result, name, count)];
  };
}

function withCount(doc: Doc, field: string, count: number): Doc {
  setField(doc, field, count);
  return doc;
}
