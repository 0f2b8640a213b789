import type { Document } from "bson";
import { canonical } from "./rows";

/**
 * How far a command fixes its own answer. `list`: documents and their order; `set`: the documents only;
 * `undefined`: two correct servers may answer differently, so nothing can be compared.
 */
export type Determinism = "list" | "set" | "undefined";

export function determinismOf(op: Document, docCount: number): Determinism {
  switch (Object.keys(op)[0]) {
    case "find":
      return ofFind(op);
    case "aggregate":
      return ofPipeline(op.pipeline as Document[]);
    case "findAndModify":
      return chooses(op.query as Document, docCount) || "_id" in ((op.sort as Document | undefined) ?? {}) ? "list" : "undefined";
    case "update":
      return (op.updates as Document[]).every((one) => one.multi === true || chooses(one.q as Document, docCount)) ? "list" : "undefined";
    case "delete":
      return (op.deletes as Document[]).every((one) => Number(one.limit) === 0 || chooses(one.q as Document, docCount)) ? "list" : "undefined";
    default:
      return "list";
  }
}

/** Whether a filter can meet one document at most. */
function chooses(filter: Document, docCount: number): boolean {
  if (docCount <= 1) return true;
  const id: unknown = filter._id;
  if (id === undefined || id === null) return false;
  return !(typeof id === "object" && Object.keys(id).some((key) => key.startsWith("$")));
}

function ofFind(op: Document): Determinism {
  const sort = op.sort as Document | undefined;
  if (sort && "_id" in sort) return "list";
  return op.skip !== undefined || op.limit !== undefined ? "undefined" : "set";
}

const ORDER_SENSITIVE_ACCUMULATORS = new Set(["$push", "$first", "$last", "$addToSet", "$firstN", "$lastN"]);

function ofPipeline(pipeline: unknown): Determinism {
  if (!Array.isArray(pipeline)) return "list";
  // Before a $sort the order is the server's choice; after one that ends in a distinct _id it is fixed.
  let ordered = false;
  let idDistinct = true;
  // An _id that a stage has made may be an array, whose elements count one by one where other fields stand beside it in a sort.
  let idWhole = true;
  for (const stage of pipeline as Document[]) {
    const name = Object.keys(stage)[0];
    const body: unknown = name === undefined ? undefined : stage[name];
    switch (name) {
      case "$sort":
        ordered = idDistinct && typeof body === "object" && body !== null && "_id" in body && (idWhole || Object.keys(body).length === 1);
        break;
      case "$set":
      case "$addFields":
        if (Object.keys(body as Document).some((path) => path.split(".")[0] === "_id")) idDistinct = false;
        break;
      case "$limit":
      case "$skip":
        if (!ordered) return "undefined";
        break;
      case "$group":
        if (!ordered && Object.values(body as Document).some(dependsOnOrder)) return "undefined";
        ordered = false;
        idDistinct = true;
        idWhole = false;
        break;
      case "$sortByCount":
      case "$bucketAuto":
        // Equal counts stand in any order.
        ordered = false;
        idDistinct = true;
        idWhole = false;
        break;
      case "$bucket":
        ordered = true;
        idDistinct = true;
        break;
      case "$unwind":
      case "$replaceRoot":
      case "$replaceWith":
        idDistinct = false;
        break;
      case "$project":
        if (typeof body === "object" && body !== null && "_id" in body) idDistinct = false;
        break;
      case "$count":
        ordered = true;
        idDistinct = true;
        break;
      case "$facet":
        // Its pipelines sort by _id, which orders them only while no two documents share one.
        if (!idDistinct || Object.values(body as Document).some((inner) => ofPipeline(inner) !== "list")) return "undefined";
        ordered = true;
        break;
      case "$unionWith":
        ordered = false;
        idDistinct = false;
        break;
      case "$lookup":
        if (ofPipeline(lookupPipeline(body as Document)) !== "list") return "undefined";
        break;
    }
  }
  return ordered ? "list" : "set";
}

function lookupPipeline(body: Document): unknown {
  return Array.isArray(body.pipeline) ? body.pipeline : [];
}

function dependsOnOrder(accumulator: unknown): boolean {
  return typeof accumulator === "object" && accumulator !== null && Object.keys(accumulator).some((key) => ORDER_SENSITIVE_ACCUMULATORS.has(key));
}

/** Behind a filter the plan decides which of equal numbers a group meets first, and with it the type of its _id. */
export function groupsFiltered(op: Document): boolean {
  const stages = Array.isArray(op.pipeline) ? (op.pipeline as Document[]) : [];
  return stages.some((stage) => "$match" in stage) && stages.some((stage) => "$group" in stage || "$sortByCount" in stage);
}

/** A statement over many documents stops at its first failure; which documents came before is the server's choice. */
export function mayStopAnywhere(op: Document): boolean {
  return Array.isArray(op.updates) && (op.updates as Document[]).some((one) => one.multi === true);
}

/**
 * In which order the parts of a filter are asked depends on the server's plan: an $expr may fail there for a document that another
 * part leaves out here. The other way round, failing where MongoDB does not, stays a wrong answer.
 */
export function mayFailFirst(op: Document): boolean {
  return canonical(op).includes('"$expr"');
}
