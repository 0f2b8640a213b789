import { compare } from "../bson/compare";
import { BSONRegExp, decode, decodeFields, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError } from "../errors";
import { NO_COVER, coverFor } from "../plan/cover";
import type { Cover } from "../plan/cover";
import { choosePlan, hasSort, hintOf } from "../plan/plan";
import type { Plan } from "../plan/plan";
import { scanRecords } from "../plan/scan";
import type { ScanStats } from "../plan/scan";
import type { Collection } from "../storage/collection";
import type { View } from "../storage/layers";
import { constantOf } from "./constant";
import type { Condition, Matcher } from "./match";
import { compileSort } from "./sort";

/** From a filter to the matching records in the asked order: the one read path of find, update, delete and the rest. */
export interface Selection {
  collection: Collection;
  view: View;
  filter: Doc;
  matcher: Matcher;
  sort?: Doc | undefined;
  hint?: Value;
  skip?: number;
  /** 0 or absent: all. */
  limit?: number;
  /** What a sort in memory sees of a document. */
  sortedAs?: ((doc: Doc) => Doc) | undefined;
  /** Called now and then during long scans; throws when the time is over. */
  checkDeadline?: () => void;
  stats?: ScanStats;
}

/** A record of the answer. `doc` is decoded when somebody asks: a plain find sends the stored bytes as they are. */
export class Selected {
  #doc: Doc | undefined;

  constructor(
    readonly recordNumber: number,
    readonly bytes: Buffer,
  ) {}

  get doc(): Doc {
    return (this.#doc ??= decode(this.bytes));
  }
}

const SORT_MEMORY_MAX_BYTES = 100 * 1024 * 1024;
const DEADLINE_EVERY = 500;

export function planFor({ collection, view, filter, sort, hint, skip = 0, limit = 0 }: Selection): Plan {
  return choosePlan({ collection, view, filter, sort, hint, wanted: limit > 0 ? skip + limit : 0 });
}

/** Whether MongoDB would answer a selection from the keys of an index, given the fields that it is read for. */
export function coverOf(selection: Selection, paths: ReadonlySet<string> | undefined): Cover {
  const { collection, view, filter, matcher, sort, hint } = selection;
  return isLookup(selection) ? NO_COVER : coverFor({ collection, view, filter, sort, hint, condition: matcher.condition }, paths);
}

export function* select(selection: Selection, plan: Plan = planFor(selection)): Iterable<Selected> {
  const { skip = 0, limit = 0, sort } = selection;
  const matched = matching(selection, plan);
  const ordered = plan.sorted || !hasSort(sort) || isLookup(selection) ? matched : sorted(matched, sort, limit > 0 ? skip + limit : 0, selection.sortedAs);
  let passed = 0;
  for (const record of ordered) {
    if (passed++ < skip) continue;
    yield record;
    if (limit > 0 && passed === skip + limit) return;
  }
}

function* matching({ collection, view, filter, matcher, checkDeadline, stats }: Selection, plan: Plan): Iterable<Selected> {
  let examined = 0;
  const fields = plan.exact ? undefined : fieldsOf(filter);
  for (const { recordNumber, bytes } of scanRecords(view, collection, plan.access, stats ?? { keysExamined: 0, docsExamined: 0 })) {
    if (++examined % DEADLINE_EVERY === 0) checkDeadline?.();
    const record = new Selected(recordNumber, bytes);
    if (plan.exact || matcher.matches(fields ? decodeFields(bytes, fields) : record.doc)) yield record;
  }
}

/** The top-level fields that a filter looks at; undefined when it may look at any. Decoding the rest is the largest cost of a scan. */
function fieldsOf(filter: Doc): Set<string> | undefined {
  const fields = new Set<string>();
  for (const [name, condition] of Object.entries(filter)) {
    if (!name.startsWith("$")) fields.add(name.split(".", 1)[0] ?? name);
    else if ((name === "$and" || name === "$or" || name === "$nor") && Array.isArray(condition)) {
      for (const part of condition) {
        const inner = isDoc(part) ? fieldsOf(part) : undefined;
        if (!inner) return undefined;
        for (const field of inner) fields.add(field);
      }
    } else if (name !== "$comment") return undefined;
  }
  return fields;
}

/**
 * A lookup by nothing but one _id finds one document at most: MongoDB has a path of its own for it, where nothing is sorted
 * and so no sort can fail. A hint or a skip leads off that path.
 */
function isLookup({ matcher, skip = 0, hint }: Selection): boolean {
  return skip === 0 && hintOf({ hint }) === undefined && oneId(matcher.condition) !== undefined;
}

/** The _id that a filter comes down to; undefined where it says anything else, or could mean more than one document. */
function oneId(condition: Condition): Value {
  return onlyOne(idsOf(condition, true));
}

function onlyOne(ids: readonly Value[]): Value {
  const [first] = ids;
  return ids.every((id) => id !== null && id !== undefined && !Array.isArray(id) && !(id instanceof BSONRegExp) && compare(id, first) === 0) ? first : undefined;
}

/** `absorbs`: an $or inside an $and, or the other way round, that only repeats what stands beside it is left out. */
function idsOf(condition: Condition, absorbs = false): Value[] {
  if (condition.kind === "eq" && condition.path === "_id") return [condition.value];
  if (condition.kind === "in" && condition.path === "_id" && condition.regexes.length === 0 && condition.values.length > 0) return condition.values;
  if (condition.kind !== "and" && condition.kind !== "or") return [undefined];
  // What holds always, or never, is left out as well.
  const told = condition.children.filter((child) => constantOf(child) !== (condition.kind === "and"));
  const plain = onlyOne(told.filter((child) => child.kind === "eq" || child.kind === "in").flatMap((child) => idsOf(child)));
  const repeats = (child: Condition): boolean => {
    if (!absorbs || plain === undefined || child.kind !== (condition.kind === "and" ? "or" : "and")) return false;
    return child.children.some((part) => compare(onlyOne(idsOf(part)), plain) === 0);
  };
  const kept = told.filter((child) => !repeats(child));
  return kept.length === 0 ? [undefined] : kept.flatMap((child) => idsOf(child, absorbs && kept.length === 1));
}

/** Sorts in memory. With a limit only that many are kept, so a page of a large set stays small. */
function* sorted(records: Iterable<Selected>, spec: Doc, wanted: number, seenAs = (doc: Doc): Doc => doc): Iterable<Selected> {
  const sort = compileSort(spec);
  const byDoc = new Map<Doc, Selected>();
  let sizeBytes = 0;
  const keepBest = (count: number): void => {
    const best = sort.sort([...byDoc.keys()]).slice(0, count);
    const kept = best.flatMap((doc): [Doc, Selected][] => {
      const record = byDoc.get(doc);
      return record ? [[doc, record]] : [];
    });
    byDoc.clear();
    sizeBytes = 0;
    for (const [doc, record] of kept) {
      byDoc.set(doc, record);
      sizeBytes += record.bytes.length;
    }
  };
  for (const record of records) {
    byDoc.set(seenAs(record.doc), record);
    sizeBytes += record.bytes.length;
    if (wanted > 0 && byDoc.size >= Math.max(wanted * 4, 1000)) keepBest(wanted);
    if (sizeBytes > SORT_MEMORY_MAX_BYTES) {
      throw new CommandError(292, `Sort exceeded memory limit of ${SORT_MEMORY_MAX_BYTES} bytes. Add an index that gives this order.`);
    }
  }
  keepBest(wanted > 0 ? wanted : byDoc.size);
  yield* byDoc.values();
}
