/**
 * What an expression reads, worked out without running it: the field paths, as MongoDB counts them after it has simplified
 * the constant parts. `{$cond: [true, "$a", "$b"]}` reads `a` only, `{$and: ["$a", false]}` nothing.
 */
import { hasField, isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { truthy } from "../query/parse-filter";
import type { Condition } from "../query/parse-filter";
import { compileExpression } from "./expression";

export interface Reads {
  paths: Set<string>;
  /** The whole document is read. */
  whole: boolean;
  /** Set where the expression is one value whatever the document is. */
  constant?: { value: Value };
}

/** The reads of an expression; one that is malformed reads what its parts read. */
export function readsOf(spec: Value): Reads {
  if (typeof spec === "string") return spec.startsWith("$") ? readsOfPath(spec) : constant(spec);
  if (Array.isArray(spec)) return evaluated(spec, union(spec.map(readsOf)));
  if (!isDoc(spec)) return constant(spec);
  const [name = "", another] = Object.keys(spec);
  if (!name.startsWith("$") || another !== undefined) return evaluated(spec, union(Object.values(spec).map(readsOf)));
  const special = SPECIAL.get(name);
  return special ? special(spec[name], spec) : evaluated(spec, readsOf(spec[name]));
}

/** What a filter asks about; a position ends the path, since it may be a position or a name. */
export function readsOfFilter(condition: Condition): Reads {
  switch (condition.kind) {
    case "and":
    case "or":
    case "nor":
      return union(condition.children.map(readsOfFilter));
    case "not":
      return readsOfFilter(condition.child);
    case "expr":
      return readsOf(condition.expression);
    case "never":
      return pathsRead([]);
    default: {
      const parts = condition.path.split(".");
      const position = parts.findIndex((part, index) => index > 0 && /^\d+$/.test(part));
      return pathsRead([parts.slice(0, position < 0 ? parts.length : position).join(".")]);
    }
  }
}

function nothing(): Reads {
  return pathsRead([]);
}

export function pathsRead(paths: readonly string[]): Reads {
  return { paths: new Set(paths), whole: false };
}

function constant(value: Value): Reads {
  return { ...nothing(), constant: { value } };
}

export function union(parts: readonly Reads[]): Reads {
  const result = nothing();
  for (const part of parts) {
    for (const path of part.paths) result.paths.add(path);
    result.whole ||= part.whole;
  }
  if (parts.every((part) => part.constant !== undefined)) result.constant = { value: undefined };
  return result;
}

/** Constant parts make one constant, unless working it out fails: the command then fails elsewhere. */
function evaluated(spec: Value, reads: Reads): Reads {
  if (reads.constant === undefined) return reads;
  try {
    return constant(compileExpression(spec, { now: new Date(0) })(undefined));
  } catch {
    // Malformed, or an error that MongoDB also meets while it simplifies; either ends the command before this matters.
    return nothing();
  }
}

function readsOfPath(path: string): Reads {
  const reads = nothing();
  if (!path.startsWith("$$")) {
    reads.paths.add(path.slice(1));
    return reads;
  }
  const [name = "", ...rest] = path.slice(2).split(".");
  if (name === "REMOVE") return constant(undefined);
  // Other variables read nothing themselves; what they stand for is counted where they are bound.
  if (name !== "ROOT" && name !== "CURRENT") return reads;
  if (rest.length === 0) reads.whole = true;
  else reads.paths.add(rest.join("."));
  return reads;
}

type Special = (argument: Value, spec: Doc) => Reads;

const SPECIAL: ReadonlyMap<string, Special> = new Map<string, Special>([
  ["$literal", (argument) => constant(argument)],
  ["$and", (argument) => junction(argument, false)],
  ["$or", (argument) => junction(argument, true)],
  ["$cond", conditional],
  ["$ifNull", firstKnown],
  ["$switch", branching],
  ["$let", binding],
  ["$getField", field],
]);

/** One constant that decides makes the whole a constant. */
function junction(argument: Value, decides: boolean): Reads {
  const parts = (Array.isArray(argument) ? argument : [argument]).map(readsOf);
  if (parts.some((part) => part.constant !== undefined && truthy(part.constant.value) === decides)) return constant(decides);
  const open = parts.filter((part) => part.constant === undefined);
  return open.length === 0 ? constant(!decides) : union(open);
}

function conditional(argument: Value, spec: Doc): Reads {
  const [test, yes, no] = Array.isArray(argument) ? argument : isDoc(argument) ? [argument["if"], argument["then"], argument["else"]] : [];
  const tested = readsOf(test);
  if (tested.constant !== undefined) return readsOf(truthy(tested.constant.value) ? yes : no);
  return evaluated(spec, union([tested, readsOf(yes), readsOf(no)]));
}

/** Constant nulls drop out; a constant that is known ends the list. */
function firstKnown(argument: Value): Reads {
  const kept: Reads[] = [];
  for (const part of (Array.isArray(argument) ? argument : [argument]).map(readsOf)) {
    if (part.constant !== undefined && (part.constant.value === null || part.constant.value === undefined)) continue;
    kept.push(part);
    if (part.constant !== undefined) break;
  }
  const [first] = kept;
  if (first === undefined) return constant(null);
  return first.constant === undefined ? union(kept) : first;
}

/** A branch that never holds drops out; one that always holds takes the place of the default. */
function branching(argument: Value): Reads {
  const branches = isDoc(argument) && Array.isArray(argument["branches"]) ? argument["branches"].filter(isDoc) : [];
  const kept: Reads[] = [];
  for (const branch of branches) {
    const test = readsOf(branch["case"]);
    if (test.constant === undefined) kept.push(test, readsOf(branch["then"]));
    else if (truthy(test.constant.value)) return kept.length === 0 ? readsOf(branch["then"]) : opened(union([...kept, readsOf(branch["then"])]));
  }
  const otherwise = readsOf(isDoc(argument) ? argument["default"] : undefined);
  return kept.length === 0 ? otherwise : opened(union([...kept, otherwise]));
}

function opened({ constant: _constant, ...reads }: Reads): Reads {
  return reads;
}

/** With a constant inside, the variables are not worked out. */
function binding(argument: Value): Reads {
  if (!isDoc(argument)) return nothing();
  const inner = readsOf(argument["in"]);
  if (inner.constant !== undefined) return inner;
  const bound = argument["vars"];
  return opened(union([inner, ...(isDoc(bound) ? Object.values(bound).map(readsOf) : [])]));
}

/** Without an input the field is taken from the document, which MongoDB counts as reading all of it. */
function field(argument: Value): Reads {
  if (isDoc(argument) && hasField(argument, "input")) return opened(readsOf(argument["input"]));
  return { ...nothing(), whole: true };
}
