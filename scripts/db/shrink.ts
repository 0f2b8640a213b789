import type { Document } from "bson";
import { determinismOf } from "./determinism";
import { answerAndState, judge, recorded, type Disagreement, type Pair } from "./live";
import { setUp, type Row } from "./rows";

type Question = Omit<Row, "id" | "expect">;

/** Bounds one shrink; each attempt is about six commands on both sides. */
const ATTEMPTS_MAX = 250;

/**
 * Makes a disagreement as small as it stays one: fewer documents, indexes and fields, a simpler command.
 * Greedy and bounded; what is left is written down as a recorded row.
 */
export async function shrink(pair: Pair, found: Disagreement): Promise<Pick<Disagreement, "row" | "actual">> {
  let { docs, op } = found.row;
  let lookup = found.row.lookup ?? [];
  let indexes = found.row.indexes ?? [];
  // A smaller case must fail in the same way, or it would lead to another fault than the one that was met.
  const codes = codesOf(found.row.expect, found.actual);
  let best: Pick<Disagreement, "row" | "actual"> = { row: found.row, actual: found.actual };
  let attempts = 0;

  const tryIt = async (question: Question): Promise<boolean> => {
    if (attempts++ >= ATTEMPTS_MAX) return false;
    const result = await ask(pair, question);
    if (result === null || codesOf(result.row.expect, result.actual) !== codes) return false;
    best = result;
    return true;
  };

  let progress = true;
  while (progress && attempts < ATTEMPTS_MAX) {
    progress = false;
    for (const cut of halvesThenOnes(docs)) {
      if (!(await tryIt({ docs: cut(docs), lookup, indexes, op }))) continue;
      docs = cut(docs);
      progress = true;
    }
    for (const cut of halvesThenOnes(lookup)) {
      if (!(await tryIt({ docs, lookup: cut(lookup), indexes, op }))) continue;
      lookup = cut(lookup);
      progress = true;
    }
    for (const cut of halvesThenOnes(indexes)) {
      if (!(await tryIt({ docs, lookup, indexes: cut(indexes), op }))) continue;
      indexes = cut(indexes);
      progress = true;
    }
    for (const smaller of smallerCopies(op, true)) {
      if (await tryIt({ docs, lookup, indexes, op: smaller })) {
        op = smaller;
        progress = true;
        break;
      }
    }
    for (let index = 0; index < docs.length; index++) {
      for (const smaller of smallerCopies(docs[index]!, false)) {
        const changed = docs.with(index, smaller);
        if (!(await tryIt({ docs: changed, lookup, indexes, op }))) continue;
        docs = changed;
        progress = true;
        break;
      }
    }
  }
  return best;
}

function codesOf(...answers: Document[]): string {
  return JSON.stringify(answers.map((answer) => [(answer.error as Document | undefined)?.code ?? 0, ((answer.errors as Document[] | undefined) ?? []).map((one) => Number(one.code))]));
}

/** The disagreement that a question shows, or null when both sides agree, refuse, or the question is ill-defined. */
async function ask(pair: Pair, question: Question): Promise<Pick<Disagreement, "row" | "actual"> | null> {
  try {
    if (determinismOf(question.op, question.docs.length) === "undefined") return null;
    await Promise.all([setUp(pair.oracle, question), setUp(pair.embedded, question)]);
    const [expected, actual] = await Promise.all([answerAndState(pair.oracle, question.op), answerAndState(pair.embedded, question.op)]);
    if (judge(question.op, question.docs.length, expected, actual) !== "different") return null;
    return { row: { ...question, expect: recorded(expected) }, actual: recorded(actual) };
  } catch {
    // A shrunk setup that cannot be built (a duplicate key, a missing field) is simply not a smaller case.
    return null;
  }
}

type Cut = (list: Document[]) => Document[];

function halvesThenOnes(list: Document[]): Cut[] {
  const cuts: Cut[] = [];
  if (list.length > 3) {
    const half = list.length >> 1;
    const [front, back] = [new Set(list.slice(0, half)), new Set(list.slice(half))];
    cuts.push((now) => now.filter((one) => !front.has(one)), (now) => now.filter((one) => !back.has(one)));
  }
  for (const one of list) cuts.push((now) => now.filter((other) => other !== one));
  return cuts;
}

/** Every copy with one part taken away; the first key of a command and the _id of a document stay. */
function* smallerCopies(value: Document, isCommand: boolean): Generator<Document> {
  for (const [index, key] of Object.keys(value).entries()) {
    if (isCommand ? index === 0 || ["updates", "deletes", "documents", "key", "cursor", "pipeline"].includes(key) : key === "_id") continue;
    const { [key]: _removed, ...rest } = value;
    yield rest;
  }
  for (const [key, inner] of Object.entries(value)) {
    for (const smaller of smallerValues(inner)) yield { ...value, [key]: smaller };
  }
}

function* smallerValues(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) yield value.toSpliced(index, 1);
    for (let index = 0; index < value.length; index++) {
      for (const smaller of smallerValues(value[index])) yield value.with(index, smaller);
    }
  } else if (isPlainObject(value)) {
    yield* smallerCopies(value, false);
  }
}

function isPlainObject(value: unknown): value is Document {
  return typeof value === "object" && value !== null && !("_bsontype" in value) && !(value instanceof Date) && !(value instanceof RegExp);
}
