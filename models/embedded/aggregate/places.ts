/**
 * Places of missing fields. A field that a stage computes as "missing" keeps its place among the others, as in MongoDB: a
 * later stage of the same pipeline that gives it a value puts it there. Documents that were stored or sent have no such places,
 * and excluding a field leaves one only in documents that a stage has made: from a stored document it is cut out.
 */
import { getField, hasField, isIndexLike, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";

/** All fields in their order, the missing ones included, as they stood when a field went missing; later ones follow. */
const orders = new WeakMap<Doc, readonly string[]>();

const made = new WeakSet<Doc>();

/** To be called for a document that a stage or an expression puts together; gives it back. */
export function asMade(doc: Doc): Doc {
  made.add(doc);
  return doc;
}

export function isMade(doc: Doc): boolean {
  return made.has(doc);
}

/** All fields of a document and the places of missing ones go over to a copy that lacks some of the fields. */
export function keepAllPlaces(from: Doc, to: Doc): void {
  orders.set(to, orderOf(from));
}

/** To be called for a changed copy of a document. */
export function keepPlaces(from: Doc, to: Doc): void {
  const order = orders.get(from);
  if (order) orders.set(to, order);
}

/** Takes the field away, not its place. */
export function vacate(doc: Doc, field: string): void {
  const order = orderOf(doc);
  orders.set(doc, order.includes(field) ? order : [...order, field]);
  delete doc[field];
}

/** Sets a field where it stands, in the place it left, or at the end. */
export function occupy(doc: Doc, field: string, value: Value): void {
  const isNew = !hasField(doc, field);
  setField(doc, field, value);
  // Index-like names stand in front whatever the order of writing; setField refused where that would be wrong.
  if (!isNew || isIndexLike(field) || orders.get(doc)?.includes(field) !== true) return;
  const order = orderOf(doc);
  for (const later of order.slice(order.indexOf(field) + 1)) {
    if (!hasField(doc, later)) continue;
    const kept = getField(doc, later);
    delete doc[later];
    doc[later] = kept;
  }
}

function orderOf(doc: Doc): readonly string[] {
  const known = orders.get(doc) ?? [];
  return [...known, ...Object.keys(doc).filter((field) => !known.includes(field))];
}
