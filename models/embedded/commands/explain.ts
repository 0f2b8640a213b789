import { getField, isDoc } from "../bson/values";
import type { Doc } from "../bson/values";
import { CommandError, notSupported } from "../errors";
import { compileFilter } from "../query/match";
import { distinctIndex } from "../plan/distinct";
import { hasSort } from "../plan/plan";
import type { Plan } from "../plan/plan";
import type { Access, IndexScan } from "../plan/scan";
import { planFor, select } from "../query/select";
import type { Selection } from "../query/select";
import { docOf } from "../storage/doc";
import { leadOf, parsePipeline, selectionFor } from "./aggregate";
import type { Context } from "./context";
import { collectionName, flag, numberOf, optionalDoc } from "./fields";
import { buildInfo } from "./handshake";
import { parseFind } from "./read";
import type { Command, Reply } from "./types";

/** explain: the plan that the command would use, with the figures of a run when they are asked for. Nothing is written. */
interface Explained {
  selection: Omit<Selection, "collection">;
  /** Stages above the read, outermost first. */
  above: string[];
}

function explain(context: Context): Reply {
  const inner = optionalDoc(context.command, "explain");
  if (!inner) throw new CommandError(14, "explain needs a command");
  const { selection, above } = explained(context, inner);
  const name = collectionName(inner);
  const namespace = context.namespace(name);
  const collection = context.collection(name);
  const verbosity = getField(context.command, "verbosity") ?? "allPlansExecution";
  const complete = collection ? { ...selection, collection } : undefined;
  const plan: Plan = complete ? planFor(complete) : { access: { kind: "collection", reverse: false }, sorted: !hasSort(selection.sort), exact: false };
  const leaps = complete && collection && Object.keys(inner)[0] === "distinct" && Object.keys(selection.filter).length === 0 ? distinctIndex(collection, selection.view, String(inner.key)) : undefined;
  const winningPlan = leaps ? docOf({ stage: "DISTINCT_SCAN", indexName: leaps.spec.name, keyPattern: leaps.spec.key }) : complete ? treeOf(plan, complete, above) : docOf({ stage: "EOF" });
  const reply = docOf({
    explainVersion: "1",
    queryPlanner: docOf({ namespace, parsedQuery: selection.filter, winningPlan, rejectedPlans: [] }),
  });
  if (verbosity !== "queryPlanner") reply.executionStats = complete ? run(complete, plan) : docOf({ executionSuccess: true, nReturned: 0, totalKeysExamined: 0, totalDocsExamined: 0 });
  reply.command = inner;
  reply.serverInfo = buildInfo();
  reply.ok = 1;
  return reply;
}

function explained(context: Context, inner: Doc): Explained {
  const [command = ""] = Object.keys(inner);
  switch (command.toLowerCase()) {
    case "find": {
      const { projection, ...selection } = parseFind(context, inner);
      return { selection, above: [...(selection.limit ? ["LIMIT"] : []), ...(projection && Object.keys(projection).length > 0 ? ["PROJECTION_DEFAULT"] : [])] };
    }
    case "aggregate": {
      const lead = leadOf(parsePipeline(inner));
      return { selection: selectionFor(context, lead), above: [...lead.rest.flatMap((stage) => Object.keys(stage).slice(0, 1)).reverse(), ...(lead.limit > 0 ? ["LIMIT"] : [])] };
    }
    case "count":
    case "distinct":
      return { selection: byFilter(context, optionalDoc(inner, "query"), inner), above: [command.toUpperCase()] };
    case "findandmodify":
      return { selection: { ...byFilter(context, optionalDoc(inner, "query"), inner), sort: optionalDoc(inner, "sort"), limit: 1 }, above: [flag(inner, "remove") ? "DELETE" : "UPDATE"] };
    case "update":
    case "delete": {
      const list = getField(inner, command === "update" ? "updates" : "deletes");
      const [statement] = Array.isArray(list) ? list : [];
      if (!isDoc(statement)) throw new CommandError(2, `explain of ${command} needs one statement`);
      const limit = command === "update" ? (flag(statement, "multi") ? 0 : 1) : numberOf(getField(statement, "limit"));
      return { selection: { ...byFilter(context, optionalDoc(statement, "q"), statement), limit }, above: [command.toUpperCase()] };
    }
    default:
      throw notSupported(`explain of ${command}`);
  }
}

function byFilter(context: Context, filter: Doc = docOf({}), from: Doc): Omit<Selection, "collection"> {
  return { view: context.view(), filter, matcher: compileFilter(filter, { now: context.now }), hint: getField(from, "hint") };
}

/** The stages as drivers print them: each is the input of the one above it. */
function treeOf(plan: Plan, { sort, skip = 0, filter }: Selection, above: readonly string[]): Doc {
  let tree = accessTree(plan.access, plan.exact ? undefined : filter);
  if (!plan.sorted && hasSort(sort)) tree = docOf({ stage: "SORT", sortPattern: sort, inputStage: tree });
  if (skip > 0) tree = docOf({ stage: "SKIP", skipAmount: skip, inputStage: tree });
  for (const stage of [...above].reverse()) tree = docOf({ stage, inputStage: tree });
  return tree;
}

function accessTree(access: Access, filter: Doc | undefined): Doc {
  const filtered = filter && Object.keys(filter).length > 0 ? { filter } : {};
  if (access.kind === "collection") return docOf({ stage: "COLLSCAN", ...filtered, direction: access.reverse ? "backward" : "forward" });
  const scans = access.kind === "index" ? indexTree(access) : docOf({ stage: "OR", inputStages: access.branches.map((branch) => accessTree(branch, undefined)).map((branch) => (branch.inputStage ?? branch) as Doc) });
  return docOf({ stage: "FETCH", ...filtered, inputStage: scans });
}

function indexTree({ index, groups, merged, reverse }: IndexScan): Doc {
  const scan = docOf({
    stage: "IXSCAN",
    keyPattern: index.spec.key,
    indexName: index.spec.name,
    isMultiKey: index.multikey.size > 0,
    isUnique: index.unique,
    isSparse: index.spec.sparse,
    isPartial: index.partial !== undefined,
    direction: reverse ? "backward" : "forward",
    // Key bytes, not values: enough to see how many seeks the scan makes.
    ranges: groups.reduce((sum, group) => sum + group.ranges.length, 0),
  });
  return merged ? docOf({ stage: "SORT_MERGE", inputStages: groups.map(() => scan) }) : scan;
}

function run(selection: Selection, plan: Plan): Doc {
  const stats = { keysExamined: 0, docsExamined: 0 };
  const started = performance.now();
  let nReturned = 0;
  for (const _ of select({ ...selection, stats }, plan)) nReturned++;
  return docOf({
    executionSuccess: true,
    nReturned,
    executionTimeMillis: Math.round(performance.now() - started),
    totalKeysExamined: stats.keysExamined,
    totalDocsExamined: stats.docsExamined,
  });
}

export const EXPLAIN_COMMANDS: readonly Command[] = [{ name: "explain", run: explain }];
