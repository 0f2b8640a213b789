/**
 * BSON bytes to documents. Own decoder, because it must keep number types exactly, refuse what a JS object would
 * reorder, never meet a prototype, and be able to read only some top-level fields during a scan.
 */
import { CommandError, notSupported } from "../errors";
import {
  BSONRegExp,
  Binary,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
  isIndexLike,
  newDoc,
} from "./values";
import type { Doc, Value } from "./values";

/** MongoDB's own limit on nesting; the recursion below is bounded by it. */
export const MAX_DEPTH = 180;
const MAX_DATE_MS = 8.64e15;

interface Reader {
  bytes: Buffer;
  offset: number;
}

export function decode(bytes: Uint8Array): Doc {
  return readDocument(openReader(bytes), 0, undefined);
}

/** Only the named top-level fields; the others are skipped over without being read. */
export function decodeFields(bytes: Uint8Array, topLevelFields: ReadonlySet<string>): Doc {
  return readDocument(openReader(bytes), 0, topLevelFields);
}

/** The document with (`keep`) or without the named top-level fields, put together from its bytes without reading any value. */
export function cutFields(bytes: Uint8Array, names: ReadonlySet<string>, keep: boolean): Buffer {
  const reader = openReader(bytes);
  const end = documentEnd(reader);
  // Pairs of offsets: fields that stay and stand side by side are copied in one go.
  const kept: number[] = [];
  let length = 5;
  for (;;) {
    const start = reader.offset;
    const type = reader.bytes[reader.offset++];
    if (type === 0) break;
    const stays = names.has(readName(reader)) === keep;
    skipValue(reader, type);
    if (!stays) continue;
    if (kept.at(-1) === start) kept[kept.length - 1] = reader.offset;
    else kept.push(start, reader.offset);
    length += reader.offset - start;
  }
  if (reader.offset !== end) throw malformed();
  const cut = Buffer.allocUnsafe(length);
  cut.writeInt32LE(length, 0);
  let offset = 4;
  for (let pair = 0; pair < kept.length; pair += 2) offset += reader.bytes.copy(cut, offset, kept[pair], kept[pair + 1]);
  cut[offset] = 0;
  return cut;
}

function openReader(bytes: Uint8Array): Reader {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 5 || buffer.readInt32LE(0) > buffer.length) throw malformed();
  return { bytes: buffer, offset: 0 };
}

function malformed(): CommandError {
  return new CommandError(22, "invalid BSON");
}

function readDocument(reader: Reader, depth: number, wanted: ReadonlySet<string> | undefined): Doc {
  if (depth > MAX_DEPTH) throw new CommandError(15, `BSON is nested deeper than ${MAX_DEPTH} levels`);
  const { bytes } = reader;
  const end = documentEnd(reader);
  const doc = newDoc();
  let last = -1;
  let named = false;
  for (;;) {
    const type = bytes[reader.offset++];
    if (type === 0) break;
    const name = readName(reader);
    if (wanted !== undefined && !wanted.has(name)) {
      skipValue(reader, type);
      continue;
    }
    const first = name.charCodeAt(0);
    if (first === 95 && name === "__proto__") throw notSupported("A field named __proto__");
    if (first >= 48 && first <= 57 && isIndexLike(name)) {
      if (named || Number(name) < last) throw notSupported(`A document where the field '${name}' is not in first place`);
      last = Number(name);
    } else named = true;
    doc[name] = readValue(reader, type, depth);
  }
  if (reader.offset !== end) throw malformed();
  return doc;
}

function readArray(reader: Reader, depth: number): Value[] {
  if (depth > MAX_DEPTH) throw new CommandError(15, `BSON is nested deeper than ${MAX_DEPTH} levels`);
  const { bytes } = reader;
  const end = documentEnd(reader);
  const values: Value[] = [];
  for (;;) {
    const type = bytes[reader.offset++];
    if (type === 0) break;
    // The names of array elements carry nothing: MongoDB ignores them too.
    while (bytes[reader.offset] !== 0) reader.offset++;
    reader.offset++;
    values.push(readValue(reader, type, depth));
  }
  if (reader.offset !== end) throw malformed();
  return values;
}

function documentEnd(reader: Reader): number {
  const end = reader.offset + reader.bytes.readInt32LE(reader.offset);
  if (end > reader.bytes.length || end < reader.offset + 5 || reader.bytes[end - 1] !== 0) throw malformed();
  reader.offset += 4;
  return end;
}

/** Names met before, by a hash of their bytes: the same few names come back in every document of a collection. */
const names = new Array<string>(2048).fill("");

function readName(reader: Reader): string {
  const { bytes } = reader;
  const start = reader.offset;
  let end = start;
  let hash = 0;
  for (let code = bytes[end]; code !== 0; code = bytes[++end]) {
    if (code === undefined) throw malformed();
    hash = (hash * 31 + code) & 2047;
  }
  reader.offset = end + 1;
  const known = names[hash] ?? "";
  if (known.length === end - start && isAscii(known, bytes, start)) return known;
  const name = bytes.toString("utf8", start, end);
  names[hash] = name;
  return name;
}

/** Whether the bytes are this text, one byte a character; true for ASCII names only. */
function isAscii(text: string, bytes: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127 || code !== bytes[start + index]) return false;
  }
  return true;
}

function readString(reader: Reader): string {
  const length = reader.bytes.readInt32LE(reader.offset);
  const start = reader.offset + 4;
  const end = start + length - 1;
  if (length < 1 || end >= reader.bytes.length || reader.bytes[end] !== 0) throw malformed();
  reader.offset = end + 1;
  return reader.bytes.toString("utf8", start, end);
}

function readLong(reader: Reader): Long {
  const low = reader.bytes.readInt32LE(reader.offset);
  const high = reader.bytes.readInt32LE(reader.offset + 4);
  reader.offset += 8;
  return new Long(low, high);
}

/** A copy: the bytes read may be a page of the storage engine, which is reused. */
function take(reader: Reader, length: number): Buffer {
  if (length < 0 || reader.offset + length > reader.bytes.length) throw malformed();
  const copy = Buffer.from(reader.bytes.subarray(reader.offset, reader.offset + length));
  reader.offset += length;
  return copy;
}

function readValue(reader: Reader, type: number | undefined, depth: number): Value {
  const { bytes } = reader;
  switch (type) {
    case 0x01: {
      const number = bytes.readDoubleLE(reader.offset);
      reader.offset += 8;
      return (number | 0) === number ? new Double(number) : number;
    }
    case 0x02:
      return readString(reader);
    case 0x03:
      return readDocument(reader, depth + 1, undefined);
    case 0x04:
      return readArray(reader, depth + 1);
    case 0x05:
      return readBinary(reader);
    case 0x07:
      return new ObjectId(take(reader, 12));
    case 0x08:
      return bytes[reader.offset++] === 1;
    case 0x09: {
      const ms = bytes.readUInt32LE(reader.offset) + bytes.readInt32LE(reader.offset + 4) * 4294967296;
      reader.offset += 8;
      if (Math.abs(ms) > MAX_DATE_MS) throw notSupported("A date outside the range of JavaScript dates");
      return new Date(ms);
    }
    case 0x0a:
      return null;
    case 0x0b: {
      const pattern = readName(reader);
      return new BSONRegExp(pattern, readName(reader));
    }
    case 0x10:
      reader.offset += 4;
      return bytes.readInt32LE(reader.offset - 4);
    case 0x11: {
      const raw = readLong(reader);
      return new Timestamp({ t: raw.high >>> 0, i: raw.low >>> 0 });
    }
    case 0x12:
      return readLong(reader);
    case 0x13:
      return new Decimal128(take(reader, 16));
    case 0xff:
      return new MinKey();
    case 0x7f:
      return new MaxKey();
    case 0x06:
    case 0x0c:
    case 0x0d:
    case 0x0e:
    case 0x0f:
      throw notSupported(`BSON type ${type} (undefined, symbol, code or DBPointer)`);
    default:
      throw malformed();
  }
}

function readBinary(reader: Reader): Binary {
  const length = reader.bytes.readInt32LE(reader.offset);
  const subtype = reader.bytes[reader.offset + 4] ?? 0;
  reader.offset += 5;
  return new Binary(take(reader, length), subtype);
}

function skipValue(reader: Reader, type: number | undefined): void {
  const { bytes } = reader;
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      reader.offset += 8;
      return;
    case 0x02:
      reader.offset += 4 + bytes.readInt32LE(reader.offset);
      return;
    case 0x03:
    case 0x04:
      reader.offset += bytes.readInt32LE(reader.offset);
      return;
    case 0x05:
      reader.offset += 5 + bytes.readInt32LE(reader.offset);
      return;
    case 0x07:
      reader.offset += 12;
      return;
    case 0x08:
      reader.offset += 1;
      return;
    case 0x0b:
      readName(reader);
      readName(reader);
      return;
    case 0x10:
      reader.offset += 4;
      return;
    case 0x13:
      reader.offset += 16;
      return;
    case 0x0a:
    case 0xff:
    case 0x7f:
      return;
    default:
      throw malformed();
  }
}
