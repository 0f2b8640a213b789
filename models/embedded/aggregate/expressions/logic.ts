/** Comparison, boolean and conditional expressions; variables. */
import { compare } from "../../bson/compare";
import { isDoc } from "../../bson/values";
import type { Value } from "../../bson/values";
import { CommandError } from "../../errors";
import { truthy } from "../../query/parse-filter";
import { applied, bind, compileArguments, constant, namedArguments, requireArgument } from "../expression";
import type { Compiler, Node, Operator } from "../expression";

const NOWHERE = { root: undefined, frame: undefined };
const ANY = [0, Number.MAX_SAFE_INTEGER] as const;

function comparison(holds: (order: number) => boolean): Operator {
  return { arity: [2, 2], apply: ([a, b]) => holds(compare(a, b)) };
}

/** `$and` stops at the first false, `$or` at the first true: later arguments may not be evaluable. */
function junction(stopsAt: boolean): Operator {
  return {
    compile: (argument, compiler, name) => {
      const nodes = compileArguments(name, argument, ANY, compiler);
      // A constant that decides makes the other arguments idle, those before it too.
      if (nodes.some((node) => node.constant && truthy(node.evaluate(NOWHERE)) === stopsAt)) return constant(stopsAt);
      return {
        constant: nodes.every((node) => node.constant),
        evaluate: (scope) => {
          for (const node of nodes) if (truthy(node.evaluate(scope)) === stopsAt) return stopsAt;
          return !stopsAt;
        },
      };
    },
  };
}

function compileCond(argument: Value, compiler: Compiler, name: string): Node {
  let nodes: Node[];
  if (isDoc(argument)) {
    const named = namedArguments(name, argument, ["if", "then", "else"], { notObject: 17080, unknown: 17083 });
    nodes = [
      compiler.compile(requireArgument(named, "if", 17080)),
      compiler.compile(requireArgument(named, "then", 17080)),
      compiler.compile(requireArgument(named, "else", 17082)),
    ];
  } else nodes = compileArguments(name, argument, [3, 3], compiler);
  const [condition, then, otherwise] = nodes;
  if (!condition || !then || !otherwise) throw new CommandError(17080, "Missing parameter to $cond");
  if (condition.constant) return truthy(condition.evaluate(NOWHERE)) ? then : otherwise;
  return { constant: false, evaluate: (scope) => (truthy(condition.evaluate(scope)) ? then : otherwise).evaluate(scope) };
}

function compileIfNull(argument: Value, compiler: Compiler, name: string): Node {
  const given = Array.isArray(argument) ? argument : [argument];
  if (given.length < 2) throw new CommandError(1257300, `${name} needs at least two arguments, had: ${given.length}`);
  const nodes = compileArguments(name, argument, ANY, compiler);
  return {
    constant: nodes.every((node) => node.constant),
    evaluate: (scope) => {
      let value: Value;
      for (const node of nodes) {
        value = node.evaluate(scope);
        if (value !== null && value !== undefined) return value;
      }
      return value;
    },
  };
}

function compileSwitch(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["branches", "default"], { notObject: 40060, unknown: 40067 });
  const { branches } = named;
  if (branches !== undefined && !Array.isArray(branches)) throw new CommandError(40061, "$switch expected an array for 'branches'");
  const cases: { when: Node; then: Node }[] = [];
  let given = 0;
  let decided = false;
  for (const branch of branches ?? []) {
    if (!isDoc(branch)) throw new CommandError(40062, "$switch expected each branch to be an object");
    const inner = namedArguments(name, branch, ["case", "then"], { notObject: 40062, unknown: 40063 });
    given += 1;
    const when = compiler.compile(requireArgument(inner, "case", 40064));
    const body = requireArgument(inner, "then", 40065);
    // Branches that can never be taken are not worked out, so a constant error in them is none.
    const always = when.constant && truthy(when.evaluate(NOWHERE));
    if (!decided && (always || !when.constant)) cases.push({ when, then: compiler.compile(body) });
    decided ||= always;
  }
  if (given === 0) throw new CommandError(40068, "$switch requires at least one branch.");
  const otherwise = named["default"] === undefined ? undefined : compiler.compile(named["default"]);
  const allConstant = cases.every(({ when, then }) => when.constant && then.constant) && otherwise?.constant !== false;
  // Cases that are all constantly false leave nothing to choose from: an error of its own while compiling.
  if (!otherwise && cases.length === 0) {
    throw new CommandError(40069, "Cannot execute a switch statement where all the cases evaluate to false without a default");
  }
  return {
    constant: allConstant,
    evaluate: (scope) => {
      for (const { when, then } of cases) if (truthy(when.evaluate(scope))) return then.evaluate(scope);
      if (!otherwise) throw new CommandError(40066, "$switch could not find a matching branch for an input, and no default was specified.");
      return otherwise.evaluate(scope);
    },
  };
}

function compileLet(argument: Value, compiler: Compiler, name: string): Node {
  const named = namedArguments(name, argument, ["vars", "in"], { notObject: 16874, unknown: 16875 });
  const vars = requireArgument(named, "vars", 16876);
  if (!isDoc(vars)) throw new CommandError(16873, "invalid parameter: expected an object (vars)");
  const bindings = Object.keys(vars).map((variable) => {
    requireVariableName(variable);
    return { variable, node: compiler.compile(vars[variable]) };
  });
  const body = compiler.within(bindings.map(({ variable }) => variable)).compile(requireArgument(named, "in", 16877));
  if (body.constant) return body;
  return {
    constant: false,
    evaluate: (scope) => {
      let inner = scope;
      for (const { variable, node } of bindings) inner = bind(inner, variable, node.evaluate(scope));
      return body.evaluate(inner);
    },
  };
}

/** A variable of a user begins with a lower-case letter (or is CURRENT, which the engine does not rebind). */
export function requireVariableName(name: string): void {
  if (!/^[a-z\u0080-\uffff]/.test(name)) {
    throw new CommandError(9, `'${name}' starts with an invalid character for a user variable name`);
  }
  if (!/^[A-Za-z0-9_\u0080-\uffff]*$/.test(name)) {
    throw new CommandError(9, `'${name}' contains an invalid character for a variable name`);
  }
}

export const logicOperators: Record<string, Operator> = {
  $eq: comparison((order) => order === 0),
  $ne: comparison((order) => order !== 0),
  $gt: comparison((order) => order > 0),
  $gte: comparison((order) => order >= 0),
  $lt: comparison((order) => order < 0),
  $lte: comparison((order) => order <= 0),
  $cmp: { arity: [2, 2], apply: ([a, b]) => compare(a, b) },
  $and: junction(false),
  $or: junction(true),
  $not: { arity: [1, 1], apply: ([value]) => !truthy(value) },
  $cond: { compile: compileCond },
  $ifNull: { compile: compileIfNull },
  $switch: { compile: compileSwitch },
  $let: { compile: compileLet },
  $literal: { compile: (argument) => constant(argument) },
  $const: { compile: (argument) => constant(argument) },
  $expr: { compile: (argument, compiler) => applied(([value]) => value, [compiler.compile(argument)]) },
};
