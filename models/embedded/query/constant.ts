import { readsOf } from "../aggregate/reads";
import { truthy } from "./parse-filter";
import type { Condition } from "./parse-filter";

/** What a condition says whatever the document is: MongoDB leaves such parts out of a filter. Undefined where it hangs on the document. */
export function constantOf(condition: Condition): boolean | undefined {
  switch (condition.kind) {
    case "and":
      return conjunction(condition.children.map(constantOf));
    case "or":
      return inverse(conjunction(condition.children.map((child) => inverse(constantOf(child)))));
    case "nor":
      return conjunction(condition.children.map((child) => inverse(constantOf(child))));
    case "not":
      return inverse(constantOf(condition.child));
    case "in":
      return condition.values.length === 0 && condition.regexes.length === 0 ? false : undefined;
    case "expr": {
      const { constant } = readsOf(condition.expression);
      return constant && truthy(constant.value);
    }
    case "never":
      return false;
    default:
      return undefined;
  }
}

function conjunction(parts: readonly (boolean | undefined)[]): boolean | undefined {
  if (parts.includes(false)) return false;
  return parts.includes(undefined) ? undefined : true;
}

function inverse(part: boolean | undefined): boolean | undefined {
  return part === undefined ? undefined : !part;
}
