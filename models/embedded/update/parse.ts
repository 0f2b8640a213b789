/**
 * Operator updates as a list of operations on paths, in the order in which MongoDB applies them: by path, not as written.
 */
import { CommandError, notSupported } from "../errors";
import { compareStrings, typeName } from "../bson/compare";
import { isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { compileFilter } from "../query/match";
import type { FilterContext } from "../query/match";
import { parseFilter } from "../query/parse-filter";
import type { Condition } from "../query/parse-filter";
import { OPERATORS } from "./operators";
import type { Change, Operator } from "./operators";
import { isPosition } from "./draft";

export type ElementFilter = (element: Value) => boolean;

export interface Operation {
  name: string;
  path: string[];
  operator: Operator;
  change: Change;
  /** `$rename` only: where the value comes from. */
  source?: string[];
}

export interface ParsedUpdate {
  operations: Operation[];
  filters: ReadonlyMap<string, ElementFilter>;
}

const RENAME: Operator = { missing: "create", compile: () => (old) => old };

export function parseOperators(update: Doc, arrayFilters: readonly Doc[], context: FilterContext): ParsedUpdate {
  const filters = parseArrayFilters(arrayFilters, context);
  const operations: Operation[] = [];
  const taken = new TakenPaths();
  for (const name in update) {
    const fields = update[name];
    const operator = name === "$rename" ? RENAME : OPERATORS.get(name);
    if (!operator) {
      throw new CommandError(9, `Unknown modifier: ${name}. Expected a valid update modifier or pipeline-style update specified as an array`);
    }
    if (!isDoc(fields)) {
      throw new CommandError(9, `Modifiers operate on fields but we found type ${typeName(fields)} instead. For example: {$mod: {<field>: ...}} not {${name}: ${typeName(fields)}}`);
    }
    for (const field in fields) {
      const path = parseUpdatePath(field);
      if (name === "$rename") operations.push(parseRename(field, path, fields[field], taken));
      else {
        operations.push({ name, path, operator, change: operator.compile(fields[field], field, context) });
        taken.add(path);
      }
    }
  }
  refuseMixedPositions(operations.map(({ path }) => path));
  checkIdentifiers(operations, filters);
  operations.sort((a, b) => comparePaths(a.path, b.path));
  return { operations, filters };
}

function parseUpdatePath(path: string): string[] {
  if (path === "") throw new CommandError(56, "An empty update path is not valid.");
  const parts = path.split(".");
  if (parts.includes("")) {
    throw new CommandError(56, `The update path '${path}' contains an empty field name, which is not allowed.`);
  }
  if (parts.includes("__proto__")) throw notSupported("A field named __proto__");
  if (isDynamic(parts[0] ?? "")) {
    throw new CommandError(2, `Cannot have ${parts[0] === "$" ? "positional (i.e. '$')" : "array filter identifier (i.e. '$[<id>]')"} element in the first position in path '${path}'`);
  }
  if (parts.filter((part) => part === "$").length > 1) {
    throw new CommandError(2, `Too many positional (i.e. '$') elements found in path '${path}'`);
  }
  return parts;
}

export function identifierOf(part: string): string | undefined {
  return part.startsWith("$[") && part.endsWith("]") ? part.slice(2, -1) : undefined;
}

function isDynamic(part: string): boolean {
  return part === "$" || identifierOf(part) !== undefined;
}

function parseRename(field: string, source: string[], to: Value, taken: TakenPaths): Operation {
  if (typeof to !== "string") throw new CommandError(2, `The 'to' field for $rename must be a string: ${field}`);
  if (to.includes("\0")) throw new CommandError(2, "The 'to' field for $rename cannot contain an embedded null byte");
  if (source.some(isDynamic)) throw new CommandError(2, `The source field for $rename may not be dynamic: ${field}`);
  const path = parseUpdatePath(to);
  if (path.some(isDynamic)) throw new CommandError(2, `The destination field for $rename may not be dynamic: ${to}`);
  taken.add(source);
  if (field === to) throw new CommandError(2, `The source and target field for $rename must differ: ${field}`);
  if (isPrefix(source, path) || isPrefix(path, source)) {
    throw new CommandError(2, `The source and target field for $rename must not be on the same path: ${field}`);
  }
  taken.add(path);
  return { name: "$rename", path, operator: RENAME, change: (old) => old, source };
}

function isPrefix(shorter: readonly string[], longer: readonly string[]): boolean {
  return shorter.length <= longer.length && shorter.every((part, index) => part === longer[index]);
}

/** No path may be met twice, nor lie below another; found in the order in which the update names them. */
class TakenPaths {
  readonly #paths = new Set<string>();
  readonly #prefixes = new Set<string>();

  add(path: readonly string[]): void {
    const text = path.join(".");
    let conflict = this.#paths.has(text) || this.#prefixes.has(text) ? text : undefined;
    for (let length = 1; length < path.length; length++) {
      const prefix = path.slice(0, length).join(".");
      if (this.#paths.has(prefix)) conflict ??= prefix;
      this.#prefixes.add(prefix);
    }
    if (conflict !== undefined) throw new CommandError(40, `Updating the path '${text}' would create a conflict at '${conflict}'`);
    this.#paths.add(text);
  }
}

/** `a.$[]` beside `a.0`: MongoDB calls it a conflict at `a`; beside `a.$`, which element is meant is only known later. */
function refuseMixedPositions(paths: readonly string[][]): void {
  const dynamic = new Map<string, string>();
  for (const path of paths) {
    path.forEach((part, index) => {
      if (!isDynamic(part) || part === "$") return;
      const parent = path.slice(0, index).join(".");
      const other = dynamic.get(parent);
      if (other !== undefined && other !== part) throw notSupported("An update with several array filters on one array");
      dynamic.set(parent, part);
    });
  }
  if (dynamic.size === 0) return;
  for (const path of paths) {
    path.forEach((part, index) => {
      const parent = path.slice(0, index).join(".");
      const found = dynamic.get(parent);
      if (found === undefined || found === part) return;
      throw new CommandError(40, `Updating the path '${path.join(".")}' would create a conflict at '${parent}'`);
    });
  }
}

export function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const left = a[index] ?? "";
    const right = b[index] ?? "";
    if (left === right) continue;
    if (isPosition(left) && isPosition(right) && Number(left) !== Number(right)) return Number(left) - Number(right);
    return compareStrings(left, right);
  }
  return a.length - b.length;
}

function parseArrayFilters(arrayFilters: readonly Doc[], context: FilterContext): Map<string, ElementFilter> {
  const filters = new Map<string, ElementFilter>();
  for (const filter of arrayFilters) {
    const identifier = identifierOfFilter(filter);
    if (filters.has(identifier)) {
      throw new CommandError(9, `Found multiple array filters with the same top-level field name ${identifier}`);
    }
    const matcher = compileFilter(filter, context);
    filters.set(identifier, (element) => matcher.matches({ [identifier]: element }));
  }
  return filters;
}

function identifierOfFilter(filter: Doc): string {
  const names = new Set<string>();
  collectNames(parseFilter(filter), names);
  const [first, second] = names;
  if (first === undefined) throw new CommandError(9, "Cannot use an expression without a top-level field name in arrayFilters");
  if (second !== undefined) {
    throw new CommandError(9, `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${first}' and '${second}'`);
  }
  if (!/^[a-z][a-zA-Z0-9]*$/.test(first)) {
    throw new CommandError(2, `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${first}'`);
  }
  return first;
}

function collectNames(condition: Condition, names: Set<string>): void {
  if ("path" in condition) names.add(condition.path.split(".")[0] ?? "");
  else if (condition.kind === "not") collectNames(condition.child, names);
  else if ("children" in condition) for (const child of condition.children) collectNames(child, names);
  else if (condition.kind === "expr") throw new CommandError(224, "$expr is not allowed in this context");
}

function checkIdentifiers(operations: readonly Operation[], filters: ReadonlyMap<string, ElementFilter>): void {
  const used = new Set<string>();
  for (const { path } of operations) {
    for (const part of path) {
      const identifier = identifierOf(part);
      if (identifier === undefined || identifier === "") continue;
      if (!filters.has(identifier)) {
        throw new CommandError(2, `No array filter found for identifier '${identifier}' in path '${path.join(".")}'`);
      }
      used.add(identifier);
    }
  }
  for (const identifier of filters.keys()) {
    if (!used.has(identifier)) throw new CommandError(9, `The array filter for identifier '${identifier}' was not used in the update`);
  }
}
