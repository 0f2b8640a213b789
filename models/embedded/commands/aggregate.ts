import { encode, getField, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { runPipeline } from "../aggregate/index";
import type { PipelineEnvironment } from "../aggregate/index";
import { fieldsOfPipeline, projectedForSortOfPipeline } from "../aggregate/dependencies";
import { withMatchesFirst } from "../aggregate/order";
import { requireStageNames } from "../aggregate/stages";
import { CommandError, notSupported } from "../errors";
import { compileFilter } from "../query/match";
import { docOfKeys, lacksField, mayBeFromKeys } from "../plan/cover";
import type { Cover } from "../plan/cover";
import { coverOf, select } from "../query/select";
import type { Selection } from "../query/select";
import { docOf } from "../storage/doc";
import type { Context } from "./context";
import { flag, numberOf, onlyFields, optionalCount, optionalDoc, requireField } from "./fields";
import { checkSort, countMatching } from "./read";
import type { Command, Reply } from "./types";

/** aggregate: what an index can do of the first stages is done here, the rest by the pipeline. */
const FIELDS = ["pipeline", "cursor", "explain", "allowDiskUse", "bypassDocumentValidation", "collation", "hint", "let", "isMapReduceCommand"];

export interface Lead {
  filter: Doc;
  sort: Doc | undefined;
  skip: number;
  limit: number;
  rest: Doc[];
}

/** Leading $match, then one $sort, then $skip and $limit (in this order, once each) become a find. */
export function leadOf(stages: readonly Doc[]): Lead {
  const filters: Doc[] = [];
  let next = 0;
  const take = (name: string): Value => {
    const stage = stages[next];
    if (!stage || !Object.hasOwn(stage, name)) return undefined;
    next++;
    return stage[name];
  };
  for (let filter = take("$match"); filter !== undefined; filter = take("$match")) {
    if (!isDoc(filter)) throw new CommandError(15959, "the match filter must be an expression in an object");
    filters.push(filter);
  }
  // Of several sorts in a row only the last one counts.
  let sort: Doc | undefined;
  for (let each = take("$sort"); each !== undefined; each = take("$sort")) {
    if (!isDoc(each) || Object.keys(each).length === 0) throw new CommandError(15976, "$sort stage must have at least one sort key");
    checkSort(each);
    sort = each;
  }
  const skip = take("$skip");
  const limit = take("$limit");
  return {
    filter: filters.length === 1 ? (filters[0] ?? docOf({})) : filters.length === 0 ? docOf({}) : docOf({ $and: filters }),
    sort,
    skip: skip === undefined ? 0 : wholeNumber("$skip", skip, 0),
    limit: limit === undefined ? 0 : wholeNumber("$limit", limit, 1),
    rest: stages.slice(next),
  };
}

/** As MongoDB orders them, so that an index answers a filter that stands behind a sort. A malformed one is met where it stands. */
function filtersFirst(stages: Doc[]): Doc[] {
  try {
    return withMatchesFirst(stages);
  } catch (error) {
    if (error instanceof CommandError) return stages;
    throw error;
  }
}

function wholeNumber(stage: string, value: Value, least: number): number {
  const number = numberOf(value);
  if (!Number.isInteger(number)) throw new CommandError(stage === "$skip" ? 5107200 : 5107201, `invalid argument to ${stage} stage: Expected an integer`);
  if (number < least) throw new CommandError(stage === "$skip" ? 5107200 : 15958, stage === "$skip" ? "invalid argument to $skip stage" : "the limit must be positive");
  return number;
}

export function parsePipeline(command: Doc): Doc[] {
  const pipeline = requireField(command, "aggregate", "pipeline");
  if (!Array.isArray(pipeline)) throw new CommandError(14, "A pipeline must be an array of objects");
  requireStageNames(pipeline);
  return pipeline as Doc[];
}

function aggregate(context: Context): Reply {
  const { command, engine } = context;
  onlyFields(command, "aggregate", FIELDS);
  const name = getField(command, "aggregate");
  if (typeof name !== "string") throw notSupported("an aggregation on a whole database");
  if (flag(command, "explain")) throw notSupported("the explain option of aggregate (use the explain command)");
  const stages = parsePipeline(command);
  const lead = leadOf(filtersFirst(stages));
  if (getField(command, "cursor") === null) throw new CommandError(14, "cursor field must be missing or an object");
  const cursor = optionalDoc(command, "cursor");
  if (!cursor) throw new CommandError(9, "The 'cursor' option is required, except for aggregate with the explain argument");
  const namespace = context.namespace(name);
  const collection = context.collection(name);
  const selection = selectionFor(context, lead);
  const counted = countStage(lead.rest);
  const source = name;
  function* documents(): Iterable<Uint8Array> {
    if (counted) {
      const n = collection ? countMatching({ ...selection, collection }) : 0;
      if (n > 0) yield encode(docOf({ _id: counted.id, [counted.field]: n }));
      return;
    }
    if (lead.rest.length === 0) {
      if (collection) for (const { bytes } of select({ ...selection, collection })) yield bytes;
      return;
    }
    function* docs(): Iterable<Doc> {
      if (!collection) return;
      const fields = fieldsOfPipeline(stages);
      const sortedAs = lead.limit > 0 ? undefined : projectedForSortOfPipeline(lead.sort, lead.rest, fields);
      const cover = coverOf({ ...selection, collection }, fields);
      const projects = lead.rest.some((stage) => Object.hasOwn(stage, "$project"));
      for (const { doc } of inBatches(select({ ...selection, collection, sortedAs }))) yield cover.indexes.length > 0 ? shownBy(cover, doc, projects) : doc;
    }
    for (const doc of runPipeline(docs(), lead.rest, environment(context, source), stages)) yield encode(doc);
  }
  return engine.cursors.start(
    { namespace, documents: documents(), collection, transaction: context.transaction },
    optionalCount(cursor, "aggregate.cursor", "batchSize"),
    false,
    context.now.getTime(),
  );
}

/** What goes into the pipeline when keys may answer; in which order the fields stand shows only behind a $project. */
function shownBy({ indexes, sure, needed }: Cover, doc: Doc, ordered: boolean): Doc {
  const [shown = doc, ...others] = indexes.map((index) => docOfKeys(doc, index, needed));
  if (sure) return shown;
  const orderOf = (each: Doc): string => Object.keys(each).filter((field) => Object.hasOwn(shown, field)).join();
  if (lacksField(doc, needed) || (ordered && [doc, ...others].some((each) => orderOf(each) !== orderOf(shown)))) throw mayBeFromKeys();
  return doc;
}

const BATCH = 32;

/** The query hands its records on in batches, as MongoDB does: a filter that fails for one of them fails before a stage sees the first. */
function* inBatches<T>(records: Iterable<T>): Iterable<T> {
  let batch: T[] = [];
  for (const record of records) {
    if (batch.push(record) < BATCH) continue;
    yield* batch;
    batch = [];
  }
  yield* batch;
}

export function selectionFor(context: Context, { filter, sort, skip, limit }: Lead): Omit<Selection, "collection"> {
  const { now, variables } = context;
  return {
    view: context.view(),
    filter,
    matcher: compileFilter(filter, variables ? { now, variables } : { now }),
    sort,
    hint: getField(context.command, "hint"),
    skip,
    limit,
    checkDeadline: () => context.checkDeadline(),
  };
}

/** How a $lookup of the pipeline reads another collection: through the planner, in the same view. */
function environment(context: Context, name: string): PipelineEnvironment {
  const { now, variables } = context;
  return {
    now,
    collection: name,
    ...(variables ? { variables } : {}),
    fetch: (other, filter, limit = 0) => {
      const collection = context.collection(other);
      if (!collection) return [];
      const records = select({ collection, view: context.view(), filter, matcher: compileFilter(filter, { now }), limit, checkDeadline: () => context.checkDeadline() });
      return Array.from(records, ({ doc }) => doc);
    },
  };
}

/** The driver's countDocuments: `[{$match}, {$group: {_id: 1, n: {$sum: 1}}}]`, which index keys may answer alone. */
function countStage(rest: readonly Doc[]): { id: Value; field: string } | undefined {
  const [stage] = rest;
  const group = rest.length === 1 && stage ? stage.$group : undefined;
  if (!isDoc(group)) return undefined;
  const { _id: id, ...fields } = group;
  const [field, another] = Object.keys(fields);
  if (field === undefined || another !== undefined || !/^\w+$/.test(field) || (id !== null && typeof id !== "number")) return undefined;
  const sum = fields[field];
  return isDoc(sum) && Object.keys(sum).length === 1 && sum.$sum === 1 ? { id, field } : undefined;
}

export const AGGREGATE_COMMANDS: readonly Command[] = [{ name: "aggregate", run: aggregate, inTransaction: true }];
