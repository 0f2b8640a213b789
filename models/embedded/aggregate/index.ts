import type { Doc } from "../bson/values";
import { notSupported } from "../errors";
export interface PipelineEnvironment { now: Date; collection: string; variables?: Doc; fetch(collection: string, filter: Doc, limit?: number): Doc[] }
export function runPipeline(_docs: Iterable<Doc>, _stages: readonly Doc[], _env: PipelineEnvironment): Iterable<Doc> { throw notSupported("pipelines"); }
