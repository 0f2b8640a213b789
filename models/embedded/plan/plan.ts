import { encode, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError } from "../errors";
import type { Collection, Index } from "../storage/collection";
import { docOf } from "../storage/doc";
import type { View } from "../storage/layers";
import { analyse } from "./bounds";
import type { Analysis, Statement } from "./bounds";
import { EVERYTHING, contains, intersect } from "./intervals";
import type { Interval } from "./intervals";
import { RANGES_MAX, mayBeCut, rangesFor, scanEntries } from "./scan";
import type { Access, IndexScan, UnionScan } from "./scan";

/**
 * Chooses how to reach the records of a filter and whether an index can give them in the asked order. Any plan gives
 * the same documents; a poor choice only costs time.
 */
export interface Plan {
  access: Access;
  /** The access gives the documents in the order of the sort. */
  sorted: boolean;
  /** Every record of the access matches the filter: no document needs to be looked at. */
  exact: boolean;
}

export interface PlanRequest {
  collection: Collection;
  view: View;
  filter: Doc;
  sort?: Doc | undefined;
  hint?: Value;
  /** Skip and limit together; 0 when there is no limit. */
  wanted?: number;
}

/** Lists to merge at once: each needs a read of its own before the first document comes out. */
const MERGE_MAX = 200;
/** Candidates are compared by counting their keys up to here; beyond, both are simply large. */
const COUNT_MAX = 300;

interface Candidate {
  scan: IndexScan;
  sorted: boolean;
  exact: boolean;
  /** How many fields of the index the filter restricts. */
  bounded: number;
  /** All restricted fields are restricted to one value and the index is unique: at most one record. */
  single: boolean;
}

export function choosePlan(request: PlanRequest): Plan {
  const { filter, sort } = request;
  const hint = hintOf(request);
  const natural = naturalDirection(sort) ?? naturalDirection(isDoc(hint) ? hint : undefined);
  const analysis = analyse(filter);
  if (natural !== undefined) {
    return { access: { kind: "collection", reverse: natural < 0 }, sorted: naturalDirection(sort) !== undefined || !hasSort(sort), exact: noConditions(analysis) };
  }
  const indexes = usableIndexes({ ...request, hint }, analysis);
  const candidates = indexes.flatMap((index) => candidateFor(index, analysis, sort) ?? []);
  if (hint !== undefined) {
    const [index] = indexes;
    const [best] = candidates.length > 0 ? candidates : index ? [fullScan(index)] : [];
    if (best) return planOf(best);
  }
  // A sparse index without bounds is still a smaller place to look than the whole collection.
  const useful = candidates.filter(({ bounded, sorted, scan }) => bounded > 0 || (sorted && hasSort(sort)) || isSelective(scan.index));
  const bounded = useful.filter((candidate) => candidate.bounded > 0);
  if (bounded.length === 0) {
    const union = unionFor(request, analysis);
    if (union) return { access: union, sorted: !hasSort(sort), exact: false };
  }
  const best = cheapest(request, useful);
  if (best) return planOf(best);
  return { access: { kind: "collection", reverse: false }, sorted: !hasSort(sort), exact: noConditions(analysis) };
}

function planOf({ scan, sorted, exact }: Candidate): Plan {
  return { access: scan, sorted, exact };
}

function noConditions({ statements, complete }: Analysis): boolean {
  return complete && statements.length === 0;
}

/** An empty hint is none. */
export function hintOf({ hint }: Pick<PlanRequest, "hint">): Value {
  return isDoc(hint) && Object.keys(hint).length === 0 ? undefined : (hint ?? undefined);
}

export function hasSort(sort: Doc | undefined): sort is Doc {
  return sort !== undefined && Object.keys(sort).length > 0;
}

function naturalDirection(order: Doc | undefined): number | undefined {
  if (!order || !Object.hasOwn(order, "$natural")) return undefined;
  const direction = Number(order.$natural);
  if (direction !== 1 && direction !== -1) throw new CommandError(2, "$natural hint cannot be set to a value other than -1 or 1.");
  return direction;
}

/** The indexes that hold all that the filter wants, or the one of the hint. */
export function usableIndexes({ collection, view, hint, filter }: PlanRequest, analysis: Analysis = analyse(filter)): Index[] {
  if (hint !== undefined) {
    // A partial or sparse index is read as it was asked, whether or not it holds all that the filter wants.
    const index = collection.indexes.find(({ spec }) => (typeof hint === "string" ? spec.name === hint : isDoc(hint) && sameKey(spec.key, hint)));
    if (!index) throw new CommandError(2, "error processing query: planner returned error: hint provided does not correspond to an existing index");
    return index.sinceSeq <= view.seq ? [index] : [];
  }
  return collection.indexes.filter((index) => {
    if (index.sinceSeq > view.seq) return false;
    if (index.spec.partialFilter && !implies(filter, analysis, index.spec.partialFilter)) return false;
    return !index.spec.sparse || analysis.statements.some(({ field, present }) => present && index.fields.includes(field));
  });
}

/** Whether every document that matches the filter also matches the filter of a partial index. */
function implies(filter: Doc, analysis: Analysis, partialFilter: Doc): boolean {
  return Object.entries(partialFilter).every(([name, condition]) => {
    if (Object.hasOwn(filter, name) && sameBytes(filter[name], condition)) return true;
    if (name === "$and" && Array.isArray(condition)) return condition.every((part) => isDoc(part) && implies(filter, analysis, part));
    if (name === "$or" && Array.isArray(condition)) return condition.some((part) => isDoc(part) && implies(filter, analysis, part));
    const wanted = analyse(docOf({ [name]: condition }));
    // Only conditions that their statements say in full can be compared; $exists: true is said in full by "present".
    if (wanted.statements.length === 0 || !wanted.statements.every(({ exact, set }) => exact || set === EVERYTHING)) return false;
    if (!wanted.complete && !wanted.statements.some(({ set }) => set === EVERYTHING)) return false;
    return wanted.statements.every(({ field, set, present }) =>
      analysis.statements.some((each) => each.field === field && !each.scalarOnly && (!present || each.present) && contains(set, each.set)),
    );
  });
}

function candidateFor(index: Index, analysis: Analysis, sort: Doc | undefined): Candidate | undefined {
  const used = new Set<Statement>();
  const sets = index.fields.map((field, position) => setFor(index, field, position, analysis.statements, used));
  const order = orderFor(index, sets, sort, analysis);
  let bounded = 0;
  let ranges = 1;
  for (const set of sets) {
    if (set === EVERYTHING || ranges * set.length > RANGES_MAX) break;
    ranges *= Math.max(set.length, 1);
    bounded++;
    if (!set.every((interval) => interval.point)) break;
  }
  const scanned = sets.slice(0, bounded);
  if (bounded === 0 && !order && !isSelective(index)) return undefined;
  const mergeAt = order?.mergeAt ?? 0;
  const lists = scanned.slice(0, mergeAt).reduce((count, set) => count * set.length, 1);
  const sorted = order !== undefined && mergeAt <= bounded && lists <= MERGE_MAX;
  const merged = sorted && lists > 1;
  const reachable = new Set(index.fields.slice(0, bounded));
  const exact =
    analysis.complete &&
    !mayBeCut(scanned) &&
    analysis.statements.every((statement) => statement.exact && used.has(statement) && reachable.has(statement.field) && !index.multikey.has(statement.field));
  return {
    scan: {
      kind: "index",
      index,
      groups: rangesFor(index, scanned, merged ? mergeAt : 0),
      merged,
      reverse: sorted && order.reverse,
      repeats: index.multikey.size > 0,
    },
    sorted: sorted || !hasSort(sort),
    exact,
    bounded,
    single: index.unique && bounded === index.fields.length && ranges === 1 && scanned.every((set) => set[0]?.point),
  };
}

/** Where a field holds arrays one statement only may be used: two of them can be met by two elements. */
function setFor(index: Index, field: string, position: number, statements: readonly Statement[], used: Set<Statement>): readonly Interval[] {
  const own = statements.filter((statement) => statement.field === field && statement.set !== EVERYTHING);
  if (!index.multikey.has(field)) {
    for (const statement of statements) if (statement.field === field) used.add(statement);
    return own.length === 0 ? EVERYTHING : own.map(({ set }) => [...set]).reduce(intersect);
  }
  const root = field.split(".", 1)[0];
  const sharesArray = index.fields.slice(0, position).some((earlier) => index.multikey.has(earlier) && earlier.split(".", 1)[0] === root);
  const usable = sharesArray ? [] : own.filter((statement) => !statement.scalarOnly);
  const [best] = usable.sort((a, b) => width(a.set) - width(b.set));
  return best?.set ?? EVERYTHING;
}

function width(set: readonly Interval[]): number {
  return set.every((interval) => interval.point) ? set.length : 1000 + set.length;
}

/** Whether the index can give the sort's order, in which direction, and how many leading fields have to be merged. */
function orderFor(
  index: Index,
  sets: readonly (readonly Interval[])[],
  sort: Doc | undefined,
  analysis: Analysis,
): { reverse: boolean; mergeAt: number } | undefined {
  if (!hasSort(sort)) return undefined;
  const constant = (field: string): boolean => {
    if (index.multikey.has(field)) return false;
    const position = index.fields.indexOf(field);
    const set = position >= 0 ? sets[position] : undefined;
    return set?.length === 1 && set[0]?.point === true;
  };
  let position = 0;
  let mergeAt = 0;
  let reverse: boolean | undefined;
  for (const [field, direction] of Object.entries(sort)) {
    if (isDoc(direction)) return undefined;
    if (constant(field)) continue;
    while (index.fields[position] !== field) {
      const set = sets[position];
      if (!set || set.length === 0 || !set.every((interval) => interval.point)) return undefined;
      if (index.multikey.has(index.fields[position] ?? "") && set.length > 1) return undefined;
      if (set.length > 1) mergeAt = position + 1;
      // Once a sort field has been passed, a later list of values would have to be merged inside it.
      if (set.length > 1 && reverse !== undefined) return undefined;
      position++;
    }
    if (index.multikey.has(field) && analysis.statements.some((statement) => statement.field === field)) return undefined;
    const backward = (Number(direction) < 0 ? -1 : 1) !== index.directions[position];
    if (reverse !== undefined && reverse !== backward) return undefined;
    reverse = backward;
    position++;
  }
  return { reverse: reverse ?? false, mergeAt };
}

/** Whether an index alone puts what the filter lets through into the order of the sort. */
export function givesOrder(index: Index, { filter, sort }: PlanRequest): boolean {
  return candidateFor(index, analyse(filter), sort)?.sorted === true;
}

function isSelective({ spec }: Index): boolean {
  return spec.sparse;
}

function fullScan(index: Index): Candidate {
  return {
    scan: { kind: "index", index, groups: rangesFor(index, [], 0), merged: false, reverse: false, repeats: index.multikey.size > 0 },
    sorted: false,
    exact: false,
    bounded: 0,
    single: false,
  };
}

/** When every branch of an $or has an index of its own, the branches are read one after the other. */
function unionFor(request: PlanRequest, analysis: Analysis): UnionScan | undefined {
  for (const branches of analysis.alternatives) {
    const scans: UnionScan["branches"] = [];
    for (const branch of branches) {
      const plan = choosePlan({ collection: request.collection, view: request.view, filter: docOf({ $and: [request.filter === branch ? docOf({}) : withoutOr(request.filter), branch] }) });
      if (plan.access.kind === "collection") break;
      scans.push(plan.access);
    }
    if (scans.length === branches.length && scans.length > 0) return { kind: "union", branches: scans };
  }
  return undefined;
}

/** What stands beside the $or narrows each branch; nested $ands stay out, the matcher sees to them. */
function withoutOr(filter: Doc): Doc {
  return docOf(Object.fromEntries(Object.entries(filter).filter(([name]) => name !== "$or" && name !== "$and")));
}

function cheapest({ view, sort, wanted = 0 }: PlanRequest, candidates: Candidate[]): Candidate | undefined {
  const single = candidates.find((candidate) => candidate.single);
  if (single) return single;
  const perfect = candidates.find(({ sorted, exact, bounded }) => sorted && exact && (bounded > 0 || hasSort(sort)));
  if (perfect && wanted > 0 && perfect.bounded > 0 && hasSort(sort)) return perfect;
  if (candidates.length <= 1) return candidates[0];
  let best: { candidate: Candidate; cost: number } | undefined;
  for (const candidate of candidates) {
    const cost = costOf(view, candidate, wanted);
    const better = !best || cost < best.cost || (cost === best.cost && candidate.bounded > best.candidate.bounded);
    if (better) best = { candidate, cost };
  }
  return best?.candidate;
}

function costOf(view: View, { scan, sorted, exact, bounded }: Candidate, wanted: number): number {
  let keys = 0;
  if (bounded === 0) keys = COUNT_MAX * 10;
  else {
    for (const _ of scanEntries(view, { ...scan, merged: false })) if (++keys === COUNT_MAX) break;
  }
  // A scan in the right order may stop early; how early depends on how many records the matcher lets through.
  if (sorted && wanted > 0) return Math.min(keys, exact ? wanted : wanted * 8);
  return keys * (sorted ? 1 : 1.5);
}

function sameKey(one: Doc, other: Doc): boolean {
  const text = (key: Doc): string => JSON.stringify(Object.entries(key).map(([field, direction]) => [field, Number(direction)]));
  return text(one) === text(other);
}

function sameBytes(one: Value, other: Value): boolean {
  return encode(docOf({ value: one })).equals(encode(docOf({ value: other })));
}
