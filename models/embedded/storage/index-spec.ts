import { isDoc } from "../bson/values";
import type { Doc } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import type { IndexSpec } from "./collection";
import { docOf } from "./doc";

/** Reads what createIndexes was given, with the refusals of the server; what the engine cannot index is refused as such. */
const KNOWN = new Set(["v", "key", "name", "unique", "sparse", "partialFilterExpression", "expireAfterSeconds", "background", "hidden", "ns", "collation"]);
const UNSUPPORTED = new Set([
  "weights", "default_language", "language_override", "textIndexVersion", "2dsphereIndexVersion", "bits", "min", "max",
  "wildcardProjection", "storageEngine", "clustered", "prepareUnique", "bucketSize",
]);
const PLUGINS = new Set(["text", "2d", "2dsphere", "2dsphere_bucket", "hashed", "geoHaystack"]);
const ON_ID = new Set(["v", "key", "name", "ns", "collation"]);
const EXPIRE_MAX_SEC = 2 ** 31 - 1;

export function parseIndexSpec(given: unknown): IndexSpec {
  if (!isDoc(given)) throw new CommandError(14, "each index specification must be an object");
  const { key, name } = given;
  if (!isDoc(key)) throw new CommandError(9, "The 'key' field is a required property of an index specification");
  if (typeof name !== "string") throw new CommandError(9, "The 'name' field is a required property of an index specification");
  for (const option of Object.keys(given)) {
    if (UNSUPPORTED.has(option)) throw notSupported(`the index option ${option}`);
    if (!KNOWN.has(option)) throw new CommandError(197, `The field '${option}' is not valid for an index specification.`);
  }
  checkKey(key);
  if (given.hidden === true) throw notSupported("a hidden index");
  if (isDoc(given.collation) && given.collation.locale !== "simple") throw notSupported("an index with a collation");
  const onId = Object.keys(key).length === 1 && key._id !== undefined;
  if (onId) checkIdIndex(given, key);
  const spec: IndexSpec = {
    name: onId ? "_id_" : name,
    key,
    unique: onId || isTrue(given.unique),
    sparse: isTrue(given.sparse),
    shown: shown(given, key, onId ? "_id_" : name),
  };
  if (given.partialFilterExpression !== undefined) {
    if (!isDoc(given.partialFilterExpression)) throw cannotCreate("'partialFilterExpression' must be an object");
    if (spec.sparse) throw cannotCreate('cannot mix "partialFilterExpression" and "sparse" options');
    checkPartial(given.partialFilterExpression);
    spec.partialFilter = given.partialFilterExpression;
  }
  if (given.expireAfterSeconds !== undefined) spec.expireAfterSeconds = checkExpiry(given.expireAfterSeconds, key);
  return spec;
}

function checkKey(key: Doc): void {
  const fields = Object.keys(key);
  if (fields.length === 0) throw cannotCreate("Index keys cannot be empty.");
  for (const field of fields) {
    if (field === "") throw cannotCreate("Index keys cannot be an empty field.");
    const parts = field.split(".");
    if (parts.includes("")) throw cannotCreate("Index keys cannot contain an empty field.");
    if (field.includes("$**")) throw notSupported("a wildcard index");
    if (parts.some((part) => part.startsWith("$"))) throw cannotCreate("Index key contains an illegal field name: field name starts with '$'.");
    const direction = key[field];
    if (typeof direction === "string") {
      if (PLUGINS.has(direction)) throw notSupported(`an index of type ${direction}`);
      throw cannotCreate(`Unknown index plugin '${direction}'`);
    }
    const number = typeof direction === "boolean" || direction === null ? Number.NaN : Number(direction);
    if (Number.isNaN(number)) throw cannotCreate("Values in v:2 index key pattern must be numbers or strings.");
    if (number === 0) throw cannotCreate("Values in the index key pattern cannot be 0.");
  }
}

function checkIdIndex(given: Doc, key: Doc): void {
  if (Number(key._id) !== 1) throw new CommandError(2, "The field 'key' for an _id index must be {_id: 1}");
  for (const option of Object.keys(given)) {
    if (!ON_ID.has(option)) throw new CommandError(197, `The field '${option}' is not valid for an _id index specification.`);
  }
}

const PARTIAL_OPERATORS = new Set(["$eq", "$gt", "$gte", "$lt", "$lte", "$in", "$type"]);

function checkPartial(filter: Doc): void {
  for (const [field, condition] of Object.entries(filter)) {
    if (field === "$and" || field === "$or") {
      if (Array.isArray(condition)) for (const each of condition) if (isDoc(each)) checkPartial(each);
      continue;
    }
    if (field.startsWith("$")) throw cannotCreate(`Expression not supported in partial index: ${field}`);
    if (!isDoc(condition)) continue;
    for (const [operator, operand] of Object.entries(condition)) {
      if (!operator.startsWith("$") || PARTIAL_OPERATORS.has(operator)) continue;
      if (operator === "$exists" && isTrue(operand)) continue;
      throw cannotCreate(`Expression not supported in partial index: ${operator === "$exists" ? "$not" : operator}`);
    }
  }
}

function checkExpiry(value: unknown, key: Doc): number {
  const seconds = Number(value);
  if (Number.isNaN(seconds)) throw cannotCreate("TTL index 'expireAfterSeconds' option must be numeric");
  if (seconds < 0) throw cannotCreate("TTL index 'expireAfterSeconds' option cannot be less than 0");
  if (seconds > EXPIRE_MAX_SEC) throw cannotCreate("TTL index 'expireAfterSeconds' option must be within an acceptable range");
  if (Object.keys(key).length > 1) throw cannotCreate("TTL indexes are single-field indexes, compound indexes do not support TTL.");
  return Math.trunc(seconds);
}

function shown(given: Doc, key: Doc, name: string): Doc {
  const result: Doc = docOf({ v: 2, key, name });
  for (const option of ["unique", "sparse"]) if (isTrue(given[option])) result[option] = true;
  for (const option of ["partialFilterExpression", "expireAfterSeconds"]) if (given[option] !== undefined) result[option] = given[option];
  return result;
}

function cannotCreate(reason: string): CommandError {
  return new CommandError(67, `Error in specification :: caused by :: ${reason}`);
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === "number" && value !== 0) || (typeof value === "object" && value !== null && Number(value) > 0);
}

