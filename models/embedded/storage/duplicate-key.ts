import { Binary, Decimal128, Double, Long, ObjectId, isDoc, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError } from "../errors";

/** 11000 in the shape that drivers and mongoose read: which index, and which values of the refused document. */
export function duplicateKey(namespace: string, indexName: string, keyPattern: Doc, values: readonly Value[]): CommandError {
  const keyValue = newDoc();
  Object.keys(keyPattern).forEach((field, position) => (keyValue[field] = values[position]));
  const message = `E11000 duplicate key error collection: ${namespace} index: ${indexName} dup key: ${show(keyValue)}`;
  return new CommandError(11000, message, { extra: { keyPattern, keyValue } });
}

function show(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (value instanceof Double) return Number.isInteger(value.value) ? `${value.value}.0` : String(value.value);
  if (value instanceof Decimal128 || value instanceof Long) return value.toString();
  if (value instanceof Date) return `new Date(${value.getTime()})`;
  if (value instanceof ObjectId) return `ObjectId('${value.toHexString()}')`;
  if (value instanceof Binary) return `BinData(${value.sub_type}, ${Buffer.from(value.value()).toString("hex").toUpperCase()})`;
  if (Array.isArray(value)) return `[ ${value.map(show).join(", ")} ]`;
  if (isDoc(value)) {
    const fields = Object.entries(value).map(([field, each]) => `${field}: ${show(each)}`);
    return fields.length > 0 ? `{ ${fields.join(", ")} }` : "{}";
  }
  return String(value);
}
