/** The document that an upsert starts from: the equalities of its filter. */
import { CommandError } from "../errors";
import { newDoc } from "../bson/values";
import type { Doc, Value } from "../bson/values";
import { parseFilter } from "../query/parse-filter";
import type { Condition } from "../query/parse-filter";
import { Draft } from "./draft";

/** Equalities also come from `$in`, `$all` and `$or` with one entry; a path met twice is refused. A replacement takes `_id` only. */
export function seedOf(filter: Doc, onlyId: boolean): Doc {
  const equalities = new Map<string, Value>();
  collect(parseFilter(filter), equalities, onlyId);
  const draft = new Draft(newDoc());
  const paths = [...equalities.keys()];
  for (const path of paths) {
    const below = paths.find((other) => other.startsWith(`${path}.`));
    if (below !== undefined) {
      throw new CommandError(54, `cannot infer query fields to set, both paths '${below}' and '${path}' are matched`);
    }
  }
  for (const [path, value] of equalities) draft.set(path.split("."), value);
  return draft.root;
}

function collect(condition: Condition, equalities: Map<string, Value>, onlyId: boolean): void {
  const [only] = "children" in condition ? condition.children : [];
  if (condition.kind === "and") for (const child of condition.children) collect(child, equalities, onlyId);
  else if (condition.kind === "or" && condition.children.length === 1 && only) collect(only, equalities, onlyId);
  else if (condition.kind === "eq") add(condition.path, condition.value);
  else if (condition.kind === "in" && condition.regexes.length === 0 && condition.values.length === 1) {
    add(condition.path, condition.values[0]);
  }

  function add(path: string, value: Value): void {
    if (onlyId && path !== "_id" && !path.startsWith("_id.")) return;
    if (equalities.has(path)) throw new CommandError(54, `cannot infer query fields to set, path '${path}' is matched twice`);
    equalities.set(path, value);
  }
}
