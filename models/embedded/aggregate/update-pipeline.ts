import { notSupported } from "../errors";
import type { Doc } from "../bson/values";
import type { ExpressionContext } from "./expression";

export function compileUpdatePipeline(_stages: Doc[], _context: ExpressionContext): (doc: Doc) => Doc {
  throw notSupported("An update with a pipeline");
}
