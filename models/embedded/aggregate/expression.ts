/**
 * Aggregation expressions compiled to closures. Constant parts are worked out while compiling, as MongoDB does: an error
 * in them fails the command even when there are no documents. `undefined` is "missing" throughout.
 */
import { CommandError, notSupported } from "../errors";
import { getField, hasField, isDoc, newDoc, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { arithmeticOperators } from "./expressions/arithmetic";
import { arrayOperators } from "./expressions/arrays";
import { conversionOperators } from "./expressions/conversion";
import { dateOperators } from "./expressions/dates";
import { logicOperators } from "./expressions/logic";
import { setOperators } from "./expressions/sets";
import { stringOperators } from "./expressions/strings";
import { asMade, vacate } from "./places";

export interface ExpressionContext {
  now: Date;
  /** Values of `$$name`. */
  variables?: Doc;
  /** Updates work constants out only when a document is at hand; their errors wait until then. */
  lazy?: boolean;
}

/** One document to one value; undefined is "missing". */
export type Evaluate = (root: Value) => Value;

export interface Scope {
  root: Value;
  frame: Frame | undefined;
}

interface Frame {
  name: string;
  value: Value;
  next: Frame | undefined;
}

export interface Node {
  constant: boolean;
  evaluate(scope: Scope): Value;
}

/** What an operator sees while it is compiled. */
export interface Compiler {
  now: Date;
  compile(spec: Value): Node;
  /** A compiler that also knows these variables. */
  within(names: readonly string[]): Compiler;
}

export type Operator =
  /** Plain functions of their arguments, with the number of these. */
  | { arity: readonly [number, number]; apply: (args: Value[]) => Value }
  /** The same, with arguments worked out one by one: a null ends it before a later argument can fail. */
  | { arity: readonly [number, number]; applyLazily: (args: Iterable<Value>) => Value; constantsLast?: boolean }
  | { compile: (argument: Value, compiler: Compiler, name: string) => Node };

const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ...Object.entries(arithmeticOperators),
  ...Object.entries(logicOperators),
  ...Object.entries(stringOperators),
  ...Object.entries(arrayOperators),
  ...Object.entries(setOperators),
  ...Object.entries(conversionOperators),
  ...Object.entries(dateOperators),
]);

/** MongoDB's further operators: known, and refused. */
const REFUSED = new Set(
  (
    "$acos $acosh $asin $asinh $atan $atan2 $atanh $cos $cosh $sin $sinh $tan $tanh $degreesToRadians $radiansToDegrees " +
    "$accumulator $function $binarySize $bsonSize $bitAnd $bitNot $bitOr $bitXor $bottom $bottomN $top $topN $firstN " +
    "$lastN $maxN $minN $median $percentile $covariancePop $covarianceSamp $stdDevPop $stdDevSamp $derivative $integral " +
    "$denseRank $rank $documentNumber $expMovingAvg $linearFill $locf $shift $meta $rand $sampleRate $setField $unsetField " +
    "$toHashedIndexKey $tsIncrement $tsSecond $toUUID $toArray $toObject $sigmoid $encStrContains"
  ).split(" "),
);

export function compileExpression(spec: Value, context: ExpressionContext): Evaluate {
  const names = Object.keys(context.variables ?? {});
  let frame: Frame | undefined;
  for (const name of names) frame = { name, value: getField(context.variables ?? {}, name), next: frame };
  const node = compilerFor(context, new Set(names)).compile(spec);
  if (node.constant) {
    const value = node.evaluate({ root: undefined, frame: undefined });
    return () => value;
  }
  return (root) => node.evaluate({ root, frame });
}

/** Whether a name is an expression operator at all, supported or not. */
export function isExpressionName(name: string): boolean {
  return OPERATORS.has(name) || REFUSED.has(name);
}

function compilerFor(context: ExpressionContext, names: ReadonlySet<string>): Compiler {
  const compiler: Compiler = {
    now: context.now,
    compile: (spec) => {
      const node = compileNode(spec, compiler, names);
      return context.lazy === true ? { constant: false, evaluate: (scope) => node.evaluate(scope) } : fold(node);
    },
    within: (added) => compilerFor(context, new Set([...names, ...added])),
  };
  return compiler;
}

export function constant(value: Value): Node {
  return { constant: true, evaluate: () => value };
}

/** Runs a constant node once; its error is the command's error. */
function fold(node: Node): Node {
  return node.constant ? constant(node.evaluate({ root: undefined, frame: undefined })) : node;
}

/** MongoDB works some operators out for each document even where all their arguments are constants. */
export function neverFolded(node: Node): Node {
  return { constant: false, evaluate: (scope) => node.evaluate(scope) };
}

export function bind(scope: Scope, name: string, value: Value): Scope {
  return { root: scope.root, frame: { name, value, next: scope.frame } };
}

function compileNode(spec: Value, compiler: Compiler, names: ReadonlySet<string>): Node {
  if (typeof spec === "string") return spec.startsWith("$") ? compilePath(spec, compiler, names) : constant(spec);
  if (Array.isArray(spec)) {
    const nodes = spec.map((element) => compiler.compile(element));
    return {
      constant: nodes.every((node) => node.constant),
      evaluate: (scope) => nodes.map((node) => orNull(node.evaluate(scope))),
    };
  }
  if (!isDoc(spec)) return constant(spec);
  const fields = Object.keys(spec);
  const [first] = fields;
  if (first?.startsWith("$") === true) {
    if (fields.length !== 1) {
      throw new CommandError(15983, `an object representing an expression must have exactly one field: ${fields.join(", ")}`);
    }
    return compileOperator(first, spec[first], compiler);
  }
  return compileObject(spec, compiler);
}

export function orNull(value: Value): Value {
  return value === undefined ? null : value;
}

function compileObject(spec: Doc, compiler: Compiler): Node {
  const nodes = Object.keys(spec).map((field) => {
    if (field.startsWith("$")) throw new CommandError(16410, `FieldPath field names may not start with '$', given '${field}'.`);
    if (field.includes(".")) throw new CommandError(16412, `FieldPath field names may not contain '.', given '${field}'.`);
    if (field === "") throw new CommandError(15998, "FieldPath field names may not be empty strings.");
    return { field, node: compiler.compile(spec[field]) };
  });
  return {
    constant: nodes.every(({ node }) => node.constant),
    evaluate: (scope) => {
      const doc = asMade(newDoc());
      for (const { field, node } of nodes) {
        const value = node.evaluate(scope);
        if (value === undefined) vacate(doc, field);
        else setField(doc, field, value);
      }
      return doc;
    },
  };
}

function compilePath(path: string, compiler: Compiler, names: ReadonlySet<string>): Node {
  if (path === "$") throw new CommandError(16872, "'$' by itself is not a valid FieldPath");
  if (!path.startsWith("$$")) return fieldPath((scope) => scope.root, path.slice(1).split("."));
  const [name = "", ...parts] = path.slice(2).split(".");
  if (name === "") throw new CommandError(9, "empty variable names are not allowed");
  switch (name) {
    case "ROOT":
    case "CURRENT":
      return fieldPath((scope) => scope.root, parts);
    case "NOW":
      return fieldPath(() => compiler.now, parts);
    case "REMOVE":
      return constant(undefined);
    case "CLUSTER_TIME":
    case "SEARCH_META":
    case "USER_ROLES":
      throw notSupported(`$$${name}`);
    default:
      if (!names.has(name)) throw new CommandError(17276, `Use of undefined variable: ${name}`);
      return fieldPath((scope) => lookUp(scope.frame, name), parts);
  }
}

function lookUp(frame: Frame | undefined, name: string): Value {
  for (let current = frame; current; current = current.next) if (current.name === name) return current.value;
  return undefined;
}

function fieldPath(start: (scope: Scope) => Value, parts: readonly string[]): Node {
  for (const part of parts) {
    if (part === "") throw new CommandError(parts.at(-1) === "" ? 40353 : 15998, "FieldPath field names may not be empty strings.");
    if (part.startsWith("$")) throw new CommandError(16410, `FieldPath field names may not start with '$', given '${part}'.`);
    if (part === "__proto__") throw notSupported("A field named __proto__");
  }
  return { constant: false, evaluate: (scope) => step(start(scope), parts, 0) };
}

/** Arrays on the way give an array of what their documents hold; arrays inside them are passed over. */
function step(value: Value, parts: readonly string[], depth: number): Value {
  let current = value;
  for (let index = depth; index < parts.length; index++) {
    if (Array.isArray(current)) {
      const found: Value[] = [];
      for (const element of current) {
        const inner = isDoc(element) ? step(element, parts, index) : undefined;
        if (inner !== undefined) found.push(inner);
      }
      return found;
    }
    if (!isDoc(current)) return undefined;
    current = getField(current, parts[index] ?? "");
  }
  return current;
}

function compileOperator(name: string, argument: Value, compiler: Compiler): Node {
  const operator = OPERATORS.get(name);
  if (!operator) {
    if (REFUSED.has(name)) throw notSupported(`The expression ${name}`);
    throw new CommandError(168, `Unrecognized expression '${name}'`);
  }
  if ("compile" in operator) return operator.compile(argument, compiler, name);
  const nodes = compileArguments(name, argument, operator.arity, compiler);
  return "apply" in operator ? applied(operator.apply, nodes) : lazilyApplied(operator.applyLazily, operator.constantsLast === true ? constantsLast(nodes) : nodes);
}

export function applied(apply: (args: Value[]) => Value, nodes: readonly Node[]): Node {
  const [first, second] = nodes;
  const isConstant = nodes.every((node) => node.constant);
  if (nodes.length === 1 && first) return { constant: isConstant, evaluate: (scope) => apply([first.evaluate(scope)]) };
  if (nodes.length === 2 && first && second) {
    return { constant: isConstant, evaluate: (scope) => apply([first.evaluate(scope), second.evaluate(scope)]) };
  }
  return { constant: isConstant, evaluate: (scope) => apply(nodes.map((node) => node.evaluate(scope))) };
}

/** Where the order of arguments means nothing, MongoDB looks at constants after the rest. */
function constantsLast(nodes: readonly Node[]): Node[] {
  return [...nodes.filter((node) => !node.constant), ...nodes.filter((node) => node.constant)];
}

function lazilyApplied(apply: (args: Iterable<Value>) => Value, nodes: readonly Node[]): Node {
  function* values(scope: Scope): Iterable<Value> {
    for (const node of nodes) yield node.evaluate(scope);
  }
  return { constant: nodes.every((node) => node.constant), evaluate: (scope) => apply(values(scope)) };
}

/** A single argument may stand without its array. */
export function compileArguments(
  name: string,
  argument: Value,
  [least, most]: readonly [number, number],
  compiler: Compiler,
): Node[] {
  const given = Array.isArray(argument) ? argument : [argument];
  if (given.length < least || given.length > most) {
    throw new CommandError(
      least === most ? 16020 : 28667,
      `Expression ${name} takes ${least === most ? `exactly ${least}` : `at least ${least} arguments, and at most ${most}`} arguments. ${given.length} were passed in.`,
    );
  }
  return given.map((spec) => compiler.compile(spec));
}

/** The named arguments of an operator such as `$filter`; a name that is not listed gets `unknown`'s error. */
export function namedArguments(
  name: string,
  argument: Value,
  allowed: readonly string[],
  codes: { notObject: number; unknown: number },
): Doc {
  if (!isDoc(argument)) throw new CommandError(codes.notObject, `${name} only supports an object as its argument`);
  for (const field in argument) {
    if (!allowed.includes(field)) throw new CommandError(codes.unknown, `Unrecognized parameter to ${name}: ${field}`);
  }
  return argument;
}

export function requireArgument(argument: Doc, name: string, code: number): Value {
  if (!hasField(argument, name)) throw new CommandError(code, `Missing '${name}' parameter`);
  return argument[name];
}
