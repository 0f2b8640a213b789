import type { Decimal128, Document, Long } from "bson";
import { canonical } from "./rows";

/** What a comparison of two answers can say. A refusal with 238 is honest; any other difference is a wrong answer. */
export type Verdict = "same" | "refused" | "different";

/** Code of "not supported by the embedded engine; set MONGODB_URI". */
export const REFUSED = 238;

export interface CompareOptions {
  /** No order was asked for: lists compare as multisets. */
  asSet?: boolean;
  /**
   * The values of distinct: equal numbers are one value, and of which type depends on whether MongoDB reads an index. An empty
   * array is one more null beside that of missing fields.
   */
  ofValues?: boolean;
  /** Equal numbers of different types are alike in the documents of the answer. */
  eitherNumber?: boolean;
}

/** Judges `actual` (the embedded engine) against `expected` (MongoDB). Codes and contents bind, messages do not. */
export function compareAnswers(expected: Document, actual: Document, options: CompareOptions = {}): Verdict {
  if (isRefusal(actual)) return "refused";
  if (expected.plan !== undefined && actual.plan !== undefined) return comparePlans(expected.plan as string[], actual.plan as string[]);
  return textOf(expected, options) === textOf(actual, options) ? "same" : "different";
}

export function isRefusal(answer: Document): boolean {
  if ((answer.error as Document | undefined)?.code === REFUSED) return true;
  return ((answer.errors as Document[] | undefined) ?? []).some((one) => one.code === REFUSED);
}

function textOf(given: Document, options: CompareOptions): string {
  const answer = withUnorderedUpserts(given);
  const normal: Document = {};
  for (const key of Object.keys(answer).sort()) {
    normal[key] = normalPart(key, answer[key], options);
  }
  // `ids` is only a shorter way to write documents that have nothing but an _id.
  if (normal.ids !== undefined) {
    normal.docs = sorted((answer.ids as unknown[]).map((id) => ({ _id: options.eitherNumber ? loosen(id) : id })), options);
    delete normal.ids;
  }
  return canonical(normal);
}

function normalPart(key: string, value: unknown, options: CompareOptions): unknown {
  switch (key) {
    case "error":
      return withoutWords(value as Document);
    case "errors":
      return (value as Document[]).map(withoutWords);
    case "values":
      // distinct promises no order.
      return sorted(options.ofValues ? onceNull(value as unknown[]).map(loosen) : (value as unknown[]), { asSet: true });
    case "docs":
      return sorted(options.eitherNumber ? (value as Document[]).map(loosen) : (value as Document[]), options);
    case "indexesAfter":
      return [...(value as string[])].sort();
    default:
      return value;
  }
}

function onceNull(values: unknown[]): unknown[] {
  return values.filter((one, index) => one != null || values.findIndex((other) => other == null) === index);
}

/**
 * In which order an upsert takes over the equalities of its filter is undefined: MongoDB itself gives another order from one
 * run to the next. The document that was made is therefore compared by its fields, not by their order.
 */
function withUnorderedUpserts(answer: Document): Document {
  const ids = ((answer.upserted as Document[] | undefined) ?? []).map((one) => canonical(one._id));
  const last = (answer.lastErrorObject as Document | undefined)?.upserted as unknown;
  if (last !== undefined) ids.push(canonical(last));
  if (ids.length === 0) return answer;
  const unordered = (doc: Document): Document => (ids.includes(canonical(doc._id)) ? (fieldsByName(doc) as Document) : doc);
  return {
    ...answer,
    ...(answer.after !== undefined && { after: (answer.after as Document[]).map(unordered) }),
    ...(answer.value != null && { value: unordered(answer.value as Document) }),
  };
}

function fieldsByName(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fieldsByName);
  if (value === null || typeof value !== "object" || !isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, inner]) => [key, fieldsByName(inner)]),
  );
}

function withoutWords(error: Document): Document {
  const { message: _message, codeName: _codeName, ...binding } = error;
  return binding;
}

function sorted(list: unknown[], options: CompareOptions): unknown[] {
  return options.asSet ? [...list].sort((left, right) => (canonical(left) < canonical(right) ? -1 : 1)) : list;
}

/** A plan may merge the ranges of an index where MongoDB, weighing a handful of documents, chose to sort them. */
function comparePlans(expected: string[], actual: string[]): Verdict {
  const merges = actual.includes("SORT_MERGE");
  const wanted = normalPlan(expected).filter((stage) => !(merges && stage === "SORT"));
  return wanted.join() === normalPlan(actual).join() ? "same" : "different";
}

/**
 * What binds about a plan: which indexes it reads, in which direction, whether it scans the collection or sorts in memory.
 * Where a document is fetched, and whether several ranges of one index are one scan or a merge, is the server's own business.
 */
function normalPlan(stages: string[]): string[] {
  const kept = stages
    .map((stage) => stage.replace(/^EXPRESS_/, "").replace(/^COUNT_SCAN|^DISTINCT_SCAN/, "IXSCAN"))
    .filter((stage) => /^(IXSCAN|COLLSCAN|SORT$|EOF)/.test(stage));
  return [...new Set(kept)].sort();
}

/** By the type's name: the driver's values are of another copy of the bson classes than ours. */
function loosen(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(loosen);
  if (value == null) return null;
  if (typeof value !== "object") return value;
  switch ((value as { _bsontype?: string })._bsontype) {
    case "Int32":
    case "Double":
      return numberText(Number(value));
    case "Long":
    case "Decimal128":
      return numberText(Number((value as Long | Decimal128).toString()));
    default:
      return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, loosen(inner)])) : value;
  }
}

function numberText(value: number): string {
  return `number ${Object.is(value, -0) ? 0 : value}`;
}

function isPlain(value: object): boolean {
  return !("_bsontype" in value) && !(value instanceof Date);
}
