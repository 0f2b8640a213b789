import { getField, isDoc, isNumber } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError } from "../errors";

/** Reading a command's fields, with the server's refusals for wrong ones. */
const COMMON = new Set([
  "lsid", "$db", "$clusterTime", "$readPreference", "txnNumber", "autocommit", "startTransaction", "stmtId", "stmtIds",
  "readConcern", "writeConcern", "maxTimeMS", "comment", "apiVersion", "apiStrict", "apiDeprecationErrors", "$audit", "$client",
]);

export function onlyFields(command: Doc, name: string, known: readonly string[]): void {
  const [first] = Object.keys(command);
  for (const field of Object.keys(command)) {
    if (field !== first && !COMMON.has(field) && !known.includes(field)) {
      throw new CommandError(40415, `BSON field '${name}.${field}' is an unknown field.`);
    }
  }
}

export function requireField(command: Doc, name: string, field: string): Value {
  const value = getField(command, field);
  if (value === undefined) throw new CommandError(40414, `BSON field '${name}.${field}' is missing but a required field`);
  return value;
}

export function optionalDoc(command: Doc, field: string): Doc | undefined {
  const value = getField(command, field);
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value)) throw new CommandError(14, `Expected field ${field} to be of type object`);
  return value;
}

export function docList(command: Doc, name: string, field: string): Doc[] {
  const value = requireField(command, name, field);
  if (!Array.isArray(value) || !value.every(isDoc)) throw new CommandError(14, `BSON field '${name}.${field}' must be an array of objects`);
  return value;
}

export function numberOf(value: Value): number {
  return isNumber(value) ? Number(value.toString()) : Number.NaN;
}

/** A whole number of things, not negative; undefined when the field is absent. */
export function optionalCount(command: Doc, name: string, field: string): number | undefined {
  const value = getField(command, field);
  if (value === undefined || value === null) return undefined;
  if (!isNumber(value)) {
    throw new CommandError(14, `BSON field '${name}.${field}' is the wrong type, expected types '[long, double, decimal, int]'`);
  }
  const number = Math.trunc(numberOf(value));
  if (number < 0 || Number.isNaN(number)) throw new CommandError(2, `BSON field '${field}' value must be >= 0, actual value '${number}'`);
  return number;
}

export function flag(command: Doc, field: string): boolean {
  const value = getField(command, field);
  return isNumber(value) ? numberOf(value) !== 0 : value === true;
}

export function collectionName(command: Doc): string {
  const [first] = Object.keys(command);
  const value = first === undefined ? undefined : command[first];
  if (typeof value !== "string") throw new CommandError(73, "collection name has invalid type");
  return value;
}
