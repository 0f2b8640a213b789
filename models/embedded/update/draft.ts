/**
 * A document being changed. The stored document is never touched: each container on the way to a change is copied once.
 */
import { CommandError } from "../errors";
import { copyDoc, getField, isDoc, newDoc, setField } from "../bson/values";
import type { Doc, Value } from "../bson/values";

/** MongoDB fills a gap in an array with at most this many nulls. */
const BACKFILL_MAX = 1_500_000;

export type Container = Doc | Value[];

export class Draft {
  readonly root: Doc;
  readonly #owned = new Set<object>();

  constructor(original: Doc) {
    this.root = copyDoc(original);
    this.#owned.add(this.root);
  }

  /** The value at a path; undefined where it does not exist. Array elements are reached by position only. */
  get(path: readonly string[]): Value {
    let current: Value = this.root;
    for (const part of path) current = child(current, part);
    return current;
  }

  /**
   * Sets the value at a path and creates what is missing on the way, as documents.
   * A scalar, null or an array without a position stands in the way: error 28.
   */
  set(path: readonly string[], value: Value): void {
    const holder = this.#holder(path);
    const name = path[path.length - 1] ?? "";
    put(holder, name, value);
  }

  /** Removes a field; an array element becomes null. Answers whether there was one. */
  unset(path: readonly string[]): boolean {
    if (this.get(path) === undefined) return false;
    const holder = this.#holder(path);
    const name = path[path.length - 1] ?? "";
    if (Array.isArray(holder)) holder[Number(name)] = null;
    else delete holder[name];
    return true;
  }

  /** The container of the last part of a path, owned by this draft. */
  #holder(path: readonly string[]): Container {
    let holder: Container = this.root;
    for (let index = 0; index + 1 < path.length; index++) {
      const part = path[index] ?? "";
      const next = path[index + 1] ?? "";
      const value = child(holder, part);
      const container = value === undefined ? this.#own(newDoc()) : this.#own(viable(value, part, next));
      if (container !== value) put(holder, part, container);
      holder = container;
    }
    return viable(holder, path[path.length - 2] ?? "", path[path.length - 1] ?? "");
  }

  #own<C extends Container>(container: C): C {
    if (this.#owned.has(container)) return container;
    const copy = (Array.isArray(container) ? [...container] : copyDoc(container as Doc)) as C;
    this.#owned.add(copy);
    return copy;
  }
}

export function isPosition(part: string): boolean {
  return /^\d+$/.test(part);
}

function child(value: Value, part: string): Value {
  if (Array.isArray(value)) return isPosition(part) ? value[Number(part)] : undefined;
  return isDoc(value) ? getField(value, part) : undefined;
}

/** The value as something that can hold `next`. */
function viable(value: Value, field: string, next: string): Container {
  if (isDoc(value)) return value;
  if (Array.isArray(value) && isPosition(next)) return value;
  throw new CommandError(28, `Cannot create field '${next}' in element {${field}: ${Array.isArray(value) ? "[...]" : String(value)}}`);
}

function put(holder: Container, name: string, value: Value): void {
  if (!Array.isArray(holder)) {
    setField(holder, name, value);
    return;
  }
  const position = Number(name);
  if (position - holder.length > BACKFILL_MAX) {
    throw new CommandError(34, `can't backfill more than ${BACKFILL_MAX} elements`);
  }
  while (holder.length < position) holder.push(null);
  holder[position] = value;
}
