import { Long, cutFields, encode, getField, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { fieldsOfProjection, projectedForSortOfFind, refusePositionSortOfFind } from "../aggregate/dependencies";
import { equal } from "../bson/compare";
import { encodeKey } from "../bson/keys";
import { CommandError, notSupported } from "../errors";
import { compileFilter } from "../query/match";
import { compileProjection, topLevelChoice } from "../query/project";
import { compileSort } from "../query/sort";
import { NO_COVER, docOfKeys, lacksField, mayBeFromKeys } from "../plan/cover";
import { distinctIndex, keyIndex, keyValues, leapOverValues } from "../plan/distinct";
import { hasSort } from "../plan/plan";
import { countScan } from "../plan/scan";
import { coverOf, planFor, select } from "../query/select";
import type { Selection } from "../query/select";
import type { Collection } from "../storage/collection";
import { docOf } from "../storage/doc";
import type { Context } from "./context";
import { collectionName, flag, numberOf, onlyFields, optionalCount, optionalDoc, requireField } from "./fields";
import { DOCUMENT_MAX_BYTES } from "./handshake";
import type { Command, Reply } from "./types";

const FIND_FIELDS = [
  "filter", "sort", "projection", "hint", "skip", "limit", "batchSize", "singleBatch", "let", "collation", "allowDiskUse",
  "noCursorTimeout", "readOnce", "returnKey", "showRecordId", "tailable", "awaitData", "oplogReplay", "allowPartialResults", "min", "max",
];
const FIND_REFUSED = ["returnKey", "showRecordId", "tailable", "awaitData", "min", "max"];

/** Everything of a find but the collection; explain builds the same. */
export function parseFind(context: Context, command: Doc): Omit<Selection, "collection"> & { projection: Doc | undefined } {
  onlyFields(command, "find", FIND_FIELDS);
  for (const field of FIND_REFUSED) {
    const value = getField(command, field);
    if (value !== undefined && value !== false) throw notSupported(`the option ${field} of find`);
  }
  const filter = optionalDoc(command, "filter") ?? docOf({});
  const sort = optionalDoc(command, "sort");
  checkSort(sort);
  return {
    view: context.view(),
    filter,
    matcher: compileFilter(filter, { now: context.now, ...(context.variables ? { variables: context.variables } : {}) }),
    sort,
    hint: getField(command, "hint"),
    skip: optionalCount(command, "find", "skip") ?? 0,
    limit: Math.abs(limitOf(command)),
    checkDeadline: () => context.checkDeadline(),
    projection: optionalDoc(command, "projection"),
  };
}

/** A wrong sort is refused whether an index or the memory would give the order. */
export function checkSort(sort: Doc | undefined): void {
  if (hasSort(sort) && !Object.hasOwn(sort, "$natural")) compileSort(sort);
}

function limitOf(command: Doc): number {
  const limit = getField(command, "limit");
  return limit === undefined || limit === null ? 0 : (optionalCount(command, "find", "limit") ?? 0);
}

function find(context: Context): Reply {
  const { command, engine } = context;
  const name = collectionName(command);
  if (name === "") throw new CommandError(73, `Invalid namespace specified: ${context.namespace(name)}`);
  const { projection, ...request } = parseFind(context, command);
  const collection = context.collection(name);
  refusePositionSortOfFind(request.sort, projection, request.limit ?? 0);
  const expressions = { now: context.now, ...(context.variables ? { variables: context.variables } : {}) };
  const wanted = projection && Object.keys(projection).length > 0 ? projection : undefined;
  const choice = wanted && topLevelChoice(wanted, expressions);
  const compiled = wanted && !choice ? compileProjection(wanted, request.matcher, expressions) : undefined;
  const fields = wanted && fieldsOfProjection(wanted);
  function* documents(source: Collection): Iterable<Uint8Array> {
    const cover = coverOf({ ...request, collection: source }, fields);
    const project = wanted && cover.indexes.length > 0 ? compileProjection(wanted, request.matcher, expressions) : undefined;
    const sortedAs = wanted && projectedForSortOfFind(request.sort, wanted, request.limit ?? 0);
    for (const record of select({ ...request, collection: source, sortedAs })) {
      const fromKeys = project ? cover.indexes.map((index) => encode(project(docOfKeys(record.doc, index, cover.needed)))) : [];
      const bytes = cover.sure && fromKeys[0] ? fromKeys[0] : choice ? cutFields(record.bytes, choice.names, choice.keep) : compiled ? encode(compiled(record.doc)) : record.bytes;
      if (fromKeys.some((each) => Buffer.compare(each, bytes) !== 0)) throw mayBeFromKeys();
      yield bytes;
    }
  }
  return engine.cursors.start(
    { namespace: context.namespace(name), documents: collection ? documents(collection) : [], collection, transaction: context.transaction },
    optionalCount(command, "find", "batchSize"),
    flag(command, "singleBatch"),
    context.now.getTime(),
  );
}

function getMore(context: Context): Reply {
  const { command, engine } = context;
  onlyFields(command, "getMore", ["collection", "batchSize"]);
  const collection = requireField(command, "getMore", "collection");
  const id = getField(command, "getMore");
  if (typeof collection !== "string" || id === undefined) throw new CommandError(14, "getMore needs a cursor id and a collection name");
  const cursorId = id instanceof Long ? id.toBigInt() : BigInt(Math.trunc(numberOf(id)) || 0);
  return engine.cursors.more(cursorId, context.namespace(collection), optionalCount(command, "getMore", "batchSize"), context.transaction, context.now.getTime());
}

function killCursors(context: Context): Reply {
  const { command, engine } = context;
  const namespace = context.namespace(collectionName(command));
  const killed: Long[] = [];
  const missing: Long[] = [];
  const ids = requireField(command, "killCursors", "cursors");
  for (const id of Array.isArray(ids) ? ids : []) {
    if (!(id instanceof Long)) throw new CommandError(14, "cursor ids are of type long");
    (engine.cursors.kill(id.toBigInt(), namespace) ? killed : missing).push(id);
  }
  return docOf({ cursorsKilled: killed, cursorsNotFound: missing, cursorsAlive: [], cursorsUnknown: [], ok: 1 });
}

function count(context: Context): Reply {
  const { command } = context;
  onlyFields(command, "count", ["query", "limit", "skip", "hint", "collation", "fields"]);
  const filter = optionalDoc(command, "query") ?? docOf({});
  const matcher = compileFilter(filter, { now: context.now });
  const skip = optionalCount(command, "count", "skip") ?? 0;
  const limit = Math.abs(Math.trunc(numberOf(getField(command, "limit") ?? 0)));
  const collection = context.collection(collectionName(command));
  if (!collection) return docOf({ n: 0, ok: 1 });
  const n = countMatching({ collection, view: context.view(), filter, matcher, hint: getField(command, "hint"), skip, limit, checkDeadline: () => context.checkDeadline() });
  return docOf({ n, ok: 1 });
}

/** Counts keys alone when they say everything. */
export function countMatching(selection: Selection): number {
  const plan = planFor(selection);
  const { skip = 0, limit = 0, view, collection } = selection;
  const keys = plan.exact ? countScan(view, collection, plan.access) : undefined;
  if (keys !== undefined) return Math.min(Math.max(keys - skip, 0), limit || Number.POSITIVE_INFINITY);
  let n = 0;
  for (const _ of select(selection, plan)) n++;
  return n;
}

function distinct(context: Context): Reply {
  const { command } = context;
  onlyFields(command, "distinct", ["key", "query", "collation", "hint"]);
  const key = requireField(command, "distinct", "key");
  if (typeof key !== "string") throw new CommandError(14, "BSON field 'distinct.key' is the wrong type, expected type 'string'");
  const filter = optionalDoc(command, "query") ?? docOf({});
  const matcher = compileFilter(filter, { now: context.now });
  const collection = context.collection(collectionName(command));
  if (!collection) return docOf({ values: [], ok: 1 });
  const view = context.view();
  const index = Object.keys(filter).length === 0 ? distinctIndex(collection, view, key) : undefined;
  if (index) return distinctReply([...leapOverValues(collection, view, index)]);
  const keys = Object.keys(filter).length === 0 ? keyIndex(collection, view, key) : undefined;
  const seen = new Map<string, Value>();
  const selection: Selection = { collection, view, filter, matcher, hint: getField(command, "hint"), checkDeadline: () => context.checkDeadline() };
  const cover = keys ? NO_COVER : coverOf(selection, new Set([key]));
  for (const { doc } of select(selection)) {
    const values = keys ? keyValues(doc, keys) : valuesAt(doc, key.split("."));
    if (cover.indexes.length > 0 && lacksField(doc, cover.needed)) {
      if (!cover.sure) throw mayBeFromKeys();
      values.push(null);
    }
    for (const value of values) {
      const text = Buffer.from(encodeKey([value], [1])).toString("latin1");
      const present = seen.get(text);
      if (present === undefined || !equal(present, value)) seen.set(text, value);
    }
  }
  // The key bytes sort as the values do.
  return distinctReply([...seen.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value));
}

function distinctReply(values: Value[]): Doc {
  const reply = docOf({ values, ok: 1 });
  if (encode(reply).length > DOCUMENT_MAX_BYTES) throw new CommandError(17217, "distinct too big, 16mb cap");
  return reply;
}

/** The values of a path, array elements one by one; elements of a last array count each, inner arrays as a whole. */
function valuesAt(value: Value, path: readonly string[]): Value[] {
  const [part, ...rest] = path;
  if (part === undefined) return Array.isArray(value) ? value : value === undefined ? [] : [value];
  if (isDoc(value)) return valuesAt(getField(value, part), rest);
  if (!Array.isArray(value)) return [];
  const byIndex = /^\d+$/.test(part) && Number(part) < value.length ? valuesAt(value[Number(part)], rest) : [];
  return [...byIndex, ...value.filter(isDoc).flatMap((element) => valuesAt(getField(element, part), rest))];
}

export const READ_COMMANDS: readonly Command[] = [
  { name: "find", run: find, inTransaction: true },
  { name: "getMore", run: getMore, inTransaction: true },
  { name: "killCursors", run: killCursors, inTransaction: true, sessionless: true },
  { name: "count", run: count },
  { name: "distinct", run: distinct, inTransaction: true },
];
