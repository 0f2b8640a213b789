/**
 * Index keys: which values of a document an index holds, and bytes for them that memcmp sorts as `compare` does.
 * Numbers of equal value have equal bytes whatever their type.
 */
import { CommandError, notSupported } from "../errors";
import { RANK, typeRank } from "./compare";
import { compareDecimals, decimalFromBigInt, decimalToNumber, exactDouble, parseDecimal } from "./decimal";
import { Decimal128, Double, getField, hasField, isDoc, newDoc } from "./values";
import type { BSONRegExp, Binary, Doc, Long, ObjectId, Timestamp, Value } from "./values";
import type { Decimal } from "./decimal";

export interface IndexKeys {
  keys: Value[][];
  /** Aligned with keys: true where none of the index's fields exists for that key; a sparse index leaves such a key out. */
  absent: boolean[];
  multikey: boolean;
}

/** The keys of a document, as MongoDB makes them: missing is null, an empty array is undefined, arrays one key each. */
export function indexKeys(doc: Doc, fields: readonly string[]): IndexKeys {
  const paths = fields.map((field) => field.split("."));
  return keysAtPaths(doc, paths, (paths.some((path) => path.slice(1).some(isPosition))) ? "refuse" : "none");
}

function isPosition(part: string): boolean {
  return /^\d+$/.test(part);
}

/** How numbers in a path that meet an array are taken: not expected, refused, or as positions (sorts only). */
type Positions = "none" | "refuse" | "use";

export function keysAtPaths(doc: Doc, paths: readonly string[][], positions: Positions): IndexKeys {
  const result: IndexKeys = { keys: [], absent: [], multikey: false };
  if (paths.every((path) => path.length === 1)) {
    const values = paths.map(([field = ""]) => getField(doc, field));
    if (!values.some(Array.isArray)) {
      result.absent.push(values.every((value) => value === undefined));
      result.keys.push(values.map((value) => (value === undefined ? null : value)));
      return result;
    }
  }
  const columns = paths.map((path) => ({ path, positions, depth: 0, value: null as Value, entered: 0 }));
  expand(doc, columns, 0, result);
  return result;
}

interface Column {
  path: string[];
  positions: Positions;
  /** How many parts of the path are walked; all of them once `value` is final. */
  depth: number;
  value: Value;
  /** How many parts lead to the first array of which the path took a position; 0 for none. */
  entered: number;
}

function expand(doc: Doc, columns: Column[], missing: number, result: IndexKeys): void {
  const next = columns.map((column) => ({ ...column }));
  // Arrays are told apart by their paths: two fields may hold one array object, as after {$set: {n: "$e"}}.
  let entered: string | undefined;
  let array: Value[] | undefined;
  let arrayPath: string | undefined;
  const inArray: Column[] = [];
  let notFound = missing;
  let arrayField = "";
  for (const column of next) {
    if (column.depth === column.path.length) continue;
    column.entered = 0;
    const found = walk(doc, column);
    if (found !== undefined || column.entered > 0) {
      const first = column.path.slice(0, column.entered || column.depth).join(".");
      if (entered !== undefined && entered !== first) {
        throw new CommandError(171, `cannot index parallel arrays [${column.path[0]}] [${arrayField}]`);
      }
      entered = first;
      arrayField = column.path[0] ?? "";
    }
    if (found !== undefined) {
      const foundPath = column.path.slice(0, column.depth).join(".");
      if (array !== undefined && arrayPath !== foundPath) throw notSupported("A sort by an array and by an array inside it");
      array = found;
      arrayPath = foundPath;
      inArray.push(column);
    } else if (column.value === undefined) {
      column.value = null;
      column.depth = column.path.length;
      notFound += 1;
    }
  }
  if (array === undefined) {
    result.keys.push(next.map((column) => (column.value === EMPTY ? undefined : column.value)));
    result.absent.push(notFound === next.length);
    return;
  }
  result.multikey = true;
  for (const element of array.length === 0 ? [EMPTY] : array) {
    for (const column of inArray) if (column.depth === column.path.length) column.value = element;
    expand(isDoc(element) && element !== EMPTY ? element : {}, next, notFound, result);
  }
}

/** Stands for the key of an empty array until the key is complete. */
const EMPTY: Doc = newDoc();

/** Follows the path until it ends (then `column.value` is set, undefined for missing) or an array is to be expanded. */
function walk(doc: Doc, column: Column): Value[] | undefined {
  let current: Value = doc;
  while (column.depth < column.path.length) {
    if (!isDoc(current)) {
      column.value = undefined;
      return undefined;
    }
    current = getField(current, column.path[column.depth] ?? "");
    column.depth += 1;
    while (Array.isArray(current)) {
      const rest = column.path[column.depth];
      if (rest === undefined || column.positions === "none" || !isPosition(rest)) return current;
      if (column.positions === "refuse") throw notSupported(`An index on an array position (${column.path.join(".")})`);
      if (current.some((element) => isDoc(element) && hasField(element, rest))) {
        throw notSupported("A sort on an array position that is a field name too");
      }
      column.entered ||= column.depth;
      current = current[Number(rest)];
      column.depth += 1;
      // An array inside an array counts as a whole.
      if (Array.isArray(current) && column.depth === column.path.length) {
        column.value = current.length === 0 ? EMPTY : current;
        return undefined;
      }
    }
  }
  column.value = current;
  return undefined;
}

interface KeyWriter {
  bytes: Buffer;
  offset: number;
}

const writer: KeyWriter = { bytes: Buffer.allocUnsafe(4096), offset: 0 };

/** Bytes of several values one behind the other; no encoding is the beginning of another, so compound keys sort right. */
export function encodeKey(values: readonly Value[], directions: readonly (1 | -1)[]): Uint8Array {
  writer.offset = 0;
  for (let index = 0; index < values.length; index++) {
    const start = writer.offset;
    writeValue(values[index]);
    if (directions[index] === -1) invert(start);
  }
  return Buffer.from(writer.bytes.subarray(0, writer.offset));
}

function invert(start: number): void {
  for (let index = start; index < writer.offset; index++) writer.bytes[index] = ~(writer.bytes[index] ?? 0);
}

function reserve(length: number): void {
  if (writer.offset + length <= writer.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(writer.bytes.length * 2, writer.offset + length));
  writer.bytes.copy(larger, 0, 0, writer.offset);
  writer.bytes = larger;
}

function writeByte(byte: number): void {
  reserve(1);
  writer.bytes[writer.offset++] = byte;
}

/** The type's byte: its rank moved into 1…250, so that 0 can end documents and arrays. */
function rankByte(rank: number): number {
  if (rank === RANK.minKey) return 1;
  return rank === RANK.maxKey ? 250 : rank + 10;
}

function writeValue(value: Value): void {
  writeByte(rankByte(typeRank(value)));
  writePayload(value);
}

function writePayload(value: Value): void {
  switch (typeRank(value)) {
    case RANK.number:
      writeNumber(value as number);
      return;
    case RANK.string:
      writeText(value as string);
      return;
    case RANK.object: {
      const doc = value as Doc;
      for (const field in doc) {
        const inner = doc[field];
        writeByte(rankByte(typeRank(inner)));
        writeText(field);
        writePayload(inner);
      }
      writeByte(0);
      return;
    }
    case RANK.array:
      for (const element of value as Value[]) writeValue(element);
      writeByte(0);
      return;
    case RANK.binary: {
      const binary = value as Binary;
      reserve(5);
      writer.offset = writer.bytes.writeUInt32BE(binary.position, writer.offset);
      writeByte(binary.sub_type);
      writeRaw(binary.buffer.subarray(0, binary.position));
      return;
    }
    case RANK.objectId:
      writeRaw((value as ObjectId).id);
      return;
    case RANK.boolean:
      writeByte(value === true ? 1 : 0);
      return;
    case RANK.date:
      reserve(8);
      // Flipping the sign bit makes unsigned bytes sort like signed integers.
      writer.offset = writer.bytes.writeBigUInt64BE(
        BigInt.asUintN(64, BigInt((value as Date).getTime())) ^ (1n << 63n),
        writer.offset,
      );
      return;
    case RANK.timestamp: {
      const timestamp = value as Timestamp;
      reserve(8);
      writer.offset = writer.bytes.writeUInt32BE(timestamp.high >>> 0, writer.offset);
      writer.offset = writer.bytes.writeUInt32BE(timestamp.low >>> 0, writer.offset);
      return;
    }
    case RANK.regex:
      writeText((value as BSONRegExp).pattern);
      writeText((value as BSONRegExp).options);
      return;
    default:
  }
}

function writeRaw(content: Uint8Array): void {
  reserve(content.length);
  writer.bytes.set(content, writer.offset);
  writer.offset += content.length;
}

/** UTF-8 with 0 written as 0,255, ended by 0,1: a string sorts before its own continuations. */
function writeText(text: string): void {
  reserve(text.length * 3 + 2);
  const start = writer.offset;
  const length = writer.bytes.write(text, start, "utf8");
  const end = start + length;
  if (writer.bytes.subarray(start, end).includes(0)) {
    const content = Buffer.from(writer.bytes.subarray(start, end));
    for (const byte of content) {
      writeByte(byte);
      if (byte === 0) writeByte(255);
    }
  } else writer.offset = end;
  writeByte(0);
  writeByte(1);
}

const NUMBER = { nan: 0, negative: 1, zero: 2, positive: 3 } as const;

/**
 * The magnitude as the largest double not above it, then 0 if that is exact, else 1 and the exact decimal: within one
 * double all inexact magnitudes sort by exponent and digits. Negative numbers are the inverted bytes.
 */
function writeNumber(value: number | Double | Long | Decimal128): void {
  const plain = value instanceof Double ? value.value : value;
  if (typeof plain === "number") {
    writeMagnitude(plain < 0, plain, undefined);
    return;
  }
  if (plain instanceof Decimal128) {
    const decimal = parseDecimal(plain);
    if (decimal.kind === "finite") writeExact(decimal);
    else writeMagnitude(decimal.negative, decimalToNumber(decimal), undefined);
    return;
  }
  const number = plain.toNumber();
  if (Number.isSafeInteger(number)) writeMagnitude(number < 0, number, undefined);
  else writeExact(decimalFromBigInt(plain.toBigInt()));
}

function writeExact(decimal: Decimal): void {
  if (decimal.coefficient === 0n) {
    writeMagnitude(false, 0, undefined);
    return;
  }
  const magnitude = { ...decimal, negative: false };
  const nearest = decimalToNumber(magnitude);
  const order = nearest === Infinity ? 1 : compareDecimals(exactDouble(nearest), magnitude);
  writeMagnitude(
    decimal.negative,
    order > 0 ? previousDouble(nearest) : nearest,
    order === 0 ? undefined : magnitude,
  );
}

function previousDouble(number: number): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  view.setBigUint64(0, view.getBigUint64(0) - 1n);
  return view.getFloat64(0);
}

function writeMagnitude(negative: boolean, number: number, exact: Decimal | undefined): void {
  reserve(10);
  if (Number.isNaN(number)) return writeByte(NUMBER.nan);
  if (number === 0 && exact === undefined) return writeByte(NUMBER.zero);
  writeByte(negative ? NUMBER.negative : NUMBER.positive);
  const start = writer.offset;
  writer.offset = writer.bytes.writeDoubleBE(Math.abs(number), writer.offset);
  writeByte(exact === undefined ? 0 : 1);
  if (exact !== undefined) {
    const digits = exact.coefficient.toString();
    reserve(digits.length + 3);
    writer.offset = writer.bytes.writeUInt16BE(digits.length + exact.exponent + 20000, writer.offset);
    writer.offset += writer.bytes.write(digits.replace(/0+$/, ""), writer.offset, "latin1");
    writeByte(0);
  }
  if (negative) invert(start);
}
