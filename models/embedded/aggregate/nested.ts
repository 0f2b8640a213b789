import { copyDoc, getField, isDoc, newDoc, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";

/** Sets a nested field; what is no document on the way gives way to one. */
export function withValue(doc: Doc, parts: readonly string[], value: Value): Doc {
  const [field = "", ...rest] = parts;
  const copy = copyDoc(doc);
  const inner = getField(doc, field);
  setField(copy, field, rest.length === 0 ? value : withValue(isDoc(inner) ? inner : newDoc(), rest, value));
  return copy;
}
