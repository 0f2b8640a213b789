import { newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";

/** A document of ours (see bson/values) from an object literal. */
export function docOf(fields: Record<string, Value>): Doc {
  return Object.assign(newDoc(), fields);
}
