/** The stages of a pipeline, each compiled to a function from documents to documents. */
import { bigIntOf, isInteger, numberOf } from "../bson/arithmetic";
import { typeName } from "../bson/compare";
import { Long, copyDoc, getField, hasField, isDoc, isNumber, newDoc, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import { compileFilter } from "../query/match";
import { compileStageProjection, compileTree, compute, newTree, plant } from "../query/project";
import type { Tree } from "../query/project";
import { compileSort, requireFieldPath } from "../query/sort";
import { withoutUnread } from "./dependencies";
import { compileExpression } from "./expression";
import type { ExpressionContext } from "./expression";
import { compileBucket, compileGroup } from "./group";
import type { Stage } from "./group";
import type { PipelineEnvironment } from "./index";
import { compileLookup } from "./lookup";
import { withValue } from "./nested";
import { withMatchesFirst } from "./order";
import { asMade, keepPlaces, vacate } from "./places";

export function* mapped(docs: Iterable<Doc>, change: (doc: Doc) => Doc): Iterable<Doc> {
  for (const doc of docs) yield change(doc);
}

function compileMatch(spec: Value, environment: PipelineEnvironment): Stage {
  if (!isDoc(spec)) throw new CommandError(15959, "the match filter must be an expression in an object");
  const matcher = compileFilter(spec, environment);
  return function* match(docs) {
    for (const doc of docs) if (matcher.matches(doc)) yield doc;
  };
}

export function compileProjectStage(spec: Value, context: ExpressionContext): (doc: Doc) => Doc {
  if (!isDoc(spec)) throw new CommandError(15969, "$project specification must be an object");
  return compileStageProjection(spec, context);
}

export function compileAddFields(spec: Value, context: ExpressionContext, name = "$addFields"): (doc: Doc) => Doc {
  if (!isDoc(spec)) throw new CommandError(40272, `${name} specification stage must be an object, got ${typeName(spec)}`);
  const tree = newTree();
  for (const field in spec) plantFields(tree, field, spec[field], context);
  return (doc) => {
    const result = asMade(copyDoc(doc));
    keepPlaces(doc, result);
    compute(result, tree, doc);
    return result;
  };
}

/** A nested object is nested paths; only an expression or a scalar is a value. */
function plantFields(tree: Tree, path: string, value: Value, context: ExpressionContext): void {
  requireFieldPath(path);
  if (isDoc(value)) {
    const fields = Object.keys(value);
    if (fields.length > 0 && !fields[0]?.startsWith("$")) {
      for (const field of fields) {
        if (field.includes(".")) throw new CommandError(40183, `FieldPath field names may not contain '.' in a nested object: ${field}`);
        plantFields(tree, `${path}.${field}`, value[field], context);
      }
      return;
    }
  }
  plant(tree, path, { kind: "compute", evaluate: compileExpression(value, context) });
}

export function compileUnset(spec: Value): (doc: Doc) => Doc {
  const paths = Array.isArray(spec) ? spec : [spec];
  if (paths.length === 0) throw new CommandError(31119, "$unset specification must be a string or an array with at least one field");
  const tree = newTree();
  for (const path of paths) {
    if (typeof path !== "string") throw new CommandError(Array.isArray(spec) ? 31120 : 31002, "$unset specification must be a string or an array containing only string values");
    requireFieldPath(path);
    plant(tree, path, { kind: "exclude" });
  }
  return compileTree(tree, "exclude");
}

export function compileReplaceRoot(spec: Value, context: ExpressionContext): (doc: Doc) => Doc {
  const evaluate = compileExpression(spec, context);
  return (doc) => {
    const root = evaluate(doc);
    if (!isDoc(root)) throw new CommandError(40228, `'newRoot' expression must evaluate to an object, but resulting value was of type '${typeName(root)}'`);
    return root;
  };
}

export function newRootOf(spec: Value): Value {
  if (!isDoc(spec)) throw new CommandError(40229, `expected an object as specification for $replaceRoot stage, got ${typeName(spec)}`);
  for (const field in spec) if (field !== "newRoot") throw new CommandError(40230, `unrecognized option to $replaceRoot stage: ${field}`);
  if (spec["newRoot"] === undefined) throw new CommandError(40231, "no newRoot specified for the $replaceRoot stage");
  return spec["newRoot"];
}

function compileSortStage(spec: Value): Stage {
  if (!isDoc(spec)) throw new CommandError(15973, "the $sort key specification must be an object");
  if (Object.keys(spec).length === 0) throw new CommandError(15976, "$sort stage must have at least one sort key");
  const sort = compileSort(spec);
  return (docs) => sort.sort([...docs]);
}

function countOf(name: "$skip" | "$limit", spec: Value): number {
  const code = name === "$skip" ? 5107200 : 5107201;
  const number = isNumber(spec) ? numberOf(spec) : NaN;
  if (!isNumber(spec)) throw new CommandError(code, `invalid argument to ${name} stage: Expected a number in: ${name}`);
  if (!Number.isInteger(number)) throw new CommandError(code, `invalid argument to ${name} stage: Expected an integer: ${name}`);
  if (number < 0) throw new CommandError(code, `invalid argument to ${name} stage: Expected a non-negative number in: ${name}`);
  if (number === 0 && name === "$limit") throw new CommandError(15958, "the limit must be positive");
  return number;
}

function compileSkip(spec: Value): Stage {
  const count = countOf("$skip", spec);
  return function* skip(docs) {
    let passed = 0;
    for (const doc of docs) if (++passed > count) yield doc;
  };
}

function compileLimit(spec: Value): Stage {
  const count = countOf("$limit", spec);
  return function* limit(docs) {
    let given = 0;
    for (const doc of docs) {
      yield doc;
      if (++given >= count) return;
    }
  };
}

export function countField(spec: Value): string {
  if (typeof spec !== "string") throw new CommandError(40156, "the count field must be a non-empty string");
  if (spec === "") throw new CommandError(40157, "the count field must be a non-empty string");
  if (spec.startsWith("$")) throw new CommandError(40158, "the count field cannot be a $-prefixed path");
  if (spec.includes("\0")) throw new CommandError(40159, "the count field cannot contain a null byte");
  if (spec.includes(".")) throw new CommandError(40160, "the count field cannot contain '.'");
  return spec;
}

function compileCount(spec: Value): Stage {
  const field = countField(spec);
  return function* count(docs) {
    let number = 0;
    for (const _doc of docs) number += 1;
    if (number === 0) return;
    const result = asMade(newDoc());
    setField(result, field, number);
    yield result;
  };
}

function compileSortByCount(spec: Value, environment: PipelineEnvironment): Stage {
  if (isDoc(spec)) {
    if (Object.keys(spec)[0]?.startsWith("$") !== true) throw new CommandError(40147, "the sortByCount field must be defined as a $-prefixed path or an expression");
  } else if (typeof spec !== "string") throw new CommandError(40149, "the sortByCount field must be specified as a string or as an object");
  else if (!spec.startsWith("$")) throw new CommandError(40148, "the sortByCount field must be defined as a $-prefixed path or an expression");
  const group = compileGroup({ _id: spec, count: { $sum: 1 } }, environment);
  const sort = compileSort({ count: -1 });
  return (docs) => sort.sort([...group(docs)]);
}

function compileUnwind(spec: Value): Stage {
  const options = typeof spec === "string" ? { path: spec } : spec;
  if (!isDoc(options)) throw new CommandError(15981, `expected either a string or an object as specification for $unwind stage, got ${typeName(spec)}`);
  const given: Doc = options;
  for (const field in given) {
    if (!["path", "preserveNullAndEmptyArrays", "includeArrayIndex"].includes(field)) throw new CommandError(28811, `unrecognized option to $unwind stage: ${field}`);
  }
  const { path, preserveNullAndEmptyArrays: preserve = false, includeArrayIndex: indexField } = given;
  if (path === undefined) throw new CommandError(28812, "no path specified to $unwind stage");
  if (typeof path !== "string") throw new CommandError(28808, "expected a string as the path for $unwind stage");
  if (!path.startsWith("$")) throw new CommandError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  if (typeof preserve !== "boolean") throw new CommandError(28809, "expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage");
  if (indexField !== undefined && (typeof indexField !== "string" || indexField === "")) throw new CommandError(28810, "expected a non-empty string for the includeArrayIndex option to $unwind stage");
  if (indexField?.startsWith("$") === true) throw new CommandError(28822, `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${indexField}`);
  requireFieldPath(path.slice(1));
  if (indexField !== undefined) requireFieldPath(indexField);
  const parts = path.slice(1).split(".");
  return function* unwind(docs) {
    for (const doc of docs) {
      const value = valueInDocs(doc, parts);
      if (!Array.isArray(value)) {
        if ((value !== null && value !== undefined) || preserve) yield numbered(doc, indexField, null);
      } else if (value.length === 0) {
        if (preserve) yield numbered(without(doc, parts), indexField, null);
      } else {
        for (let index = 0; index < value.length; index++) {
          yield numbered(withValue(doc, parts, value[index]), indexField, Long.fromNumber(index));
        }
      }
    }
  };
}

/** Unlike a field path in an expression, the path of `$unwind` goes through documents only. */
function valueInDocs(doc: Doc, parts: readonly string[]): Value {
  let current: Value = doc;
  for (const part of parts) {
    if (!isDoc(current)) return undefined;
    current = getField(current, part);
  }
  return current;
}

function without(doc: Doc, parts: readonly string[]): Doc {
  const [field = "", ...rest] = parts;
  const copy = asMade(copyDoc(doc));
  keepPlaces(doc, copy);
  const inner = getField(doc, field);
  if (rest.length === 0) vacate(copy, field);
  else if (isDoc(inner)) copy[field] = without(inner, rest);
  return copy;
}

function numbered(doc: Doc, field: string | undefined, index: Value): Doc {
  return field === undefined ? doc : withValue(doc, field.split("."), index);
}

const NOT_IN_FACET = new Set(["$facet", "$out", "$merge", "$geoNear", "$indexStats", "$collStats", "$planCacheStats", "$search", "$searchMeta", "$vectorSearch", "$changeStream"]);

function compileFacet(spec: Value, environment: PipelineEnvironment): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) throw new CommandError(40169, "the $facet specification must be a non-empty object");
  const facets = Object.keys(spec).map((field) => {
    if (field.includes(".")) throw new CommandError(16412, `$facet pipeline names must follow the naming rules of field path expressions: '${field}'`);
    requireFieldPath(field);
    const stages = spec[field];
    if (!Array.isArray(stages)) throw new CommandError(40170, `arguments to $facet must be arrays, ${field} is type ${typeName(stages)}`);
    for (const stage of stages) {
      const name = isDoc(stage) ? Object.keys(stage)[0] : undefined;
      if (name !== undefined && NOT_IN_FACET.has(name)) throw new CommandError(40600, `${name} is not allowed to be used within a $facet stage`);
    }
    return { field, stage: compileStages(stages as Doc[], environment) };
  });
  return function* facet(docs) {
    const input = [...docs];
    const result = asMade(newDoc());
    for (const { field, stage } of facets) setField(result, field, [...stage(input)]);
    yield result;
  };
}

function compileUnionWith(spec: Value, environment: PipelineEnvironment): Stage {
  const given: Doc = typeof spec === "string" ? { coll: spec } : isDoc(spec) ? spec : {};
  const { coll, pipeline = [] } = given;
  if (typeof coll !== "string") throw isDoc(spec) && Array.isArray(pipeline) ? notSupported("$unionWith without a collection") : new CommandError(9, "the $unionWith stage specification must be an object or string");
  if (!Array.isArray(pipeline)) throw new CommandError(14, "'pipeline' option must be specified as an array");
  const stage = compilePipeline(pipeline as Doc[], { ...environment, collection: coll });
  return function* union(docs) {
    yield* docs;
    yield* stage(environment.fetch(coll, newDoc()));
  };
}

function compileSample(spec: Value): Stage {
  if (!isDoc(spec)) throw new CommandError(28745, "the $sample stage specification must be an object");
  for (const field in spec) if (field !== "size") throw new CommandError(28748, `unrecognized option to $sample: ${field}`);
  const { size } = spec;
  if (size === undefined) throw new CommandError(28749, "$sample stage must specify a size");
  if (!isNumber(size)) throw new CommandError(28746, "size argument to $sample must be a number");
  if (numberOf(size) <= 0) throw new CommandError(28747, "size argument to $sample must be a positive integer");
  const wanted = isInteger(size) ? Number(bigIntOf(size)) : Math.trunc(numberOf(size));
  return (docs) => {
    const all = [...docs];
    for (let index = 0; index < Math.min(wanted, all.length); index++) {
      const other = index + Math.floor(Math.random() * (all.length - index));
      const [a, b] = [all[index], all[other]];
      if (a && b) [all[index], all[other]] = [b, a];
    }
    return all.slice(0, wanted);
  };
}

const perDoc =
  (compile: (spec: Value, context: ExpressionContext) => (doc: Doc) => Doc) =>
  (spec: Value, environment: PipelineEnvironment): Stage => {
    const change = compile(spec, environment);
    return (docs) => mapped(docs, change);
  };

const STAGES: ReadonlyMap<string, (spec: Value, environment: PipelineEnvironment) => Stage> = new Map([
  ["$match", compileMatch],
  ["$project", perDoc(compileProjectStage)],
  ["$addFields", perDoc(compileAddFields)],
  ["$set", perDoc(compileAddFields)],
  ["$unset", perDoc(compileUnset)],
  ["$replaceRoot", perDoc((spec, context) => compileReplaceRoot(newRootOf(spec), context))],
  ["$replaceWith", perDoc(compileReplaceRoot)],
  ["$sort", compileSortStage],
  ["$skip", compileSkip],
  ["$limit", compileLimit],
  ["$count", compileCount],
  ["$unwind", compileUnwind],
  ["$group", compileGroup],
  ["$sortByCount", compileSortByCount],
  ["$bucket", compileBucket],
  ["$lookup", (spec: Value, environment: PipelineEnvironment) => compileLookup(spec, environment, compilePipeline)],
  ["$facet", compileFacet],
  ["$unionWith", compileUnionWith],
  ["$sample", compileSample],
]);
const REFUSED = new Set(
  (
    "$bucketAuto $changeStream $changeStreamSplitLargeEvent $collStats $currentOp $densify $documents $fill $geoNear " +
    "$graphLookup $indexStats $listLocalSessions $listSessions $merge $out $planCacheStats $redact $search $searchMeta " +
    "$setWindowFields $shardedDataDistribution $vectorSearch $rankFusion $scoreFusion $querySettings $listSampledQueries"
  ).split(" "),
);

/**
 * A pipeline over the documents of a collection. `whole` is the pipeline as it was sent, where the query in front has
 * answered the first stages.
 */
export function compilePipeline(stages: readonly Value[], environment: PipelineEnvironment, whole = stages): Stage {
  // Compiled in the order in which they were sent, so that the first malformed stage gives the error.
  const given = stages.map((stage) => compileStage(stage, environment));
  const read = withoutUnread(whole as readonly Doc[]);
  return inOrder(stages as readonly Doc[], given, environment, read && ((docs) => mapped(docs, read)));
}

/** Stages over documents of a pipeline that is under way. */
function compileStages(stages: readonly Value[], environment: PipelineEnvironment): Stage {
  return inOrder(stages as readonly Doc[], stages.map((stage) => compileStage(stage, environment)), environment);
}

/** `read` stands behind the filters and the order in front: what only they ask about may be taken away after them. */
function inOrder(stages: readonly Doc[], given: readonly Stage[], environment: PipelineEnvironment, read?: Stage): Stage {
  const ordered = withMatchesFirst(stages);
  // Of sorts in a row only the last counts, so an error of an earlier one never occurs.
  const isSort = (stage: Doc | undefined): boolean => stage !== undefined && hasField(stage, "$sort");
  const kept = ordered.filter((stage, index) => !(isSort(stage) && isSort(ordered[index + 1])));
  const needed = kept.map((stage) => given[stages.indexOf(stage)] ?? compileStage(stage, environment));
  if (read) {
    const front = kept.findIndex((stage) => !isSort(stage) && !hasField(stage, "$match"));
    needed.splice(front < 0 ? kept.length : front, 0, read);
  }
  return (docs) => needed.reduce((input, stage) => stage(input), docs);
}

/** MongoDB looks over all stages, inner pipelines included, before it reads one of them: their names, and the outlines of a few. */
export function requireStageNames(stages: readonly Value[]): void {
  for (const stage of stages) if (!isDoc(stage)) throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  for (const stage of stages as readonly Doc[]) {
    const [name, another] = Object.keys(stage);
    if (name === undefined || another !== undefined) throw new CommandError(40323, "A pipeline stage specification object must contain exactly one field.");
    requireStageName(name);
    const spec = stage[name];
    if (name === "$facet" && (!isDoc(spec) || Object.keys(spec).length === 0)) throw new CommandError(40169, "the $facet specification must be a non-empty object");
    if (name === "$out" && typeof spec !== "string" && !isDoc(spec)) throw new CommandError(16990, `$out only supports a string or object argument, but found ${typeName(spec)}`);
    if (!isDoc(spec)) continue;
    if (name === "$lookup" && spec["as"] !== undefined && typeof spec["as"] !== "string") throw new CommandError(14, "BSON field '$lookup.as' is the wrong type, expected type 'string'");
    if (name === "$facet") for (const inner of Object.values(spec)) if (Array.isArray(inner)) requireStageNames(inner);
    const inner = name === "$lookup" || name === "$unionWith" ? spec["pipeline"] : undefined;
    if (Array.isArray(inner)) requireStageNames(inner);
  }
}

function requireStageName(name: string): void {
  if (!STAGES.has(name) && !REFUSED.has(name)) throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

function compileStage(stage: Value, environment: PipelineEnvironment): Stage {
  if (!isDoc(stage)) throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  const [name, another] = Object.keys(stage);
  if (name === undefined || another !== undefined) throw new CommandError(40323, "A pipeline stage specification object must contain exactly one field.");
  const compile = STAGES.get(name);
  if (compile) return compile(stage[name], environment);
  if (name === "$out" && typeof stage[name] !== "string" && !isDoc(stage[name])) {
    throw new CommandError(16990, `$out only supports a string or object argument, but found ${typeName(stage[name])}`);
  }
  requireStageName(name);
  throw notSupported(`The stage ${name}`);
}
