import { randomBytes } from "node:crypto";
import { Binary } from "bson";
import { decode, encode, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError } from "../errors";
import { Collection, Index } from "./collection";
import type { IndexSpec } from "./collection";
import { docOf } from "./doc";
import { parseIndexSpec } from "./index-spec";
import { FIRST_FREE_IDENT, IDENT_CATALOG, IDENT_GARBAGE, IDENT_META, afterPrefix, identKey } from "./keys";
import type { WriteView } from "./layers";
import type { Store } from "./store";

/**
 * Which collections and indexes exist. The map in memory is what counts while the engine runs; each change is handed to
 * the store at once, before any data that relies on it, so on disk the catalog is never behind the data.
 * Changes here belong to no transaction: a collection created inside one stays when it aborts.
 */
const COLLECTIONS_MAX = 10_000;
const INDEXES_MAX = 64;
const IDENT_KEY = identKey(IDENT_META, Buffer.from("ident"));
const GARBAGE_CHUNK = 2000;
const NAMESPACE_MAX_BYTES = 255;

export class Catalog {
  readonly #collections = new Map<string, Collection>();
  #nextIdent = FIRST_FREE_IDENT;
  #sweeping: Promise<void> | undefined;
  #stopped = false;

  constructor(private readonly store: Store) {
    const view = store.durable();
    const ident = view.get(IDENT_KEY);
    if (ident) this.#nextIdent = ident.readUInt32BE(0);
    const from = identKey(IDENT_CATALOG);
    for (const { key, value } of view.range({ from, to: afterPrefix(from) })) {
      this.#load(key.toString("utf8", 4), decode(value));
    }
    this.#startSweep();
  }

  get(namespace: string): Collection | undefined {
    return this.#collections.get(namespace);
  }

  require(namespace: string): Collection {
    const collection = this.#collections.get(namespace);
    if (!collection) throw new CommandError(26, `ns does not exist: ${namespace}`);
    return collection;
  }

  list(db: string): Collection[] {
    const prefix = `${db}.`;
    return [...this.#collections.values()].filter(({ namespace }) => namespace.startsWith(prefix));
  }

  databases(): string[] {
    return [...new Set([...this.#collections.keys()].map((namespace) => namespace.split(".", 1)[0] ?? ""))].sort();
  }

  getOrCreate(namespace: string): Collection {
    return this.#collections.get(namespace) ?? this.create(namespace, newDoc());
  }

  create(namespace: string, options: Doc): Collection {
    requireNamespace(namespace);
    if (this.#collections.size >= COLLECTIONS_MAX) throw new CommandError(2, `more than ${COLLECTIONS_MAX} collections`);
    const uuid = new Binary(randomBytes(16), Binary.SUBTYPE_UUID);
    const idIndex = new Index(this.#takeIdent(), parseIndexSpec(ID_INDEX), 0);
    const collection = this.#make(namespace, this.#takeIdent(), uuid, options, [idIndex]);
    this.#collections.set(namespace, collection);
    this.#keep(this.#change((writer) => this.#put(writer, collection)));
    return collection;
  }

  /** Builds the indexes that are not there yet; returns whether any was built. All of them appear, or none. */
  async createIndexes(collection: Collection, specs: readonly IndexSpec[]): Promise<boolean> {
    const missing: IndexSpec[] = [];
    for (const spec of specs) if (!conflicts([...collection.indexes.map((index) => index.spec), ...missing], spec)) missing.push(spec);
    if (missing.length === 0) return false;
    if (collection.indexes.length + missing.length > INDEXES_MAX) {
      throw new CommandError(67, `add index fails, too many indexes for ${collection.namespace}`);
    }
    const durable = this.#change((writer) => {
      const built = missing.map((spec) => {
        const index = new Index(this.#takeIdent(), spec, this.store.openSeq);
        collection.build(writer, index);
        return index;
      });
      collection.indexes = [...collection.indexes, ...built];
      collection.layoutVersion++;
      this.#put(writer, collection);
    });
    await durable;
    return true;
  }

  async dropIndexes(collection: Collection, indexes: readonly Index[]): Promise<void> {
    await this.#change((writer) => {
      collection.indexes = collection.indexes.filter((index) => !indexes.includes(index));
      collection.layoutVersion++;
      collection.removalVersion++;
      this.#put(writer, collection);
      for (const index of indexes) discard(writer, index.ident);
    });
    this.#startSweep();
  }

  async drop(collections: readonly Collection[]): Promise<void> {
    await this.#change((writer) => {
      for (const collection of collections) this.#remove(writer, collection);
    });
    this.#startSweep();
  }

  async rename(collection: Collection, to: string, target: Collection | undefined): Promise<void> {
    requireNamespace(to);
    await this.#change((writer) => {
      if (target) this.#remove(writer, target);
      writer.remove(catalogKey(collection.namespace));
      this.#collections.delete(collection.namespace);
      collection.namespace = to;
      collection.layoutVersion++;
      collection.removalVersion++;
      this.#collections.set(to, collection);
      this.#put(writer, collection);
    });
    this.#startSweep();
  }

  /** For collMod: swaps the stored description of an index for one with the same key. */
  async replaceSpec(collection: Collection, index: Index, spec: IndexSpec): Promise<void> {
    await this.#change((writer) => {
      const changed = new Index(index.ident, spec, index.sinceSeq);
      for (const field of index.multikey) changed.multikey.add(field);
      collection.indexes = collection.indexes.map((each) => (each === index ? changed : each));
      collection.layoutVersion++;
      this.#put(writer, collection);
    });
  }

  async close(): Promise<void> {
    this.#stopped = true;
    await this.#sweeping;
  }

  #remove(writer: WriteView, collection: Collection): void {
    collection.dropped = true;
    this.#collections.delete(collection.namespace);
    writer.remove(catalogKey(collection.namespace));
    discard(writer, collection.ident);
    for (const index of collection.indexes) discard(writer, index.ident);
  }

  #change(work: (writer: WriteView) => void): Promise<void> {
    const writer = this.store.writer(() => undefined);
    work(writer);
    return this.store.commit(writer.top);
  }

  /** A commit that nobody waits for: when it fails the store refuses the data that follows it, which somebody does wait for. */
  #keep(durable: Promise<void>): void {
    durable.catch(() => undefined);
  }

  #takeIdent(): number {
    const ident = this.#nextIdent++;
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(this.#nextIdent, 0);
    this.#keep(this.#change((writer) => writer.put(IDENT_KEY, bytes)));
    return ident;
  }

  #make(namespace: string, ident: number, uuid: Binary, options: Doc, indexes: Index[]): Collection {
    return new Collection(namespace, ident, uuid, options, indexes, (collection) => {
      if (!collection.dropped) this.#keep(this.#change((writer) => this.#put(writer, collection)));
    });
  }

  #put(writer: WriteView, collection: Collection): void {
    const stored: Doc = docOf({
      ident: collection.ident,
      uuid: collection.uuid,
      options: collection.options,
      indexes: collection.indexes.map((index) =>
        docOf({ ident: index.ident, spec: index.spec.shown, multikey: [...index.multikey] }),
      ),
    });
    writer.put(catalogKey(collection.namespace), Buffer.from(encode(stored)));
  }

  #load(namespace: string, stored: Doc): void {
    const indexes = (stored.indexes as Doc[]).map((each) => {
      const index = new Index(each.ident as number, parseIndexSpec(each.spec as Doc), 0);
      for (const field of each.multikey as string[]) index.multikey.add(field);
      return index;
    });
    const { ident, uuid, options } = stored;
    this.#collections.set(namespace, this.#make(namespace, ident as number, uuid as Binary, options as Doc, indexes));
  }

  /** Empties the keyspaces of what was dropped, a little at a time, so that a drop holds nobody up. */
  #startSweep(): void {
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = undefined));
    this.#keep(this.#sweeping);
  }

  async #sweep(): Promise<void> {
    const garbage = identKey(IDENT_GARBAGE);
    for (;;) {
      const [next] = this.store.newest().range({ from: garbage, to: afterPrefix(garbage) });
      if (!next || this.#stopped) return;
      const from = next.key.subarray(4);
      await this.#change((writer) => {
        let left = GARBAGE_CHUNK;
        for (const { key } of writer.range({ from, to: afterPrefix(from) })) {
          writer.remove(key);
          if (--left === 0) return;
        }
        writer.remove(next.key);
      });
    }
  }
}

const ID_INDEX: Doc = docOf({
  v: 2,
  key: docOf({ _id: 1 }),
  name: "_id_",
});

function catalogKey(namespace: string): Buffer {
  return identKey(IDENT_CATALOG, Buffer.from(namespace));
}

function discard(writer: WriteView, ident: number): void {
  writer.put(identKey(IDENT_GARBAGE, identKey(ident)), Buffer.alloc(0));
}

export function requireNamespace(namespace: string): void {
  const dot = namespace.indexOf(".");
  const db = namespace.slice(0, dot);
  const name = namespace.slice(dot + 1);
  const valid = dot > 0 && name !== "" && !/[\0/\\ "$]/.test(db) && !/[\0]/.test(name) && !name.startsWith(".") && !name.includes("$");
  if (!valid || Buffer.byteLength(namespace) > NAMESPACE_MAX_BYTES) {
    throw new CommandError(73, `Invalid namespace specified: ${namespace}`);
  }
}

/** True when the same index is there; throws when one is there that stands in its way. */
function conflicts(present: readonly IndexSpec[], wanted: IndexSpec): boolean {
  const text = (value: Value): string => encode(docOf({ value })).toString("latin1");
  const signature = ({ key, partialFilter }: IndexSpec): string => text([Object.entries(key).map(([field, direction]) => [field, String(direction)]), partialFilter ?? null]);
  const options = (spec: IndexSpec): string => text([spec.unique, spec.sparse, spec.expireAfterSeconds ?? null]);
  for (const spec of present) {
    const sameKey = signature(spec) === signature(wanted);
    const sameOptions = options(spec) === options(wanted);
    if (sameKey && (sameOptions || spec.name === "_id_")) {
      if (spec.name === wanted.name || spec.name === "_id_") return true;
      throw new CommandError(85, `Index already exists with a different name: ${spec.name}`);
    }
    if (spec.name === wanted.name) {
      throw new CommandError(86, `An existing index has the same name as the requested index, but another key or other options: ${spec.name}`);
    }
    if (sameKey) {
      throw new CommandError(85, `An equivalent index already exists with a different name and options: ${spec.name}`);
    }
  }
  return false;
}
