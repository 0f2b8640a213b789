import { notSupported } from "../errors";
import type { Doc } from "../bson/values";

export interface PipelineEnvironment {
  fetch(collection: string, filter: Doc, limit?: number): Iterable<Doc>;
  now: Date;
  collection: string;
  variables?: Doc;
}

export function runPipeline(_docs: Iterable<Doc>, _stages: Doc[], _env: PipelineEnvironment): Iterable<Doc> {
  throw notSupported("Aggregation");
}
