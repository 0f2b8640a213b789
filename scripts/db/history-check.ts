import type { Entry, History } from "./histories";

/**
 * Judges a history under snapshot isolation, with the order of each list as the order of its versions.
 * Forbidden: lost or doubled appends, anything of an aborted transaction, half transactions, reads that change within a
 * transaction, reads from different moments, reads that miss what was acknowledged before they began, and cycles of
 * dependencies with fewer than two anti-dependencies. Returns one sentence for each anomaly; none is the only good answer.
 */
export function anomaliesOf(history: History): string[] {
  const found: string[] = [];
  const writers = new Map<number, Entry>();
  for (const entry of history.entries) {
    for (const step of entry.steps) if ("append" in step) writers.set(step.value, entry);
  }
  checkContents(history, writers, found);
  for (const entry of history.entries) checkReads(entry, history, writers, found);
  checkFreshness(history, found);
  checkDependencies(history, writers, found);
  return found;
}

function checkContents(history: History, writers: Map<number, Entry>, found: string[]): void {
  const seen = new Set<number>();
  for (const [key, list] of history.lists) {
    for (const value of list) {
      if (seen.has(value)) found.push(`doubled append: ${value} stands twice, last in ${key}`);
      seen.add(value);
      const writer = writers.get(value);
      if (!writer) found.push(`${value} in ${key} was never written`);
      else if (writer.outcome === "aborted") found.push(`dirty write: ${value} in ${key} belongs to an aborted transaction`);
    }
  }
  for (const [value, writer] of writers) {
    if (writer.outcome === "committed" && !seen.has(value)) found.push(`lost append: ${value} was acknowledged and is not stored`);
  }
  if (history.counterTotal !== 0) found.push(`half transfer: the counters add up to ${history.counterTotal}`);
  if (history.ticksStored !== history.ticksAcknowledged) found.push(`lost or doubled increments: ${history.ticksAcknowledged} acknowledged, ${history.ticksStored} stored`);
}

function checkReads(entry: Entry, history: History, writers: Map<number, Entry>, found: string[]): void {
  const own = new Map<string, number[]>();
  const before = new Map<string, number[]>();
  for (const step of entry.steps) {
    if ("append" in step) {
      own.set(step.append, [...(own.get(step.append) ?? []), step.value]);
    } else if ("audit" in step) {
      if (step.audit !== 0) found.push(`broken snapshot: an audit of session ${entry.session} saw a total of ${step.audit}`);
    } else {
      const mine = own.get(step.read) ?? [];
      const others = step.list.slice(0, step.list.length - mine.length);
      if (!sameList(step.list.slice(others.length), mine)) found.push(`session ${entry.session} does not read its own appends to ${step.read}`);
      const earlier = before.get(step.read);
      if (earlier && !sameList(earlier, others)) found.push(`non-repeatable read of ${step.read} in session ${entry.session}`);
      before.set(step.read, others);
      for (const value of others) {
        if (writers.get(value)?.outcome === "aborted") found.push(`dirty read: session ${entry.session} saw ${value} of an aborted transaction`);
      }
      const final = history.lists.get(step.read) ?? [];
      if (!sameList(others, final.slice(0, others.length))) found.push(`session ${entry.session} read a ${step.read} that is no prefix of what was stored`);
    }
  }
}

function sameList(left: number[], right: number[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}

/** What was acknowledged before a unit of work began is in its snapshot. */
function checkFreshness(history: History, found: string[]): void {
  const acknowledged = new Map<string, { endedAt: number; position: number }[]>();
  const positions = positionsOf(history);
  for (const entry of history.entries) {
    if (entry.outcome !== "committed") continue;
    for (const step of entry.steps) {
      if (!("append" in step)) continue;
      const list = acknowledged.get(step.append) ?? [];
      list.push({ endedAt: entry.endedAt, position: positions.get(step.value) ?? -1 });
      acknowledged.set(step.append, list);
    }
  }
  for (const entry of history.entries) {
    for (const { key, length } of versionsRead(entry)) {
      const due = (acknowledged.get(key) ?? []).filter((one) => one.endedAt < entry.beganAt);
      const needed = Math.max(0, ...due.map((one) => one.position + 1));
      if (length < needed) found.push(`stale read: session ${entry.session} saw ${length} of ${key} after ${needed} were acknowledged`);
    }
  }
}

function positionsOf(history: History): Map<number, number> {
  const positions = new Map<number, number>();
  for (const list of history.lists.values()) list.forEach((value, index) => positions.set(value, index));
  return positions;
}

/** The version of each list that an entry read, as a length without its own appends. */
function versionsRead(entry: Entry): { key: string; length: number }[] {
  const own = new Map<string, number>();
  const read = new Map<string, number>();
  for (const step of entry.steps) {
    if ("append" in step) own.set(step.append, (own.get(step.append) ?? 0) + 1);
    else if ("read" in step && !read.has(step.read)) read.set(step.read, step.list.length - (own.get(step.read) ?? 0));
  }
  return [...read].map(([key, length]) => ({ key, length }));
}

/** Builds who-came-before-whom and looks for cycles that snapshot isolation forbids. */
function checkDependencies(history: History, writers: Map<number, Entry>, found: string[]): void {
  const nodes = history.entries;
  const numberOf = new Map(nodes.map((entry, index) => [entry, index]));
  const follows: Set<number>[] = nodes.map(() => new Set());
  const antiDependencies: [number, number][] = [];
  const writerAt = (key: string, position: number): number | undefined => {
    const value = history.lists.get(key)?.[position];
    const writer = value === undefined ? undefined : writers.get(value);
    return writer === undefined ? undefined : numberOf.get(writer);
  };
  for (const [key, list] of history.lists) {
    for (let position = 1; position < list.length; position++) link(follows, writerAt(key, position - 1), writerAt(key, position));
  }
  nodes.forEach((entry, reader) => {
    for (const { key, length } of versionsRead(entry)) {
      link(follows, writerAt(key, length - 1), reader);
      const next = writerAt(key, length);
      if (next !== undefined && next !== reader) antiDependencies.push([reader, next]);
    }
  });
  for (const node of follows.keys()) {
    if (reaches(follows, node, node)) found.push(`cycle of writes and reads through ${describe(nodes[node]!)}`);
  }
  for (const [reader, writer] of antiDependencies) {
    if (reaches(follows, writer, reader)) found.push(`read skew: ${describe(nodes[reader]!)} precedes and follows ${describe(nodes[writer]!)}`);
  }
}

function link(follows: Set<number>[], from: number | undefined, to: number | undefined): void {
  if (from !== undefined && to !== undefined && from !== to) follows[from]!.add(to);
}

/** Whether `to` can be reached from `from` by at least one edge. */
function reaches(follows: Set<number>[], from: number, to: number): boolean {
  const seen = new Set<number>();
  const open = [...follows[from]!];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (node === to) return true;
    if (seen.has(node)) continue;
    seen.add(node);
    open.push(...follows[node]!);
  }
  return false;
}

function describe(entry: Entry): string {
  return `a ${entry.kind} of session ${entry.session} (${JSON.stringify(entry.steps).slice(0, 160)})`;
}
