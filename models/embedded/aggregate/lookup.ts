/** `$lookup`: for each document, the documents of another collection that equal a field of it, or that a pipeline gives. */
import { CommandError, notSupported } from "../errors";
import { equal, typeName } from "../bson/compare";
import { BSONRegExp, copyDoc, hasField, isDoc, newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { parsePath, visitPath } from "../query/paths";
import { requireFieldPath } from "../query/sort";
import { compileExpression } from "./expression";
import type { Evaluate } from "./expression";
import { requireVariableName } from "./expressions/logic";
import type { Stage } from "./group";
import type { PipelineEnvironment } from "./index";
import { withValue } from "./nested";

type Compile = (stages: Doc[], environment: PipelineEnvironment) => Stage;

const FIELDS = new Set(["from", "localField", "foreignField", "as", "let", "pipeline", "_internalCollation"]);

interface Parsed {
  from: string;
  as: string;
  local: string | undefined;
  foreign: string | undefined;
  bindings: { name: string; evaluate: Evaluate }[];
  pipeline: Doc[] | undefined;
}

function parse(spec: Value, environment: PipelineEnvironment): Parsed {
  if (!isDoc(spec)) throw new CommandError(9, `the $lookup stage specification must be an object, but found ${typeName(spec)}`);
  for (const field in spec) if (!FIELDS.has(field)) throw new CommandError(9, `unknown argument to $lookup: ${field}`);
  const text = (field: string): string | undefined => {
    const value = spec[field];
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw new CommandError(9, `$lookup argument '${field}' must be a string, is type ${typeName(value)}`);
    return value;
  };
  if (isDoc(spec["from"])) throw notSupported("$lookup from another database");
  const from = text("from");
  const as = text("as");
  const local = text("localField");
  const foreign = text("foreignField");
  const { pipeline } = spec;
  if (pipeline !== undefined && !Array.isArray(pipeline)) throw new CommandError(14, "'pipeline' option must be specified as an array");
  if (as === undefined) throw new CommandError(40414, "BSON field '$lookup.as' is missing but a required field");
  if ((local === undefined) !== (foreign === undefined) || (local === undefined && pipeline === undefined)) {
    throw new CommandError(9, "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified");
  }
  if (from === undefined) throw new CommandError(9, "must specify 'from' field for a $lookup");
  for (const path of [as, local, foreign]) if (path !== undefined) requireFieldPath(path);
  return { from, as, local, foreign, bindings: parseLet(spec, environment), pipeline: pipeline as Doc[] | undefined };
}

function parseLet(spec: Doc, environment: PipelineEnvironment): Parsed["bindings"] {
  if (!hasField(spec, "let")) return [];
  const given = spec["let"];
  if (!isDoc(given)) throw new CommandError(9, `$lookup argument 'let' must be an object, is type ${typeName(given)}`);
  if (spec["pipeline"] === undefined) throw new CommandError(9, "$lookup with a 'let' argument must also specify 'pipeline'");
  return Object.keys(given).map((name) => {
    requireVariableName(name);
    return { name, evaluate: compileExpression(given[name], environment) };
  });
}

export function compileLookup(spec: Value, environment: PipelineEnvironment, compile: Compile): Stage {
  const { from, as, local, foreign, bindings, pipeline } = parse(spec, environment);
  const within = (variables: Doc): Stage | undefined =>
    pipeline && compile(pipeline, { ...environment, collection: from, variables });
  // Compiled once with empty variables, so that a malformed pipeline is refused even where nothing is joined.
  const shared = within(variablesFor(undefined, bindings, environment));
  const joined = (doc: Doc): Value => {
    const filter = local === undefined || foreign === undefined ? newDoc() : joinFilter(doc, local, foreign);
    const found = environment.fetch(from, filter);
    const stage = bindings.length === 0 ? shared : within(variablesFor(doc, bindings, environment));
    return [...(stage ? stage(found) : found)];
  };
  const path = as.split(".");
  return function* lookup(docs) {
    for (const doc of docs) yield withValue(doc, path, joined(doc));
  };
}

function variablesFor(doc: Doc | undefined, bindings: Parsed["bindings"], environment: PipelineEnvironment): Doc {
  const variables = environment.variables ? copyDoc(environment.variables) : newDoc();
  for (const { name, evaluate } of bindings) variables[name] = doc === undefined ? null : evaluate(doc);
  return variables;
}

/** Missing, null and an empty array on the left meet null and missing on the right (row agg-33). */
function joinFilter(doc: Doc, local: string, foreign: string): Doc {
  const values: Value[] = [];
  // A field that only some elements of an array have joins by those that it has.
  const add = (wanted: Value): void => {
    if (wanted === undefined) return;
    if (wanted instanceof BSONRegExp) throw notSupported("$lookup by a regular expression");
    if (!values.some((known) => equal(known, wanted))) values.push(wanted);
  };
  visitPath(doc, parsePath(local), false, (value) => {
    if (Array.isArray(value)) value.forEach(add);
    else add(value);
    return false;
  });
  if (values.length === 0) values.push(null);
  const condition = newDoc();
  if (values.length === 1) condition["$eq"] = values[0];
  else condition["$in"] = values;
  const filter = newDoc();
  filter[foreign] = condition;
  return filter;
}
