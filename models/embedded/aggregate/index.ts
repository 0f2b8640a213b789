/** Pipelines, stage by stage. What an index can answer in front of them is decided in commands/aggregate.ts. */
import type { Doc } from "../bson/values";
import { compilePipeline } from "./stages";

export interface PipelineEnvironment {
  /** Documents of another collection of the database; the filter is one that an index can answer. */
  fetch(collection: string, filter: Doc, limit?: number): Iterable<Doc>;
  now: Date;
  collection: string;
  variables?: Doc;
}

/**
 * Compiles the stages first: a malformed pipeline fails before a document is read. `whole` is the pipeline as it was sent;
 * `stages` what is left of it when the query in front has answered the first ones.
 */
export function runPipeline(docs: Iterable<Doc>, stages: Doc[], env: PipelineEnvironment, whole: Doc[] = stages): Iterable<Doc> {
  return compilePipeline(stages, env, whole)(docs);
}
