import { copyDoc, getField, isDoc, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { asMade, keepPlaces, occupy } from "./places";

/** Sets a nested field; what is no document on the way gives way to one. */
export function withValue(doc: Doc, parts: readonly string[], value: Value): Doc {
  const [field = "", ...rest] = parts;
  const copy = asMade(copyDoc(doc));
  keepPlaces(doc, copy);
  const inner = getField(doc, field);
  occupy(copy, field, rest.length === 0 ? value : withValue(isDoc(inner) ? inner : newDoc(), rest, value));
  return copy;
}
