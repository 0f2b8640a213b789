import { readsOf } from "../aggregate/reads";
import { isDoc, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { notSupported } from "../errors";
import type { CommandError } from "../errors";
import { constantOf } from "../query/constant";
import type { Condition } from "../query/parse-filter";
import type { Collection, Index } from "../storage/collection";
import { givesOrder, hasSort, hintOf, usableIndexes } from "./plan";
import type { PlanRequest } from "./plan";

/**
 * MongoDB reads no document where the keys of an index hold all that is asked for. That shows: a missing field comes out as
 * null, and the fields stand in the order of the index (rows from found-374 on). Which index it takes is its planner's choice;
 * where more than one would do, or a condition may or may not be met from keys, the answer is not known here.
 */
export interface Cover {
  /** Empty: the documents themselves are read. */
  indexes: readonly Index[];
  /** MongoDB certainly reads the keys of the one index; otherwise it may read those of any, or the documents. */
  sure: boolean;
  /** The fields that are read, none inside another. */
  needed: ReadonlySet<string>;
}

export const NO_COVER: Cover = { indexes: [], sure: true, needed: new Set() };

/**
 * How an index meets a condition: by its bounds, by looking at keys, by bounds that may say all (a beginning of strings), only
 * with the document at hand, or in a way not known here.
 */
type Meets = "bounds" | "keys" | "beginning" | "document" | "unknown";

interface Leaf {
  paths: readonly string[];
  meets: Meets;
  /** $ne, $nin and $not: no index does where the field holds arrays. */
  negated: boolean;
  /** It lets documents without the field through, of which a sparse index has no keys. */
  passesMissing: boolean;
  /** An index may be chosen for its sake. */
  indexed: boolean;
  /** One value, one stretch of the order, or anything else. */
  shape: "point" | "range" | "other";
}

/** `paths`: the fields that the answer is made of; undefined for whole documents. */
export function coverFor(request: PlanRequest & { condition: Condition }, paths: ReadonlySet<string> | undefined): Cover {
  const needed = outermost(paths ?? new Set());
  // An _id is always there and always the same.
  if (paths === undefined || [...needed].every((path) => path === "_id")) return NO_COVER;
  if (!request.collection.indexes.some((index) => shows(index, needed))) return NO_COVER;
  const leaves = flatten(request.condition).map(leafOf);
  const hinted = hintOf(request) !== undefined;
  if (isNatural(request.hint) || isNatural(request.sort)) return NO_COVER;
  const candidates = usableIndexes({ ...request, hint: hintOf(request) }).flatMap((index) => {
    const sorted = hasSort(request.sort) && givesOrder(index, request);
    const relevant = leaves.some((leaf) => leaf.indexed && leaf.paths.includes(index.fields[0] ?? "") && !(index.spec.sparse && leaf.passesMissing));
    if (!relevant && !sorted && !hinted) return [];
    // A partial index that a hint forces on another filter is walked as it is, and each document looked at.
    if (hinted && leaves.length > 0 && index.spec.partialFilter && !usableIndexes({ ...request, hint: undefined }).includes(index)) return [];
    return [{ index, sorted, covers: assess(index, request.collection, needed, leaves, { whole: !relevant, sort: sorted ? undefined : request.sort }) }];
  });
  const able = candidates.filter(({ covers }) => covers !== "no");
  const [best, another] = able;
  if (best === undefined) return NO_COVER;
  const wins = candidates.length === 1 || ((!hasSort(request.sort) || best.sorted) && isOneStretch(best.index, leaves));
  return { indexes: able.map(({ index }) => index), sure: another === undefined && best.covers === "yes" && wins, needed };
}

/** The document as the keys of the index show it. */
export function docOfKeys(doc: Doc, index: Index, needed: ReadonlySet<string>): Doc {
  const shown = newDoc();
  for (const field of index.fields) if (needed.has(field)) put(shown, field.split("."), valueAt(doc, field.split(".")) ?? null);
  return shown;
}

/** Whether a document lacks one of the fields, so that keys would show null in its place. */
export function lacksField(doc: Doc, needed: ReadonlySet<string>): boolean {
  return [...needed].some((path) => valueAt(doc, path.split(".")) === undefined);
}

/** The refusal where one of several plans would show another answer. */
export function mayBeFromKeys(): CommandError {
  return notSupported("A read of fields that MongoDB may take from the keys of an index, where that would show");
}

/** The value at a path that meets no arrays. */
export function valueAt(doc: Value, path: readonly string[]): Value {
  let current = doc;
  for (const part of path) {
    if (!isDoc(current) || !Object.hasOwn(current, part)) return undefined;
    current = current[part];
  }
  return current;
}

function put(doc: Doc, [part = "", ...rest]: readonly string[], value: Value): void {
  if (rest.length === 0) {
    doc[part] = value;
    return;
  }
  const inner = doc[part];
  const below = isDoc(inner) ? inner : newDoc();
  doc[part] = below;
  put(below, rest, value);
}

function outermost(paths: ReadonlySet<string>): Set<string> {
  return new Set([...paths].filter((path) => ![...paths].some((other) => path.startsWith(`${other}.`))));
}

function isNatural(order: Value): boolean {
  return isDoc(order) && Object.hasOwn(order, "$natural");
}

/** All conditions that must hold, but for those that always do; an $or or $nor of one is that one. */
function flatten(condition: Condition): Condition[] {
  if (constantOf(condition) === true) return [];
  if (condition.kind === "and") return condition.children.flatMap(flatten);
  const [only, another] = condition.kind === "or" || condition.kind === "nor" ? condition.children : [];
  if (only === undefined || another !== undefined) return [condition];
  return condition.kind === "or" ? flatten(only) : [{ kind: "not", child: only }];
}

function leafOf(condition: Condition): Leaf {
  const leaf = (meets: Meets, more: Partial<Leaf> = {}): Leaf => ({ paths: pathsOf(condition), meets, negated: false, passesMissing: false, indexed: true, shape: "other", ...more });
  switch (condition.kind) {
    case "eq":
      return leaf(isPlain(condition.value) ? "bounds" : "document", { shape: "point" });
    case "in":
      return leaf(condition.values.every(isPlain) ? (condition.regexes.length > 0 ? "beginning" : "bounds") : "document", { shape: condition.values.length === 1 && condition.regexes.length === 0 ? "point" : "other" });
    case "gt":
    case "lt":
      return leaf(Array.isArray(condition.value) ? "document" : "bounds", { shape: "range" });
    case "gte":
    case "lte":
      return leaf(isPlain(condition.value) ? "bounds" : "document", { shape: "range" });
    case "regex":
      return leaf(condition.prefix === undefined ? "keys" : "beginning");
    case "mod":
      return leaf("keys");
    case "type":
      return leaf(["null", "array", "undefined"].some((name) => condition.names.has(name)) ? "document" : "keys");
    case "not":
      return negation(condition.child, leaf);
    case "exists":
    case "elemMatch":
    case "elemMatchValue":
      return leaf("document");
    case "never":
      return leaf("bounds");
    case "or":
      return leaf("unknown");
    case "expr":
      return readsOf(condition.expression).whole ? leaf("document", { indexed: false }) : leaf("unknown");
    default:
      return leaf("document", { indexed: false });
  }
}

/** Only comparisons with values are turned round; any other condition under a $not asks for the document. */
function negation(child: Condition, leaf: (meets: Meets, more?: Partial<Leaf>) => Leaf): Leaf {
  const [only, another] = flatten(child);
  if (only === undefined || another !== undefined) return leaf("document", { indexed: false });
  switch (only.kind) {
    case "eq":
    case "gt":
    case "gte":
    case "lt":
    case "lte":
      return Array.isArray(only.value) ? leaf("document", { indexed: false }) : leaf("bounds", { negated: true, passesMissing: only.kind !== "eq" || only.value !== null });
    case "in":
      return only.regexes.length > 0 || only.values.some(Array.isArray) ? leaf("document", { indexed: false }) : leaf("bounds", { negated: true, passesMissing: true });
    case "exists":
      return leaf("document");
    default:
      return leaf("document", { indexed: false });
  }
}

/** Null and arrays have keys that other values share. */
function isPlain(value: Value): boolean {
  return value !== null && value !== undefined && !Array.isArray(value);
}

function pathsOf(condition: Condition): string[] {
  switch (condition.kind) {
    case "and":
    case "or":
    case "nor":
      return condition.children.flatMap(pathsOf);
    case "not":
      return pathsOf(condition.child);
    case "expr":
      return [...readsOf(condition.expression).paths];
    case "never":
      return [];
    default:
      return [condition.path];
  }
}

/** Arrays are not whole in their keys. */
function shows(index: Index, paths: Iterable<string>): boolean {
  return [...paths].every((path) => index.fields.includes(path) && !index.multikey.has(path));
}

function assess(index: Index, { indexes }: Collection, needed: ReadonlySet<string>, leaves: readonly Leaf[], { whole, sort }: { whole: boolean; sort: Doc | undefined }): "yes" | "no" | "unknown" {
  if (!shows(index, [...needed, ...Object.keys(sort ?? {})])) return "no";
  const verdicts = leaves.map((leaf): Meets => {
    if (leaf.paths.some((path) => !index.fields.includes(path))) {
      const elsewhere = leaf.meets === "unknown" && leaf.paths.every((path) => indexes.some(({ fields }) => fields.includes(path)));
      return elsewhere || leaf.paths.some((path) => mentions(index.spec.partialFilter, path)) ? "unknown" : "document";
    }
    return leaf.meets === "unknown" ? "unknown" : metBy(index, leaf, leaves, whole);
  });
  if (verdicts.includes("document")) return "no";
  return verdicts.includes("unknown") ? "unknown" : "yes";
}

function metBy(index: Index, leaf: Leaf, leaves: readonly Leaf[], whole: boolean): Meets {
  const onArrays = leaf.paths.some((path) => index.multikey.has(path));
  if (onArrays && (whole || leaf.negated)) return "document";
  // Without bounds the whole filter is asked of the keys, whatever it is.
  if (leaf.meets === "document" || (index.spec.sparse && leaf.passesMissing)) return whole ? "unknown" : "document";
  if (index.multikey.size > 0 && leaf.meets === "keys") return "document";
  if (index.multikey.size > 0 && leaf.meets === "beginning") return "unknown";
  if (!onArrays) return leaf.meets;
  const besides = leaves.filter((other) => other !== leaf && other.paths.some((path) => index.multikey.has(path)));
  if (besides.some((other) => other.paths[0] === leaf.paths[0])) return "document";
  return besides.length > 0 ? "unknown" : leaf.meets;
}

function mentions(filter: Doc | undefined, path: string): boolean {
  return filter !== undefined && JSON.stringify(filter).includes(JSON.stringify(path));
}

/** The conditions are one stretch of the index: no plan gets on faster, and of equal ones MongoDB takes the one that reads no documents. */
function isOneStretch(index: Index, leaves: readonly Leaf[]): boolean {
  let open = false;
  let met = 0;
  for (const field of index.fields) {
    const own = leaves.filter(({ paths }) => paths[0] === field);
    if (own.length > 0 && (open || own.some(({ shape, meets }) => shape === "other" || meets !== "bounds"))) return false;
    met += own.length;
    open ||= own.length === 0 || own.some(({ shape }) => shape === "range");
  }
  return met === leaves.length && met > 0;
}
