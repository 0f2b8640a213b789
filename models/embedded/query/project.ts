/**
 * Projections of find and findAndModify, and the part that `$project`, `$addFields` and `$unset` share with them: a tree
 * of fields to include or exclude, with computed values at its leaves.
 */
import { compileExpression, isExpressionName } from "../aggregate/expression";
import type { Evaluate, ExpressionContext } from "../aggregate/expression";
import { asMade, isMade, keepAllPlaces, keepPlaces, occupy, vacate } from "../aggregate/places";
import { CommandError, notSupported } from "../errors";
import { typeName } from "../bson/compare";
import { getField, hasField, isDoc, isNumber, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { compileFilter } from "./match";
import type { Matcher } from "./match";
import { toNumber, truthy } from "./parse-filter";
import { requireFieldPath } from "./sort";

export type Projection = (doc: Doc) => Doc;

type Leaf =
  | { kind: "include" | "exclude" }
  | { kind: "compute"; evaluate: Evaluate };
type Find =
  | { kind: "slice"; path: string[]; skip: number | undefined; limit: number }
  | { kind: "positional"; path: string[] };

export interface Tree {
  children: Map<string, Tree>;
  leaf: Leaf | undefined;
  /** Something below is computed: then array elements that are no documents make room for the new field. */
  computes: boolean;
}

export function newTree(): Tree {
  return { children: new Map(), leaf: undefined, computes: false };
}

/** Puts a leaf at a path; two leaves may not meet on one path. */
export function plant(tree: Tree, path: string, leaf: Leaf): void {
  const parts = path.split(".");
  let node = tree;
  parts.forEach((part, index) => {
    if (node.leaf) {
      throw new CommandError(31249, `Path collision at ${path} remaining portion ${parts.slice(index).join(".")}`);
    }
    if (leaf.kind === "compute") node.computes = true;
    let child = node.children.get(part);
    if (!child) {
      child = newTree();
      node.children.set(part, child);
    }
    node = child;
  });
  if (node.leaf || node.children.size > 0) throw new CommandError(31250, `Path collision at ${path}`);
  node.leaf = leaf;
  node.computes = leaf.kind === "compute";
}

interface Parsed {
  tree: Tree;
  mode: "include" | "exclude";
  finds: Find[];
}

interface Parser {
  context: ExpressionContext;
  /** Whether `$slice`, `$elemMatch` and `.$` of find are understood. */
  find: boolean;
  tree: Tree;
  finds: Find[];
  mode: "include" | "exclude" | undefined;
  /** What `_id` by itself asks for; it does not decide the mode unless nothing else does. */
  id: "include" | "exclude" | undefined;
  hasElemMatch: boolean;
}

/** The projection of find; `filter` gives the position for `field.$`. */
export function compileProjection(spec: Doc, filter: Matcher | undefined, context: ExpressionContext): Projection {
  const { tree, mode, finds } = parse(spec, context, true);
  const base = compileTree(tree, mode);
  if (finds.length === 0) return base;
  return (doc) => {
    const projected = base(doc);
    for (const find of finds) applyFind(find, doc, projected, filter);
    return projected;
  };
}

/**
 * A projection that does nothing but keep or leave out top-level fields, which can be done on the stored bytes; undefined
 * when it does more. Refuses what compileProjection refuses.
 */
export function topLevelChoice(spec: Doc, context: ExpressionContext): { names: ReadonlySet<string>; keep: boolean } | undefined {
  const { tree, mode, finds } = parse(spec, context, true);
  if (finds.length > 0 || [...tree.children.values()].some(({ leaf }) => leaf?.kind !== mode)) return undefined;
  return { names: new Set(tree.children.keys()), keep: mode === "include" };
}

/** `$project`. */
export function compileStageProjection(spec: Doc, context: ExpressionContext): Projection {
  if (Object.keys(spec).length === 0) {
    throw new CommandError(51272, "projection specification must have at least one field");
  }
  const { tree, mode } = parse(spec, context, false);
  return compileTree(tree, mode);
}

function parse(spec: Doc, context: ExpressionContext, find: boolean): Parsed {
  const parser: Parser = { context, find, tree: newTree(), finds: [], mode: undefined, id: undefined, hasElemMatch: false };
  for (const field in spec) parseEntry(parser, field, spec[field], true);
  let mode = parser.mode;
  if (mode === undefined) {
    const hasSlice = parser.finds.some((item) => item.kind === "slice");
    mode = parser.id === "include" || (parser.hasElemMatch && !hasSlice) ? "include" : "exclude";
  }
  if (mode === "include" && parser.id === undefined && !parser.tree.children.has("_id")) {
    plant(parser.tree, "_id", { kind: "include" });
  }
  if (mode === "include" && parser.id === "exclude") parser.tree.children.delete("_id");
  if (mode === "exclude" && parser.id === "include") parser.tree.children.delete("_id");
  return { tree: parser.tree, mode, finds: parser.finds };
}

function parseEntry(parser: Parser, path: string, value: Value, top: boolean): void {
  if (parser.find && top && /(^|\.)\$(\.|$)/.test(path)) {
    parsePositional(parser, path, value);
    return;
  }
  requireFieldPath(path);
  if (isNumber(value) || typeof value === "boolean") {
    parseFlag(parser, path, truthy(value));
    return;
  }
  if (isDoc(value)) {
    const first = Object.keys(value)[0];
    if (first === undefined) throw new CommandError(51270, `Invalid empty sub-projection: ${path}`);
    if (!first.startsWith("$")) {
      for (const field in value) parseEntry(parser, `${path}.${field}`, value[field], false);
      return;
    }
    if (Object.keys(value).length > 1) throw new CommandError(16410, `FieldPath field names may not start with '$', given '${first}'.`);
    if (parser.find && parseFindOperator(parser, path, first, value[first])) return;
    if (first === "$elemMatch") throw new CommandError(168, "Unrecognized expression '$elemMatch'");
    if (!isExpressionName(first)) throw new CommandError(31325, `Unknown expression ${first}`);
  }
  if (parser.mode === "exclude") {
    if (isDoc(value)) throw new CommandError(31252, "Cannot use expression other than $meta in exclusion projection");
    throw new CommandError(31310, `Cannot use an expression ${path} in an exclusion projection`);
  }
  parser.mode = "include";
  plant(parser.tree, path, { kind: "compute", evaluate: compileExpression(value, parser.context) });
}

function parseFlag(parser: Parser, path: string, included: boolean): void {
  const kind = included ? "include" : "exclude";
  if (path === "_id") parser.id = kind;
  else {
    if (parser.mode !== undefined && parser.mode !== kind) {
      throw included
        ? new CommandError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
        : new CommandError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
    }
    parser.mode = kind;
  }
  plant(parser.tree, path, { kind });
}

function parsePositional(parser: Parser, path: string, value: Value): void {
  if (!path.endsWith(".$") || path.slice(0, -2).split(".").includes("$")) {
    if (path === "$") throw new CommandError(16410, "FieldPath field names may not start with '$'.");
    throw new CommandError(31394, "The positional operator may only be used at the end of a path.");
  }
  if (isDoc(value)) throw notSupported("A positional projection with an expression");
  if (!truthy(value)) throw new CommandError(31395, "positional projection cannot be used with exclusion");
  if (parser.finds.some((find) => find.kind === "positional")) {
    throw new CommandError(31276, "Cannot specify more than one positional projection per query.");
  }
  const field = path.slice(0, -2);
  requireFieldPath(field);
  if (parser.mode === "exclude") {
    throw new CommandError(31395, "positional projection cannot be used with exclusion");
  }
  parser.mode = "include";
  plant(parser.tree, field, { kind: "include" });
  parser.finds.push({ kind: "positional", path: field.split(".") });
}

/** `$slice` and `$elemMatch` of find; false where the operator is an expression after all. */
function parseFindOperator(parser: Parser, path: string, name: string, value: Value): boolean {
  if (name === "$meta") throw notSupported("$meta in a projection");
  if (name === "$slice") {
    const bounds = sliceBounds(value);
    if (!bounds) {
      if (!Array.isArray(value)) throw new CommandError(28667, "Invalid $slice syntax.");
      return false;
    }
    plantNeutral(parser, path);
    parser.finds.push({ kind: "slice", path: path.split("."), ...bounds });
    return true;
  }
  if (name !== "$elemMatch") return false;
  if (!isDoc(value)) {
    throw new CommandError(31274, `elemMatch: Invalid argument, object required, but got ${typeName(value)}`);
  }
  if (path.includes(".")) throw new CommandError(31275, "Cannot use $elemMatch projection on a nested field.");
  const matcher = compileFilter({ a: { $elemMatch: value } }, parser.context);
  // A computed value; where other fields are excluded it stands in the field's place, else after the included ones.
  const evaluate = (doc: Value): Value => {
    const array = isDoc(doc) ? getField(doc, path) : undefined;
    const found = Array.isArray(array) ? array.find((element) => matcher.matches({ a: [element] })) : undefined;
    return found === undefined ? undefined : [found];
  };
  plant(parser.tree, path, { kind: "compute", evaluate });
  parser.hasElemMatch = true;
  return true;
}

function sliceBounds(value: Value): { skip: number | undefined; limit: number } | undefined {
  if (isNumber(value)) return { skip: undefined, limit: toInteger(value) };
  if (!Array.isArray(value) || value.length !== 2) return undefined;
  const [skip, limit] = value;
  if (!isNumber(skip) || !isNumber(limit) || toInteger(limit) <= 0) return undefined;
  return { skip: toInteger(skip), limit: toInteger(limit) };
}

function toInteger(value: Value): number {
  return Math.trunc(Math.min(Math.max(toNumber(value), -2147483648), 2147483647));
}

/** A sliced field is kept in either mode; the path is taken all the same, so that collisions are seen. */
function plantNeutral(parser: Parser, path: string): void {
  const kept: Leaf = { kind: "include" };
  plant(parser.tree, path, kept);
}

/** The tree as a function of documents; in exclude mode a leaf "include" (a slice) keeps its field. */
export function compileTree(tree: Tree, mode: "include" | "exclude"): Projection {
  const include = mode === "include";
  return (doc) => {
    const isOfStage = isMade(doc);
    const projected = projectDoc(doc, tree, { include, leavesPlaces: !include && isOfStage, dropsInPlace: include && tree.computes });
    if (tree.computes) compute(projected, tree, doc);
    return isOfStage || tree.computes ? asMade(projected) : projected;
  };
}

interface Mode {
  include: boolean;
  /** Excluded fields leave their places. */
  leavesPlaces: boolean;
  /** Values that have none of the included fields leave theirs: beside computed ones the document is not cut from stored bytes. */
  dropsInPlace: boolean;
}

function projectDoc(doc: Doc, tree: Tree, mode: Mode): Doc {
  const { include, leavesPlaces } = mode;
  const projected = newDoc();
  if (leavesPlaces) keepAllPlaces(doc, projected);
  for (const field in doc) {
    const node = tree.children.get(field);
    if (!node) {
      if (!include) projected[field] = doc[field];
      continue;
    }
    if (node.leaf) {
      if (node.leaf.kind === "include" || (node.leaf.kind === "compute" && !include)) projected[field] = doc[field];
      continue;
    }
    const value = projectValue(doc[field], node, mode);
    if (value !== undefined) projected[field] = value;
    else if (mode.dropsInPlace) vacate(projected, field);
  }
  return projected;
}

function projectValue(value: Value, node: Tree, mode: Mode): Value {
  if (isDoc(value)) return mode.leavesPlaces ? asMade(projectDoc(value, node, mode)) : projectDoc(value, node, mode);
  if (Array.isArray(value)) {
    const elements = value.map((element) => projectValue(element, node, mode));
    return elements.filter((element) => element !== undefined);
  }
  // A scalar has no fields to include; where one is going to be computed into it, its place stays.
  return mode.include && !node.computes ? undefined : value;
}

/** Sets the computed values of a tree, in the order of the specification, on an already projected document. */
export function compute(target: Doc, tree: Tree, root: Doc): void {
  for (const [field, node] of tree.children) {
    if (!node.computes) {
      // A path that is let through beside computed values leaves a place where it does not begin.
      if (!node.leaf && !hasField(target, field)) vacate(target, field);
      continue;
    }
    const value = node.leaf?.kind === "compute" ? node.leaf.evaluate(root) : computeInto(getField(target, field), node, root);
    if (value === undefined) vacate(target, field);
    else occupy(target, field, value);
  }
}

function computeInto(value: Value, tree: Tree, root: Doc): Value {
  if (Array.isArray(value)) return value.map((element) => computeInto(element, tree, root));
  const target = asMade(newDoc());
  if (isDoc(value)) {
    for (const field in value) target[field] = value[field];
    keepPlaces(value, target);
  }
  compute(target, tree, root);
  return target;
}

function applyFind(find: Find, doc: Doc, projected: Doc, filter: Matcher | undefined): void {
  if (find.kind === "slice") sliceAt(projected, find.path, 0, find);
  else {
    takePosition(projected, find.path, filter?.position(doc));
  }
}

/** Containers on the way are copied: the projected document shares them with the stored one. */
function sliceAt(container: Doc, path: string[], depth: number, slice: Extract<Find, { kind: "slice" }>): void {
  const field = path[depth] ?? "";
  const value = getField(container, field);
  if (depth === path.length - 1) {
    if (Array.isArray(value)) container[field] = sliced(value, slice.skip, slice.limit);
    return;
  }
  const below = (inner: Value): Value => {
    if (Array.isArray(inner)) return inner.map(below);
    if (!isDoc(inner)) return inner;
    const copy = Object.assign(newDoc(), inner);
    sliceAt(copy, path, depth + 1, slice);
    return copy;
  };
  if (value !== undefined) container[field] = below(value);
}

function sliced(array: Value[], skip: number | undefined, limit: number): Value[] {
  if (skip === undefined) return limit < 0 ? array.slice(limit) : array.slice(0, limit);
  const start = skip < 0 ? Math.max(0, array.length + skip) : skip;
  return array.slice(start, start + limit);
}

/** Without an array at the path nothing has to be chosen, so a filter that gives no position is no error there. */
function takePosition(container: Doc, path: string[], position: number | undefined): void {
  const [field = "", ...rest] = path;
  const value = getField(container, field);
  if (Array.isArray(value)) {
    if (position === undefined) {
      throw new CommandError(51246, "positional operator '.$' couldn't find a matching element in the array");
    }
    if (position >= value.length) {
      throw new CommandError(51247, "positional operator '.$' element mismatch");
    }
    if (rest.length > 0) throw notSupported("A positional projection below an array");
    container[field] = [value[position]];
    return;
  }
  if (!isDoc(value) || rest.length === 0) return;
  const copy = Object.assign(newDoc(), value);
  container[field] = copy;
  takePosition(copy, rest, position);
}

