/** `$group`, and what is built on it: `$bucket`, `$sortByCount`, `$count`. */
import { compare, typeName } from "../bson/compare";
import { encodeKey } from "../bson/keys";
import { BSONRegExp, hasField, isDoc, isNumber, newDoc, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import { compileExpression } from "./expression";
import type { Evaluate, ExpressionContext } from "./expression";
import { extremeOf } from "./expressions/arithmetic";
import { asMade } from "./places";
import { Sum } from "./summation";

export type Stage = (docs: Iterable<Doc>) => Iterable<Doc>;

interface Accumulator {
  add(value: Value): void;
  result(): Value;
  /** True once further values change nothing: they are then not even worked out, as in MongoDB. */
  isSettled?(): boolean;
}

const ACCUMULATORS: ReadonlyMap<string, () => Accumulator> = new Map<string, () => Accumulator>([
  ["$sum", summing((sum) => sum.total())],
  ["$avg", summing((sum) => sum.average())],
  ["$count", summing((sum) => sum.total())],
  ["$min", extreme(1)],
  ["$max", extreme(-1)],
  ["$push", pushing],
  ["$addToSet", collecting],
  ["$first", () => firstOrLast(true)],
  ["$last", () => firstOrLast(false)],
  ["$mergeObjects", merging],
]);
const REFUSED = new Set(
  "$accumulator $bottom $bottomN $firstN $lastN $maxN $median $minN $percentile $stdDevPop $stdDevSamp $top $topN $setUnion $concatArrays".split(" "),
);

function summing(result: (sum: Sum) => Value): () => Accumulator {
  return () => {
    const sum = new Sum();
    return { add: (value) => sum.add(value), result: () => result(sum) };
  };
}

function extreme(direction: 1 | -1): () => Accumulator {
  return () => {
    let best: Value = null;
    return { add: (value) => (best = extremeOf([best, value], direction)), result: () => best };
  };
}

function pushing(): Accumulator {
  const values: Value[] = [];
  return { add: (value) => (value === undefined ? undefined : values.push(value)), result: () => values };
}

function collecting(): Accumulator {
  const values = new Map<string, Value>();
  return {
    add: (value) => {
      if (value === undefined) return;
      const key = keyText(value);
      if (!values.has(key)) values.set(key, value);
    },
    result: () => [...values.values()],
  };
}

function firstOrLast(first: boolean): Accumulator {
  let held: Value = null;
  let seen = false;
  return {
    add: (value) => {
      held = value === undefined ? null : value;
      seen = true;
    },
    result: () => held,
    isSettled: () => first && seen,
  };
}

function merging(): Accumulator {
  const merged = asMade(newDoc());
  return {
    add: (value) => {
      if (value === null || value === undefined) return;
      if (!isDoc(value)) throw new CommandError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`);
      for (const field in value) setField(merged, field, value[field]);
    },
    result: () => merged,
  };
}

/** Equal values, whatever their number types, give equal text. */
export function keyText(value: Value): string {
  if (typeof value === "string") return `s${value}`;
  if (value instanceof BSONRegExp) return `r${value.options}/${value.pattern}`;
  return Buffer.from(encodeKey([value], [1])).toString("latin1");
}

interface Column {
  field: string;
  create: () => Accumulator;
  evaluate: Evaluate;
}

function parseColumn(field: string, spec: Value, context: ExpressionContext): Column {
  if (field.includes(".")) throw new CommandError(40235, `The field name '${field}' cannot contain '.'`);
  if (field.startsWith("$")) throw new CommandError(40236, `The field name '${field}' cannot be an operator name`);
  if (!isDoc(spec)) throw new CommandError(40234, `The field '${field}' must be an accumulator object`);
  const [name, another] = Object.keys(spec);
  if (name?.startsWith("$") !== true) throw new CommandError(40234, `The field '${field}' must be an accumulator object`);
  if (another !== undefined) throw new CommandError(40238, `The field '${field}' must specify one accumulator`);
  const create = ACCUMULATORS.get(name);
  if (!create) {
    if (REFUSED.has(name)) throw notSupported(`The accumulator ${name}`);
    throw new CommandError(15952, `unknown group operator '${name}'`);
  }
  const argument = spec[name];
  if (name === "$count") {
    if (!isDoc(argument) || Object.keys(argument).length > 0) throw new CommandError(9, "$count takes no arguments, i.e. $count:{}");
    return { field, create, evaluate: () => 1 };
  }
  if (Array.isArray(argument)) {
    if (argument.length !== 1) throw new CommandError(40237, `The ${name} accumulator is a unary operator`);
    return { field, create, evaluate: compileExpression(argument[0], context) };
  }
  return { field, create, evaluate: compileExpression(argument, context) };
}

export function compileGroup(spec: Value, context: ExpressionContext): Stage {
  if (!isDoc(spec)) throw new CommandError(15947, "a group's fields must be specified in an object");
  const columns = Object.keys(spec)
    .filter((field) => field !== "_id")
    .map((field) => parseColumn(field, spec[field], context));
  if (!hasField(spec, "_id")) throw new CommandError(15955, "a group specification must include an _id");
  return grouping(compileId(spec["_id"], context), columns);
}

/** With one field in the `_id`, missing is null, so that both fall into one group; with several, it is left out. */
function compileId(spec: Value, context: ExpressionContext): Evaluate {
  const evaluate = compileExpression(spec, context);
  if (!isDoc(spec) || Object.keys(spec)[0]?.startsWith("$") !== false) return evaluate;
  const fields = Object.keys(spec);
  for (const field of fields) {
    if (isNumber(spec[field]) || typeof spec[field] === "boolean") throw new CommandError(17390, "$group does not support inclusion-style expressions");
  }
  const [field = ""] = fields;
  if (fields.length !== 1) return evaluate;
  const part = compileExpression(spec[field], context);
  return (doc) => {
    const id = asMade(newDoc());
    const value = part(doc);
    setField(id, field, value === undefined ? null : value);
    return id;
  };
}

function grouping(idOf: Evaluate, columns: readonly Column[]): Stage {
  return function* group(docs) {
    const groups = new Map<string, { id: Value; accumulators: Accumulator[] }>();
    for (const doc of docs) {
      const value = idOf(doc);
      const id = value === undefined ? null : value;
      const key = keyText(id);
      let found = groups.get(key);
      if (!found) {
        found = { id, accumulators: columns.map(({ create }) => create()) };
        groups.set(key, found);
      }
      for (let index = 0; index < columns.length; index++) {
        const accumulator = found.accumulators[index];
        if (accumulator && accumulator.isSettled?.() !== true) accumulator.add(columns[index]?.evaluate(doc));
      }
    }
    for (const { id, accumulators } of groups.values()) {
      const result = asMade(newDoc());
      result["_id"] = id;
      columns.forEach(({ field }, index) => setField(result, field, accumulators[index]?.result()));
      yield result;
    }
  };
}

const COUNT: Doc = { count: { $sum: 1 } };

export function compileBucket(spec: Value, context: ExpressionContext): Stage {
  if (!isDoc(spec)) throw new CommandError(40201, `Argument to $bucket stage must be an object, but found type: ${typeName(spec)}.`);
  for (const field in spec) {
    if (!["groupBy", "boundaries", "default", "output"].includes(field)) throw new CommandError(40197, `Unrecognized option to $bucket: ${field}.`);
  }
  const { groupBy, boundaries, default: otherwise, output = COUNT } = spec;
  if (groupBy === undefined || boundaries === undefined) throw new CommandError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  if (!isDoc(groupBy) && !(typeof groupBy === "string" && groupBy.startsWith("$"))) {
    throw new CommandError(40202, "The $bucket 'groupBy' field must be defined as a $-prefixed path or an expression.");
  }
  if (!Array.isArray(boundaries)) throw new CommandError(40200, `The $bucket 'boundaries' field must be an array, but found type: ${typeName(boundaries)}.`);
  const bounds = boundaries.map((bound) => compileExpression(bound, context)(undefined));
  checkBoundaries(bounds, otherwise);
  if (!isDoc(output)) throw new CommandError(40196, `The $bucket 'output' field must be an object, but found type: ${typeName(output)}.`);
  const by = compileExpression(groupBy, context);
  const columns = Object.keys(output).map((field) => parseColumn(field, output[field], context));
  const group = grouping((doc) => {
    const value = by(doc);
    const above = bounds.findIndex((bound) => compare(value, bound) < 0);
    if (above > 0) return bounds[above - 1];
    if (otherwise === undefined) throw new CommandError(40066, "$switch could not find a matching branch for an input, and no default was specified.");
    return otherwise;
  }, columns);
  return (docs) => [...group(docs)].sort((a, b) => compare(a["_id"], b["_id"]));
}

function checkBoundaries(bounds: readonly Value[], otherwise: Value): void {
  if (bounds.length < 2) throw new CommandError(40192, `The $bucket 'boundaries' field must have at least 2 values, but found ${bounds.length} value(s).`);
  for (let index = 1; index < bounds.length; index++) {
    const order = compare(bounds[index - 1], bounds[index]);
    if (kindOf(bounds[index - 1]) !== kindOf(bounds[index])) throw new CommandError(40193, "All values in the 'boundaries' option to $bucket must have the same type.");
    if (order >= 0) throw new CommandError(40194, `The 'boundaries' option to $bucket must be sorted, but elements ${index - 1} and ${index} are not in ascending order.`);
  }
  if (otherwise === undefined) return;
  if (isDoc(otherwise) || (typeof otherwise === "string" && otherwise.startsWith("$"))) throw new CommandError(40195, "The $bucket 'default' field must be a constant expression.");
  if (compare(otherwise, bounds[0]) >= 0 && compare(otherwise, bounds[bounds.length - 1]) < 0) {
    throw new CommandError(40199, "The $bucket 'default' field must be less than the lowest boundary or greater than or equal to the highest boundary.");
  }
}

function kindOf(value: Value): string {
  const name = typeName(value);
  return ["int", "long", "double", "decimal"].includes(name) ? "number" : name;
}
