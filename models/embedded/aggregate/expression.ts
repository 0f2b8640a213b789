import { notSupported } from "../errors";
import type { Doc, Value } from "../bson/values";

export interface ExpressionContext {
  now: Date;
  variables?: Doc;
}

/** One document to one value; undefined is "missing". */
export type Evaluate = (root: Value) => Value;

export function compileExpression(_spec: Value, _context: ExpressionContext): Evaluate {
  throw notSupported("Expressions");
}
