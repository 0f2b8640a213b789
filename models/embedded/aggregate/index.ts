/** Pipelines, stage by stage. What an index can answer in front of them is decided in commands/aggregate.ts. */
import type { Doc } from "../bson/values";
import { compileStages } from "./stages";

export interface PipelineEnvironment {
  /** Documents of another collection of the database; the filter is one that an index can answer. */
  fetch(collection: string, filter: Doc, limit?: number): Iterable<Doc>;
  now: Date;
  collection: string;
  variables?: Doc;
}

/** Compiles all stages first: a malformed pipeline fails before a document is read. */
export function runPipeline(docs: Iterable<Doc>, stages: Doc[], env: PipelineEnvironment): Iterable<Doc> {
  return compileStages(stages, env)(docs);
}
