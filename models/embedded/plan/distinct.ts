import { encodeKey, indexKeys } from "../bson/keys";
import { decode, getField, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import type { Collection, Index } from "../storage/collection";
import { afterPrefix, identKey } from "../storage/keys";
import type { View } from "../storage/layers";

/** The distinct values of a field by leaps over an index that begins with it: one seek for each value, not one per document. */
export function distinctIndex(collection: Collection, view: View, field: string): Index | undefined {
  return collection.indexes.find(
    ({ fields, multikey, spec, sinceSeq }) => fields[0] === field && multikey.size === 0 && !spec.sparse && !spec.partialFilter && sinceSeq <= view.seq,
  );
}

export function* leapOverValues(collection: Collection, view: View, index: Index): Iterable<Value> {
  const path = (index.fields[0] ?? "").split(".");
  const directions = index.directions.slice(0, 1);
  let from: Buffer | undefined = identKey(index.ident);
  const to = afterPrefix(from);
  while (from) {
    const start: Buffer = from;
    from = undefined;
    for (const entry of view.range({ from: start, to })) {
      const bytes = collection.get(view, index.recordNumber(entry));
      if (!bytes) continue;
      // Missing has the key of null, and shows as one.
      const value = valueAt(decode(bytes), path) ?? null;
      yield value;
      from = afterPrefix(identKey(index.ident, encodeKey([value], directions)));
      break;
    }
  }
}

/**
 * What MongoDB shows for distinct without a filter where an index begins with the field: the keys of that index, so null for
 * documents without the field (a sparse index has none) and for empty arrays, and an array inside an array taken apart.
 */
export function keyIndex(collection: Collection, view: View, field: string): Index | undefined {
  return collection.indexes.find(({ fields, spec, sinceSeq }) => fields[0] === field && !spec.partialFilter && sinceSeq <= view.seq);
}

/** The values of one document's keys in such an index. */
export function keyValues(doc: Doc, index: Index): Value[] {
  const { keys, absent } = indexKeys(doc, index.fields);
  return keys.filter((_key, position) => !index.spec.sparse || absent[position] !== true).flatMap(([first]) => (Array.isArray(first) ? first : first === undefined ? null : first));
}

function valueAt(value: Value, path: readonly string[]): Value {
  let current = value;
  for (const part of path) {
    if (!isDoc(current)) return undefined;
    current = getField(current, part);
  }
  return current;
}
