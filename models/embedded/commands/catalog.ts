import { Long, encode, getField, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import type { Collection, Index } from "../storage/collection";
import { docOf } from "../storage/doc";
import { parseIndexSpec } from "../storage/index-spec";
import type { Context } from "./context";
import { refuseCollation } from "./context";
import { collectionName, docList, flag, numberOf, onlyFields, optionalDoc, requireField } from "./fields";
import type { Command, Reply } from "./types";

/** Collections, indexes and databases: making, listing, changing, dropping. */
const CREATE_REFUSED = ["capped", "size", "max", "viewOn", "pipeline", "timeseries", "validator", "clusteredIndex", "encryptedFields", "changeStreamPreAndPostImages", "expireAfterSeconds"];
const CREATE_KNOWN = [...CREATE_REFUSED, "validationLevel", "validationAction", "collation", "storageEngine", "indexOptionDefaults", "autoIndexId", "idIndex"];

async function create(context: Context): Promise<Reply> {
  const { command, engine } = context;
  onlyFields(command, "create", CREATE_KNOWN);
  const namespace = context.namespace(collectionName(command));
  const asked = CREATE_REFUSED.find((field) => isSet(getField(command, field)));
  const present = engine.catalog.get(namespace);
  if (present && asked !== undefined) throw new CommandError(48, `namespace '${namespace}' already exists, but with different options`);
  if (asked !== undefined) throw notSupported(`a collection with ${asked}`);
  refuseCollation(getField(command, "collation"));
  if (!present) engine.catalog.create(namespace, docOf({}));
  await engine.store.settled();
  return docOf({ ok: 1 });
}

function isSet(value: Value): boolean {
  return value !== undefined && value !== null && value !== false && !(isDoc(value) && Object.keys(value).length === 0);
}

async function drop(context: Context): Promise<Reply> {
  const collection = context.collection(collectionName(context.command));
  if (!collection) return docOf({ ok: 1 });
  const nIndexesWas = collection.indexes.length;
  await context.engine.catalog.drop([collection]);
  return docOf({ nIndexesWas, ns: collection.namespace, ok: 1 });
}

async function dropDatabase(context: Context): Promise<Reply> {
  const { engine, db } = context;
  const collections = engine.catalog.list(db);
  if (collections.length > 0) await engine.catalog.drop(collections);
  return docOf({ dropped: db, ok: 1 });
}

async function renameCollection(context: Context): Promise<Reply> {
  const { command, engine } = context;
  const from = collectionName(command);
  const to = requireField(command, "renameCollection", "to");
  if (typeof to !== "string") throw new CommandError(14, "the new name must be a string");
  const collection = engine.catalog.get(from);
  if (!collection) throw new CommandError(26, `Source collection ${from} does not exist`);
  if (from === to) throw new CommandError(20, "Can't rename a collection to itself");
  const present = engine.catalog.get(to);
  if (present && !flag(command, "dropTarget")) throw new CommandError(48, "target namespace exists");
  await engine.catalog.rename(collection, to, present);
  return docOf({ ok: 1 });
}

function listCollections(context: Context): Reply {
  const { command, engine, db } = context;
  const filter = optionalDoc(command, "filter");
  const nameOnly = flag(command, "nameOnly");
  const wanted = filter ? getField(filter, "name") : undefined;
  if (filter && (Object.keys(filter).some((field) => field !== "name" && field !== "type") || isDoc(wanted))) {
    throw notSupported("a filter of listCollections on anything but a name");
  }
  const documents = engine.catalog
    .list(db)
    .map((collection) => ({ collection, name: collection.namespace.slice(db.length + 1) }))
    .filter(({ name }) => wanted === undefined || wanted === name)
    .map(({ collection, name }) => {
      const shown = docOf({ name, type: "collection" });
      if (nameOnly) return shown;
      const idIndex = collection.indexes[0];
      return Object.assign(shown, { options: collection.options, info: docOf({ readOnly: false, uuid: collection.uuid }), idIndex: idIndex ? idIndex.spec.shown : null });
    });
  return listing(context, `${db}.$cmd.listCollections`, documents);
}

function listDatabases(context: Context): Reply {
  const { command, engine } = context;
  const names = engine.catalog.databases();
  const wanted = optionalDoc(command, "filter");
  const shown = names.filter((name) => !wanted || getField(wanted, "name") === undefined || getField(wanted, "name") === name);
  if (flag(command, "nameOnly")) return docOf({ databases: shown.map((name) => docOf({ name })), ok: 1 });
  const sizeBytes = engine.store.stats().sizeBytes;
  return docOf({
    databases: shown.map((name) => docOf({ name, sizeOnDisk: Long.fromNumber(sizeBytes), empty: false })),
    totalSize: Long.fromNumber(sizeBytes),
    ok: 1,
  });
}

async function createIndexes(context: Context): Promise<Reply> {
  const { command, engine } = context;
  onlyFields(command, "createIndexes", ["indexes", "commitQuorum", "ignoreUnknownIndexOptions"]);
  const given = docList(command, "createIndexes", "indexes");
  if (given.length === 0) throw new CommandError(2, "Must specify at least one index to create");
  const specs = given.map(parseIndexSpec);
  const namespace = context.namespace(collectionName(command));
  const createdCollectionAutomatically = engine.catalog.get(namespace) === undefined;
  const collection = engine.catalog.getOrCreate(namespace);
  const before = collection.indexes.length;
  const built = await engine.catalog.createIndexes(collection, specs);
  if (!built) await engine.store.settled();
  const reply = docOf({ numIndexesBefore: before, numIndexesAfter: collection.indexes.length, createdCollectionAutomatically, ok: 1 });
  if (!built) reply.note = "all indexes already exist";
  return reply;
}

function listIndexes(context: Context): Reply {
  const collection = context.engine.catalog.require(context.namespace(collectionName(context.command)));
  return listing(context, collection.namespace, collection.indexes.map((index) => index.spec.shown));
}

async function dropIndexes(context: Context): Promise<Reply> {
  const { command, engine } = context;
  const collection = engine.catalog.require(context.namespace(collectionName(command)));
  const wanted = requireField(command, "dropIndexes", "index");
  const nIndexesWas = collection.indexes.length;
  const dropped = indexesToDrop(collection, wanted);
  if (dropped.some((index) => index.spec.name === "_id_")) throw new CommandError(72, "cannot drop _id index");
  if (dropped.length > 0) await engine.catalog.dropIndexes(collection, dropped);
  return docOf({ nIndexesWas, ok: 1 });
}

function indexesToDrop(collection: Collection, wanted: Value): Index[] {
  if (wanted === "*") return collection.indexes.filter((index) => index.spec.name !== "_id_");
  if (isDoc(wanted)) {
    const key = encode(docOf({ wanted }));
    return collection.indexes.filter((index) => encode(docOf({ wanted: index.spec.key })).equals(key));
  }
  const names = Array.isArray(wanted) ? wanted : [wanted];
  return collection.indexes.filter((index) => names.includes(index.spec.name));
}

/** Only what can change without touching data: when a TTL index expires its documents. */
async function collMod(context: Context): Promise<Reply> {
  const { command, engine } = context;
  const collection = engine.catalog.require(context.namespace(collectionName(command)));
  onlyFields(command, "collMod", ["index"]);
  const change = optionalDoc(command, "index");
  if (!change) return docOf({ ok: 1 });
  const unknown = Object.keys(change).find((field) => !["name", "keyPattern", "expireAfterSeconds"].includes(field));
  if (unknown !== undefined) throw notSupported(`collMod with index.${unknown}`);
  const [index] = indexesToDrop(collection, getField(change, "name") ?? getField(change, "keyPattern") ?? null);
  if (!index) throw new CommandError(27, "cannot find the index to change");
  const seconds = numberOf(getField(change, "expireAfterSeconds"));
  const shown = Object.assign(docOf({}), index.spec.shown, { expireAfterSeconds: seconds });
  await engine.catalog.replaceSpec(collection, index, parseIndexSpec(shown));
  const reply = docOf({ expireAfterSeconds_new: seconds, ok: 1 });
  if (index.spec.expireAfterSeconds !== undefined) reply.expireAfterSeconds_old = index.spec.expireAfterSeconds;
  return reply;
}

function listing(context: Context, namespace: string, documents: readonly Doc[]): Reply {
  return context.engine.cursors.start({ namespace, documents: documents.map((doc) => encode(doc)) }, documents.length, true, context.now.getTime());
}

export const CATALOG_COMMANDS: readonly Command[] = [
  { name: "create", run: create, inTransaction: true },
  { name: "drop", run: drop },
  { name: "dropDatabase", run: dropDatabase },
  { name: "renameCollection", run: renameCollection, adminOnly: true },
  { name: "listCollections", run: listCollections },
  { name: "listDatabases", run: listDatabases },
  { name: "createIndexes", run: createIndexes, inTransaction: true },
  { name: "listIndexes", run: listIndexes },
  { name: "dropIndexes", run: dropIndexes },
  { name: "deleteIndexes", run: dropIndexes },
  { name: "collMod", run: collMod },
];
