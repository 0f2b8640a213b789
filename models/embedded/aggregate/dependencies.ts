/**
 * Which fields a pipeline reads from the documents that go in. MongoDB reads no others where a stage such as $project or
 * $group names all that it lets through. That shows: a field which is computed anew before anything reads it is not there
 * at first, and so stands behind the others (rows from found-70 on).
 */
import { isDoc, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { notSupported } from "../errors";
import { parseFilter, truthy } from "../query/parse-filter";
import { compileTree, newTree, plant } from "../query/project";
import { compileSort } from "../query/sort";
import { withMatchesFirst } from "./order";
import { pathsRead, readsOf, readsOfFilter, union } from "./reads";
import type { Reads } from "./reads";

interface Effects {
  reads: Reads;
  /** Paths that the stage gives a value of its own, or takes away. */
  changes: string[];
  /** Nothing of a document goes on but what the stage reads. */
  closes: boolean;
}

interface Needs {
  /** Undefined where the whole document is needed. */
  paths: Set<string> | undefined;
  changed: Set<string>;
}

/**
 * Takes from a document the fields that the pipeline computes before it reads them; undefined where there are none. To be
 * done behind the filters and the order that stand in front, or get there: `stages` is the whole pipeline.
 */
export function withoutUnread(stages: readonly Doc[]): ((doc: Doc) => Doc) | undefined {
  const { sort, rest } = behindQuery(stages);
  const { paths, changed } = needsOf(rest);
  refusePositionSort(sort, rest, paths);
  if (paths === undefined) return undefined;
  const unread = [...changed].flatMap((path) => unreadPart(path, paths) ?? []);
  const least = [...new Set(unread)].filter((path) => !unread.some((other) => path.startsWith(`${other}.`)));
  if (least.length === 0) return undefined;
  const tree = newTree();
  for (const path of least) plant(tree, path, { kind: "exclude" });
  return compileTree(tree, "exclude");
}

/** The fields that a pipeline reads behind the query in front of it; undefined where that is the whole document. */
export function fieldsOfPipeline(stages: readonly Doc[]): ReadonlySet<string> | undefined {
  return needsOf(behindQuery(stages).rest).paths;
}

/** The fields that the projection of a find lets through or computes with; undefined where it needs the whole document. */
export function fieldsOfProjection(projection: Doc): ReadonlySet<string> | undefined {
  const looksInside = (path: string): boolean => {
    const asked: Value = projection[path];
    return /(^|\.)\$/.test(path) || (isDoc(asked) && ["$slice", "$elemMatch", "$meta"].includes(Object.keys(asked)[0] ?? ""));
  };
  if (Object.keys(projection).some(looksInside)) return undefined;
  const { reads, closes } = projected(projection);
  return closes && !reads.whole ? reads.paths : undefined;
}

/**
 * MongoDB projects before it sorts in memory, unless there is a limit or the projection takes a part of the sort away or
 * computes. An array has lost its elements that are no documents by then, and with them their keys (rows from found-660 on).
 * Undefined where that makes no difference.
 */
export function projectedForSort(sort: Doc | undefined, kept: ReadonlySet<string> | undefined): ((doc: Doc) => Doc) | undefined {
  if (sort === undefined || kept === undefined) return undefined;
  const whole = [...kept].filter((path) => ![...kept].some((other) => other !== path && isWithin(path, other)));
  const holders = Object.keys(sort).map((path) => whole.find((other) => isWithin(path, other)));
  if (holders.includes(undefined) || !holders.some((path) => path?.includes("."))) return undefined;
  const tree = newTree();
  for (const path of new Set(holders)) if (path !== undefined) plant(tree, path, { kind: "include" });
  return compileTree(tree, "include");
}

/** The same for a find. */
export function projectedForSortOfFind(sort: Doc | undefined, projection: Doc, limit: number): ((doc: Doc) => Doc) | undefined {
  const choosesOnly = (spec: Doc): boolean =>
    Object.entries(spec).every(([path, asked]) => !path.startsWith("$") && (isNumber(asked) || typeof asked === "boolean" || (isDoc(asked) && choosesOnly(asked))));
  return limit > 0 || !choosesOnly(projection) ? undefined : projectedForSort(sort, fieldsOfProjection(projection));
}

/** Stages that give each document on: a limit behind them is brought forward to the sort. */
const ONE_FOR_ONE = new Set(["$skip", "$project", "$addFields", "$set", "$unset", "$replaceRoot", "$replaceWith", "$lookup"]);

/** The same for a pipeline, of which these stages stand behind the sort. */
export function projectedForSortOfPipeline(sort: Doc | undefined, behind: readonly Doc[], kept: ReadonlySet<string> | undefined): ((doc: Doc) => Doc) | undefined {
  if (sort === undefined) return undefined;
  const project = projectedForSort(sort, kept);
  const next = behind.findIndex((stage) => !ONE_FOR_ONE.has(Object.keys(stage)[0] ?? ""));
  const stage = behind[next];
  if (project === undefined || (stage !== undefined && Object.hasOwn(stage, "$limit"))) return undefined;
  const filtered = stage !== undefined && Object.hasOwn(stage, "$match") && behind.slice(next).some((each) => Object.hasOwn(each, "$limit"));
  if (!filtered) return project;
  // Whether the filter goes to the front, and the limit with it, hangs on what the stages between do to its fields.
  const { compare } = compileSort(sort);
  return (doc) => {
    if (compare(doc, project(doc)) !== 0) throw notSupported("A sort inside an array with a projection inside it, a filter and a limit");
    return doc;
  };
}

/** The shortest beginning of a path that nothing needs; undefined where the path itself, or something in or around it, is needed. */
function unreadPart(path: string, needed: ReadonlySet<string>): string | undefined {
  const parts = path.split(".");
  for (let length = 1; length <= parts.length; length++) {
    const part = parts.slice(0, length).join(".");
    if (![...needed].some((other) => isWithin(other, part) || isWithin(part, other))) return part;
  }
  return undefined;
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}

/** The stages that are left when the query has taken filters and an order from the front. */
function behindQuery(stages: readonly Doc[]): { sort: Doc | undefined; rest: Doc[] } {
  const skipsNone = (stage: Doc): boolean => isNumber(stage["$skip"]) && !truthy(stage["$skip"]);
  const ordered = withMatchesFirst(stages.filter((stage) => !skipsNone(stage)));
  const rest = ordered.filter((stage, index) => !(isDoc(stage["$sort"]) && isDoc(ordered[index + 1]?.["$sort"])));
  while (isDoc(rest[0]?.["$match"])) rest.shift();
  const sort = rest[0]?.["$sort"];
  if (!isDoc(sort)) return { sort: undefined, rest };
  rest.shift();
  return { sort, rest };
}

function needsOf(stages: readonly Doc[], changedBefore: ReadonlySet<string> = new Set()): Needs {
  const paths = new Set<string>();
  const changed = new Set(changedBefore);
  for (const stage of stages) {
    const effects = effectsOf(stage, changed);
    if (effects === undefined || effects.reads.whole) return { paths: undefined, changed };
    for (const path of effects.reads.paths) if (![...changed].some((one) => isWithin(path, one))) paths.add(path);
    if (isDoc(stage["$sort"]) && Object.keys(stage["$sort"]).some(hasPosition)) paths.add(POSITION);
    for (const path of effects.changes) changed.add(path);
    if (!effects.closes) continue;
    if (paths.delete(POSITION)) throw notSupported("A sort by an array position inside a pipeline");
    return { paths, changed };
  }
  return { paths: undefined, changed };
}

/** Marks that a sort by an array position was met: MongoDB would look for a field of that name in what it reads. */
const POSITION = "";

function hasPosition(path: string): boolean {
  return path.split(".").slice(1).some((part) => /^\d+$/.test(part));
}

/**
 * Between a sort by an array position and a projection inside that array MongoDB projects first, although the position
 * may be gone by then; with a limit in between it does not.
 */
function refusePositionSort(sort: Doc | undefined, rest: readonly Doc[], needed: ReadonlySet<string> | undefined): void {
  const [next] = rest;
  if (sort === undefined || next === undefined || next["$limit"] !== undefined) return;
  const effects = effectsOf(next, new Set());
  refuseIfMoved(sort, needed ?? new Set(), effects === undefined || effects.closes ? [] : effects.changes);
}

/** The same for the sort and projection of a find. */
export function refusePositionSortOfFind(sort: Doc | undefined, projection: Doc | undefined, limit: number): void {
  if (sort === undefined || projection === undefined || limit > 0) return;
  const { reads, changes, closes } = projected(projection);
  refuseIfMoved(sort, reads.paths, closes ? [] : changes);
}

function refuseIfMoved(sort: Doc, kept: ReadonlySet<string>, dropped: readonly string[]): void {
  for (const path of Object.keys(sort).filter(hasPosition)) {
    const keeps = [...kept].some((other) => hasPosition(other) && isWithin(path, other));
    const related = (one: string, other: string): boolean => isWithin(one, other) || isWithin(other, one);
    const drops = dropped.some((other) => related(withoutPositions(other), withoutPositions(path)) && !related(other, path));
    if (keeps || drops) throw notSupported("A sort by an array position with a projection inside the array");
  }
}

function withoutPositions(path: string): string {
  return path.split(".").filter((part, index) => index === 0 || !/^\d+$/.test(part)).join(".");
}

/** Undefined for a stage of which it is not known. */
function effectsOf(stage: Doc, changed: ReadonlySet<string>): Effects | undefined {
  const [name = ""] = Object.keys(stage);
  const spec = stage[name];
  switch (name) {
    case "$match":
      return isDoc(spec) ? passing(readsOfFilter(parseFilter(spec))) : undefined;
    case "$addFields":
    case "$set":
      return isDoc(spec) ? added(spec) : undefined;
    case "$project":
      return isDoc(spec) ? projected(spec) : undefined;
    case "$unset":
      return excluded((Array.isArray(spec) ? spec : [spec]).filter((path) => typeof path === "string"));
    case "$sort":
      return isDoc(spec) ? passing(pathsRead(Object.keys(spec))) : undefined;
    case "$unwind":
      return unwound(spec);
    case "$lookup":
      return isDoc(spec) ? joined(spec) : undefined;
    case "$skip":
    case "$limit":
    case "$sample":
    case "$unionWith":
      return passing(pathsRead([]));
    case "$count":
      return closing(pathsRead([]));
    case "$group":
    case "$replaceRoot":
    case "$replaceWith":
    case "$sortByCount":
    case "$bucket":
      return closing(readsOf(plain(spec)));
    case "$facet":
      return isDoc(spec) ? faceted(spec, changed) : undefined;
    default:
      return undefined;
  }
}

function passing(reads: Reads, changes: string[] = []): Effects {
  return { reads, changes, closes: false };
}

function closing(reads: Reads): Effects {
  return { reads, changes: [], closes: true };
}

/** As a list of parts, so that a constant part does not hide what stands beside it. */
function plain(spec: Value): Value {
  return isDoc(spec) && Object.keys(spec)[0]?.startsWith("$") !== true ? Object.values(spec) : spec;
}

/** A field that is computed or excluded below another one needs that: whether it is an array decides the shape. */
function parentRead(path: string): Reads {
  const parent = path.split(".").slice(0, -1).join(".");
  return pathsRead(parent === "" ? [] : [parent]);
}

function computed(path: string, value: Value, effects: Effects): void {
  effects.reads = union([effects.reads, readsOf(value), parentRead(path)]);
  effects.changes.push(path);
}

function excluded(paths: string[]): Effects {
  return passing(union(paths.map(parentRead)), paths);
}

function added(spec: Doc): Effects {
  const effects = passing(pathsRead([]));
  const add = (path: string, value: Value): void => {
    const fields = isDoc(value) ? Object.keys(value) : [];
    if (isDoc(value) && fields.length > 0 && fields[0]?.startsWith("$") !== true) for (const field of fields) add(`${path}.${field}`, value[field]);
    else computed(path, value, effects);
  };
  for (const field in spec) add(field, spec[field]);
  return effects;
}

function projected(spec: Doc): Effects {
  const effects = passing(pathsRead([]));
  const [kept, dropped]: [string[], string[]] = [[], []];
  const take = (path: string, value: Value): void => {
    if (isNumber(value) || typeof value === "boolean") (truthy(value) ? kept : dropped).push(path);
    else if (isDoc(value) && Object.keys(value)[0]?.startsWith("$") !== true) for (const field in value) take(`${path}.${field}`, value[field]);
    else computed(path, value, effects);
  };
  for (const field in spec) take(field, spec[field]);
  if (kept.length === 0 && effects.changes.length === 0) return excluded(dropped);
  if (!dropped.includes("_id") && !effects.changes.includes("_id")) kept.push("_id");
  return closing(union([effects.reads, pathsRead(kept)]));
}

function unwound(spec: Value): Effects | undefined {
  const path = isDoc(spec) ? spec["path"] : spec;
  const place = isDoc(spec) ? spec["includeArrayIndex"] : undefined;
  if (typeof path !== "string") return undefined;
  return passing(pathsRead([path.slice(1)]), [path.slice(1), ...(typeof place === "string" ? [place] : [])]);
}

function joined(spec: Doc): Effects | undefined {
  const { as, localField, let: bindings } = spec;
  if (typeof as !== "string") return undefined;
  const local = pathsRead(typeof localField === "string" ? [localField] : []);
  return passing(isDoc(bindings) ? union([local, ...Object.values(bindings).map(readsOf)]) : local, [as]);
}

/** Each pipeline reads for itself; what one needs, all get. */
function faceted(spec: Doc, changed: ReadonlySet<string>): Effects {
  const all = pathsRead([]);
  const changes = new Set<string>();
  for (const stages of Object.values(spec)) {
    const needs = needsOf(Array.isArray(stages) ? withMatchesFirst(stages.filter(isDoc)) : [], changed);
    if (needs.paths === undefined) all.whole = true;
    for (const path of needs.paths ?? []) all.paths.add(path);
    for (const path of needs.changed) changes.add(path);
  }
  return { ...closing(all), changes: [...changes] };
}
