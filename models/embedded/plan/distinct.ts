import { encodeKey } from "../bson/keys";
import { decode, getField, isDoc } from "../bson/values";
import type { Value } from "../bson/values";
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
      const value = bytes ? valueAt(decode(bytes), path) : undefined;
      // Missing has the key of null and is no value; a null may still follow under the same key.
      if (value === undefined) continue;
      yield value;
      from = afterPrefix(identKey(index.ident, encodeKey([value], directions)));
      break;
    }
  }
}

function valueAt(value: Value, path: readonly string[]): Value {
  let current = value;
  for (const part of path) {
    if (!isDoc(current)) return undefined;
    current = getField(current, part);
  }
  return current;
}
