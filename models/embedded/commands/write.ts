import { BSONRegExp, ObjectId, encode, getField, isDoc, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import { compileFilter } from "../query/match";
import { compileProjection } from "../query/project";
import { select } from "../query/select";
import type { Selected } from "../query/select";
import type { Collection } from "../storage/collection";
import { docOf } from "../storage/doc";
import type { View, WriteView } from "../storage/layers";
import { compileUpdate, upsertSeed } from "../update/index";
import type { Updater } from "../update/index";
import { refuseCollation } from "./context";
import type { Context } from "./context";
import { collectionName, docList, flag, numberOf, onlyFields, optionalDoc, requireField } from "./fields";
import { DOCUMENT_MAX_BYTES, WRITE_BATCH_MAX } from "./handshake";
import { checkSort } from "./read";
import type { Command } from "./types";

/**
 * insert, update, delete, findAndModify. Each statement happens whole or not at all; a failed one leaves the others of its
 * command alone and is reported by its number.
 */
const WRITE_FIELDS = ["ordered", "bypassDocumentValidation", "let", "collation"];

function insert(context: Context): Promise<Doc> {
  const { command } = context;
  onlyFields(command, "insert", ["documents", ...WRITE_FIELDS]);
  const name = collectionName(command);
  const documents = statements(command, "insert", "documents").map(prepareInsert);
  return context.write((writer) => {
    const collection = target(context, name);
    return runStatements(context, documents, (prepared, reply) => {
      if (prepared instanceof CommandError) throw prepared;
      writer.attempt((inner) => collection.insert(inner, context.engine.store.newest(), prepared.doc, prepared.bytes));
      reply.n = (reply.n as number) + 1;
    });
  });
}

function update(context: Context): Promise<Doc> {
  const { command } = context;
  onlyFields(command, "update", ["updates", ...WRITE_FIELDS]);
  const name = collectionName(command);
  const updates = statements(command, "update", "updates");
  for (const statement of updates) {
    requireField(statement, "update.updates", "q");
    const change = requireField(statement, "update.updates", "u");
    // A stage that is none ends the command while it is read; other faults of a pipeline are those of its statement.
    if (Array.isArray(change) && change.some((stage) => isDoc(stage) && Object.keys(stage).length !== 1)) {
      throw new CommandError(40323, "A pipeline stage specification object must contain exactly one field.");
    }
  }
  return context.write((writer) => {
    const upserted: Doc[] = [];
    const reply = runStatements(
      context,
      updates,
      (statement, answer, index) => {
        const { matched, modified, upsertedId } = updateOne(context, writer, name, statement);
        answer.n = (answer.n as number) + matched + (upsertedId === undefined ? 0 : 1);
        answer.nModified = (answer.nModified as number) + modified;
        if (upsertedId !== undefined) upserted.push(docOf({ index, _id: upsertedId }));
      },
      { nModified: 0 },
    );
    if (upserted.length > 0) reply.upserted = upserted;
    return reply;
  });
}

interface Outcome {
  matched: number;
  modified: number;
  upsertedId?: Value;
}

/** The records of a multi update change one by one, as on a server: those before a failure stay changed. */
function updateOne(context: Context, writer: WriteView, name: string, statement: Doc): Outcome {
  onlyFields(statement, "update.updates", ["q", "u", "multi", "upsert", "arrayFilters", "hint", "collation", "c", "sort", "upsertSupplied"]);
  refuseCollation(getField(statement, "collation"));
  const multi = flag(statement, "multi");
  const change = parseChange(context, { ...statement, query: requireField(statement, "update.updates", "q"), update: requireField(statement, "update.updates", "u") }, multi);
  if (multi && change.updater.isReplacement) throw new CommandError(9, "multi update is not supported for replacement-style update");
  const collection = context.collection(name);
  const sort = optionalDoc(statement, "sort");
  checkSort(sort);
  const found = collection ? collect(context, writer, collection, change, { sort, hint: getField(statement, "hint"), limit: multi ? 0 : 1 }) : [];
  let modified = 0;
  if (collection) {
    for (const record of found) if (applyTo(writer, collection, change, record).modified) modified++;
  }
  if (found.length > 0 || !flag(statement, "upsert")) return { matched: found.length, modified };
  const { doc } = upsert(context, writer, name, change);
  return { matched: 0, modified: 0, upsertedId: getField(doc, "_id") ?? null };
}

function remove(context: Context): Promise<Doc> {
  const { command } = context;
  onlyFields(command, "delete", ["deletes", ...WRITE_FIELDS]);
  const name = collectionName(command);
  const deletes = statements(command, "delete", "deletes");
  for (const statement of deletes) {
    requireField(statement, "delete.deletes", "q");
    const limit = numberOf(requireField(statement, "delete.deletes", "limit"));
    if (limit !== 0 && limit !== 1) throw new CommandError(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`);
  }
  return context.write((writer) =>
    runStatements(context, deletes, (statement, reply) => {
      onlyFields(statement, "delete.deletes", ["q", "limit", "hint", "collation"]);
      refuseCollation(getField(statement, "collation"));
      const filter = optionalDoc(statement, "q") ?? newDoc();
      const matcher = compileFilter(filter, filterContext(context));
      const collection = context.collection(name);
      if (!collection) return;
      const limit = numberOf(statement.limit);
      const found = collect(context, writer, collection, { filter, matcher }, { sort: undefined, hint: getField(statement, "hint"), limit });
      for (const { recordNumber, doc } of found) collection.remove(writer, recordNumber, doc);
      reply.n = (reply.n as number) + found.length;
    }),
  );
}

async function findAndModify(context: Context): Promise<Doc> {
  const { command } = context;
  onlyFields(command, "findAndModify", ["query", "sort", "remove", "update", "new", "fields", "upsert", "arrayFilters", "hint", ...WRITE_FIELDS]);
  const name = collectionName(command);
  const removes = flag(command, "remove");
  const updates = getField(command, "update") !== undefined;
  const returnsNew = flag(command, "new");
  if (removes && updates) throw new CommandError(9, "Cannot specify both an 'update' and 'remove'=true");
  if (removes && flag(command, "upsert")) throw new CommandError(9, "Cannot specify both 'upsert'=true and 'remove'=true");
  if (removes && returnsNew) throw new CommandError(9, "Cannot specify both 'new'=true and 'remove'=true; 'remove' always returns the deleted document");
  if (!removes && !updates) throw new CommandError(9, "Either an update or remove=true must be specified");
  const filter = optionalDoc(command, "query") ?? newDoc();
  const change = removes ? { ...parseFilter(context, filter), updater: undefined } : parseChange(context, command, false);
  const sort = optionalDoc(command, "sort");
  checkSort(sort);
  const fields = optionalDoc(command, "fields");
  const project = compileFields(context, fields, change.matcher);
  if (returnsNew && fields && hasPosition(fields)) throw new CommandError(2, "cannot use a positional projection and return the new document");
  const reply = (value: Doc | null, last: Doc): Doc => docOf({ lastErrorObject: last, value, ok: 1 });
  return context.write((writer) => {
    const collection = context.collection(name);
    const [record] = collection ? collect(context, writer, collection, change, { sort, hint: getField(command, "hint"), limit: 1 }) : [];
    if (!change.updater) {
      if (!collection || !record) return reply(null, docOf({ n: 0 }));
      collection.remove(writer, record.recordNumber, record.doc);
      return reply(project(record.doc), docOf({ n: 1 }));
    }
    if (collection && record) {
      const after = applyTo(writer, collection, { ...change, updater: change.updater }, record).doc;
      return reply(project(returnsNew ? after : record.doc), docOf({ n: 1, updatedExisting: true }));
    }
    if (!flag(command, "upsert")) return reply(null, docOf({ n: 0, updatedExisting: false }));
    const { updater } = change;
    const { doc } = upsert(context, writer, name, { ...change, updater });
    return reply(returnsNew ? project(doc) : null, docOf({ n: 1, updatedExisting: false, upserted: getField(doc, "_id") ?? null }));
  });
}

function hasPosition(fields: Doc): boolean {
  return Object.keys(fields).some((path) => path.endsWith(".$"));
}

/** MongoDB keeps the change of a document even where the projection of its answer then fails; such a half success is refused. */
function compileFields(context: Context, fields: Doc | undefined, matcher: Change["matcher"]): (doc: Doc) => Doc {
  if (!fields || Object.keys(fields).length === 0) return (doc) => doc;
  const project = compileProjection(fields, matcher, filterContext(context));
  return (doc) => {
    try {
      return project(doc);
    } catch (error) {
      throw error instanceof CommandError ? notSupported(`a findAndModify whose answer cannot be projected (${error.message})`) : error;
    }
  };
}

interface Filtering {
  filter: Doc;
  matcher: ReturnType<typeof compileFilter>;
}

interface Change extends Filtering {
  updater: Updater;
}

function filterContext(context: Context): { now: Date; variables?: Doc } {
  const { now, variables } = context;
  return variables ? { now, variables } : { now };
}

function parseFilter(context: Context, filter: Doc): Filtering {
  return { filter, matcher: compileFilter(filter, filterContext(context)) };
}

function parseChange(context: Context, statement: Record<string, Value>, multi: boolean): Change {
  const { query = newDoc(), update: change, c: constants } = statement;
  if (!isDoc(query)) throw new CommandError(14, "the query of an update must be an object");
  if (!isDoc(change) && !Array.isArray(change)) throw new CommandError(9, "the update must be an object or an array of pipeline stages");
  const arrayFilters = statement.arrayFilters;
  const updater = compileUpdate(change as Doc | Doc[], {
    now: context.now,
    multi,
    ...(Array.isArray(arrayFilters) ? { arrayFilters: arrayFilters.filter(isDoc) } : {}),
    ...(isDoc(constants) ? { variables: constants } : context.variables ? { variables: context.variables } : {}),
  });
  return { ...parseFilter(context, query), updater };
}

interface Choice {
  sort: Doc | undefined;
  hint: Value;
  limit: number;
}

/** All records are chosen before the first one changes, so no record is met again at its new place. */
function collect(context: Context, view: View, collection: Collection, { filter, matcher }: Filtering, choice: Choice): Selected[] {
  context.transaction?.touch(collection);
  return [...select({ collection, view, filter, matcher, ...choice, checkDeadline: () => context.checkDeadline() })];
}

function applyTo(writer: WriteView, collection: Collection, { matcher, updater }: Change, record: Selected): { doc: Doc; modified: boolean } {
  const before = record.doc;
  const { doc, modified } = updater.apply(before, { inserting: false, position: matcher.position(before) });
  if (modified) {
    const bytes = encodeBounded(doc, 17419);
    writer.attempt((inner) => collection.replace(inner, record.recordNumber, before, doc, bytes));
  }
  return { doc, modified };
}

function upsert(context: Context, writer: WriteView, name: string, { filter, updater }: Change): { doc: Doc } {
  const seed = upsertSeed(filter, updater);
  const { doc: grown } = updater.apply(seed, { inserting: true, position: undefined });
  const prepared = prepareInsert(grown);
  if (prepared instanceof CommandError) throw prepared;
  const collection = target(context, name);
  writer.attempt((inner) => collection.insert(inner, context.engine.store.newest(), prepared.doc, prepared.bytes));
  return { doc: prepared.doc };
}

function target(context: Context, name: string): Collection {
  const collection = context.engine.catalog.getOrCreate(context.namespace(name));
  context.transaction?.touch(collection);
  return collection;
}

function statements(command: Doc, name: string, field: string): Doc[] {
  const list = docList(command, name, field);
  if (list.length < 1 || list.length > WRITE_BATCH_MAX) {
    throw new CommandError(16, `Write batch sizes must be between 1 and ${WRITE_BATCH_MAX}. Got ${list.length} operations.`);
  }
  return list;
}

function runStatements<T>(
  context: Context,
  list: readonly T[],
  run: (statement: T, reply: Doc, index: number) => void,
  counters: Record<string, Value> = {},
): Doc {
  const reply = docOf({ n: 0, ...counters });
  const writeErrors: Doc[] = [];
  const ordered = getField(context.command, "ordered") !== false;
  for (const [index, statement] of list.entries()) {
    try {
      run(statement, reply, index);
    } catch (error) {
      // A conflict ends the transaction; a lock that is held makes the whole command wait.
      if (!(error instanceof CommandError) || error.labels?.includes("TransientTransactionError")) throw error;
      writeErrors.push(docOf({ index, code: error.code, errmsg: error.message, ...(error.extra as Record<string, Value> | undefined) }));
      if (ordered || context.transaction) break;
    }
  }
  if (writeErrors.length > 0) reply.writeErrors = writeErrors;
  reply.ok = 1;
  return reply;
}

interface Prepared {
  doc: Doc;
  bytes: Buffer;
}

/** The document as it is stored: `_id` first, made here if the client sent none. A refusal is kept for its statement. */
function prepareInsert(given: Doc): Prepared | CommandError {
  try {
    const id = Object.hasOwn(given, "_id") ? getField(given, "_id") : new ObjectId();
    checkId(id);
    let doc = given;
    if (Object.keys(given)[0] !== "_id") doc = Object.assign(docOf({ _id: id }), given);
    return { doc, bytes: encodeBounded(doc, 10334) };
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
}

function checkId(id: Value): void {
  if (Array.isArray(id)) throw new CommandError(53, "The '_id' value cannot be of type array");
  if (id instanceof BSONRegExp) throw new CommandError(53, "The '_id' value cannot be of type regex");
  if (id === undefined) throw new CommandError(53, "The '_id' value cannot be of type undefined");
  const dollar = isDoc(id) ? Object.keys(id).find((field) => field.startsWith("$")) : undefined;
  if (dollar !== undefined) throw new CommandError(52, `_id fields may not contain '$'-prefixed fields: ${dollar} is not valid for storage.`);
}

function encodeBounded(doc: Doc, code: number): Buffer {
  const bytes = encode(doc);
  if (bytes.length > DOCUMENT_MAX_BYTES) throw new CommandError(code, `the document has ${bytes.length} bytes, more than ${DOCUMENT_MAX_BYTES}`);
  return bytes;
}

const WRITES = { inTransaction: true, retryable: true } as const;

export const WRITE_COMMANDS: readonly Command[] = [
  { name: "insert", run: insert, ...WRITES },
  { name: "update", run: update, ...WRITES },
  { name: "delete", run: remove, ...WRITES },
  { name: "findAndModify", run: findAndModify, ...WRITES },
];
