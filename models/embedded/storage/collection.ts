import type { Binary } from "bson";
import { encodeKey, indexKeys } from "../bson/keys";
import { decode, getField, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { notSupported } from "../errors";
import { compileFilter } from "../query/match";
import type { Matcher } from "../query/match";
import { duplicateKey } from "./duplicate-key";
import { KEY_MAX_BYTES, afterPrefix, identKey, recordKey, recordNumberBytes, recordNumberOf } from "./keys";
import type { Entry, View, Writer } from "./layers";

/**
 * A collection: records in the order of insertion, and indexes that point at them.
 * Invariant: each index holds exactly the keys of the records that it covers; records and entries change in one commit.
 */
export interface IndexSpec {
  name: string;
  /** Field path → 1 or -1 (any positive or negative number means the same). */
  key: Doc;
  unique: boolean;
  sparse: boolean;
  partialFilter?: Doc;
  expireAfterSeconds?: number;
  /** As listIndexes shows it. */
  shown: Doc;
}

interface IndexEntry {
  key: Buffer;
  values: Value[];
}

export class Index {
  readonly fields: string[];
  readonly directions: (1 | -1)[];
  readonly partial: Matcher | undefined;
  /** Fields under which some document has held an array. Never shrinks: being wrong this way only costs speed. */
  readonly multikey = new Set<string>();

  constructor(
    readonly ident: number,
    readonly spec: IndexSpec,
    /** Views older than this commit group do not show the whole index. */
    readonly sinceSeq: number,
  ) {
    this.fields = Object.keys(spec.key);
    this.directions = this.fields.map((field) => (Number(spec.key[field]) < 0 ? -1 : 1));
    this.partial = spec.partialFilter ? compileFilter(spec.partialFilter, { now: new Date(0) }) : undefined;
  }

  get unique(): boolean {
    return this.spec.unique;
  }

  /** The stored key for the values of a document, without the record number. */
  keyFor(values: readonly Value[]): Buffer {
    const suffix = encodeKey(values, this.directions);
    if (suffix.length > KEY_MAX_BYTES) throw notSupported(`an index key of more than ${KEY_MAX_BYTES} bytes (index ${this.spec.name})`);
    return identKey(this.ident, suffix);
  }

  recordNumber({ key, value }: Entry): number {
    return this.unique ? value.readUIntBE(0, 6) : recordNumberOf(key);
  }

  /** The distinct entries of one document, by their bytes. */
  entriesOf(doc: Doc, onMultikey: (fields: string[]) => void): Map<string, IndexEntry> {
    const entries = new Map<string, IndexEntry>();
    if (this.partial && !this.partial.matches(doc)) return entries;
    const { keys, absent, multikey } = indexKeys(doc, this.fields);
    if (multikey) {
      const fresh = this.fields.filter((field) => !this.multikey.has(field) && meetsArray(doc, field.split(".")));
      if (fresh.length > 0) onMultikey(fresh);
    }
    keys.forEach((values, position) => {
      if (this.spec.sparse && absent[position]) return;
      const key = this.keyFor(values);
      entries.set(key.toString("latin1"), { key, values });
    });
    return entries;
  }
}

export class Collection {
  dropped = false;
  /** Changes whenever the set of indexes or the name does; open transactions that wrote here then have to start again. */
  layoutVersion = 1;
  /** Changes when something goes that an open cursor may be walking on. */
  removalVersion = 1;
  #lastRecordNumber: number | undefined;

  constructor(
    public namespace: string,
    readonly ident: number,
    readonly uuid: Binary,
    public options: Doc,
    public indexes: Index[],
    /** Stores the catalog entry after an index met its first array. */
    private readonly onMultikey: (collection: Collection) => void,
  ) {}

  get(view: View, recordNumber: number): Buffer | undefined {
    return view.get(recordKey(this.ident, recordNumber));
  }

  *records(view: View, reverse = false): Iterable<{ recordNumber: number; bytes: Buffer }> {
    const from = identKey(this.ident);
    for (const { key, value } of view.range({ from, to: afterPrefix(from), reverse })) {
      yield { recordNumber: recordNumberOf(key), bytes: value };
    }
  }

  insert(writer: Writer, newest: View, doc: Doc, bytes: Buffer): number {
    const recordNumber = this.#nextRecordNumber(newest);
    for (const index of this.indexes) this.#add(writer, index, this.#entriesOf(index, doc), recordNumber);
    writer.put(recordKey(this.ident, recordNumber), bytes);
    return recordNumber;
  }

  replace(writer: Writer, recordNumber: number, before: Doc, after: Doc, bytes: Buffer): void {
    const key = recordKey(this.ident, recordNumber);
    writer.claim(key);
    for (const index of this.indexes) {
      const old = this.#entriesOf(index, before);
      const fresh = this.#entriesOf(index, after);
      for (const text of old.keys()) if (fresh.delete(text)) old.delete(text);
      this.#drop(writer, index, old, recordNumber);
      this.#add(writer, index, fresh, recordNumber);
    }
    writer.put(key, bytes);
  }

  remove(writer: Writer, recordNumber: number, doc: Doc): void {
    const key = recordKey(this.ident, recordNumber);
    writer.claim(key);
    for (const index of this.indexes) this.#drop(writer, index, this.#entriesOf(index, doc), recordNumber);
    writer.remove(key);
  }

  /**
   * Fills a new index from the records as they are; the caller commits the writer and then shows the index. Of several
   * duplicates the one that comes first in the index is reported, as a server does that sorts the keys before it builds.
   */
  build(writer: Writer, index: Index): void {
    let duplicate: IndexEntry | undefined;
    for (const { recordNumber, bytes } of this.records(writer)) {
      const entries = index.entriesOf(decode(bytes), (fields) => this.#markMultikey(index, fields));
      if (!index.unique) {
        this.#add(writer, index, entries, recordNumber);
        continue;
      }
      for (const entry of entries.values()) {
        if (writer.get(entry.key) === undefined) writer.put(entry.key, recordNumberBytes(recordNumber));
        else if (!duplicate || Buffer.compare(entry.key, duplicate.key) < 0) duplicate = entry;
      }
    }
    if (duplicate) throw duplicateKey(this.namespace, index.spec.name, index.spec.key, duplicate.values);
  }

  #entriesOf(index: Index, doc: Doc): Map<string, IndexEntry> {
    return index.entriesOf(doc, (fields) => {
      this.#markMultikey(index, fields);
      this.onMultikey(this);
    });
  }

  #markMultikey(index: Index, fields: string[]): void {
    for (const field of fields) index.multikey.add(field);
  }

  #add(writer: Writer, index: Index, entries: Map<string, IndexEntry>, recordNumber: number): void {
    for (const { key, values } of entries.values()) {
      if (!index.unique) {
        writer.put(Buffer.concat([key, recordNumberBytes(recordNumber)]), EMPTY);
        continue;
      }
      writer.claim(key);
      const present = writer.get(key);
      if (present && present.readUIntBE(0, 6) !== recordNumber) {
        throw duplicateKey(this.namespace, index.spec.name, index.spec.key, values);
      }
      writer.put(key, recordNumberBytes(recordNumber));
    }
  }

  #drop(writer: Writer, index: Index, entries: Map<string, IndexEntry>, recordNumber: number): void {
    for (const { key } of entries.values()) {
      if (!index.unique) {
        writer.remove(Buffer.concat([key, recordNumberBytes(recordNumber)]));
        continue;
      }
      writer.claim(key);
      writer.remove(key);
    }
  }

  /** Counted in memory: a number that was given out to a write that failed is simply never used. */
  #nextRecordNumber(newest: View): number {
    if (this.#lastRecordNumber === undefined) {
      this.#lastRecordNumber = 0;
      for (const { recordNumber } of this.records(newest, true)) {
        this.#lastRecordNumber = recordNumber;
        break;
      }
    }
    return ++this.#lastRecordNumber;
  }
}

const EMPTY = Buffer.alloc(0);

/** Whether an array stands anywhere on the path, its end included. */
function meetsArray(doc: Doc, path: readonly string[]): boolean {
  let current: Value = doc;
  for (const part of path) {
    if (!isDoc(current)) break;
    current = getField(current, part);
    if (Array.isArray(current)) return true;
  }
  return false;
}
