/** Updates written as a pipeline: only the stages that turn one document into one. */
import { CommandError } from "../errors";
import { isDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import type { ExpressionContext } from "./expression";
import { compileAddFields, compileProjectStage, compileReplaceRoot, compileUnset, newRootOf } from "./stages";

const STAGES: ReadonlyMap<string, (spec: Value, context: ExpressionContext) => (doc: Doc) => Doc> = new Map([
  ["$set", compileAddFields],
  ["$addFields", compileAddFields],
  ["$unset", compileUnset],
  ["$project", compileProjectStage],
  ["$replaceRoot", (spec: Value, context: ExpressionContext) => compileReplaceRoot(newRootOf(spec), context)],
  ["$replaceWith", compileReplaceRoot],
]);

const ELSEWHERE = new Set(["$match", "$sort", "$skip", "$limit", "$count", "$unwind", "$group", "$lookup", "$facet", "$out", "$merge", "$sample", "$bucket", "$sortByCount", "$unionWith", "$graphLookup", "$geoNear", "$redact", "$bucketAuto", "$setWindowFields"]);

export function compileUpdatePipeline(stages: Doc[], context: ExpressionContext): (doc: Doc) => Doc {
  const changes = stages.map((stage) => {
    const [name, another] = isDoc(stage) ? Object.keys(stage) : [];
    if (name === undefined || another !== undefined) throw new CommandError(40323, "A pipeline stage specification object must contain exactly one field.");
    const compile = STAGES.get(name);
    if (compile) return compile(stage[name], { ...context, lazy: true });
    if (ELSEWHERE.has(name)) throw new CommandError(72, `${name} is not allowed to be used within an update`);
    throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
  });
  return (doc) => changes.reduce((current, change) => change(current), doc);
}
