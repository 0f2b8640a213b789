/**
 * Documents to BSON bytes. Own encoder, because the library's tells types apart by a `_bsontype` property, which a
 * client's document may contain as data, and because number types must survive as they are.
 */
import { CommandError } from "../errors";
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
  isDoc,
} from "./values";
import { MAX_DEPTH } from "./decode";
import type { Doc, Value } from "./values";

interface Writer {
  bytes: Buffer;
  offset: number;
}

/** One buffer is reused for all calls (encoding is synchronous); the result is a copy of the part that was written. */
const shared: Writer = { bytes: Buffer.allocUnsafe(64 * 1024), offset: 0 };
const KEPT_BYTES = 1024 * 1024;

export function encode(doc: Doc): Buffer {
  shared.offset = 0;
  writeDocument(shared, doc, 0);
  const encoded = Buffer.from(shared.bytes.subarray(0, shared.offset));
  if (shared.bytes.length > KEPT_BYTES) shared.bytes = Buffer.allocUnsafe(64 * 1024);
  return encoded;
}

function reserve(writer: Writer, length: number): void {
  if (writer.offset + length <= writer.bytes.length) return;
  const larger = Buffer.allocUnsafe(Math.max(writer.bytes.length * 2, writer.offset + length));
  writer.bytes.copy(larger, 0, 0, writer.offset);
  writer.bytes = larger;
}

function writeDocument(writer: Writer, doc: Doc, depth: number): void {
  const start = openDocument(writer, depth);
  for (const field in doc) writeElement(writer, field, doc[field], depth);
  closeDocument(writer, start);
}

function writeArray(writer: Writer, values: Value[], depth: number): void {
  const start = openDocument(writer, depth);
  for (let index = 0; index < values.length; index++) writeElement(writer, String(index), values[index], depth);
  closeDocument(writer, start);
}

function openDocument(writer: Writer, depth: number): number {
  if (depth > MAX_DEPTH) throw new CommandError(15, `BSON is nested deeper than ${MAX_DEPTH} levels`);
  reserve(writer, 5);
  const start = writer.offset;
  writer.offset += 4;
  return start;
}

function closeDocument(writer: Writer, start: number): void {
  reserve(writer, 1);
  writer.bytes[writer.offset++] = 0;
  writer.bytes.writeInt32LE(writer.offset - start, start);
}

/** Type byte and name, then room for the largest scalar of fixed size. */
function writeHeader(writer: Writer, type: number, name: string): void {
  reserve(writer, name.length * 3 + 2 + 16);
  const { bytes } = writer;
  bytes[writer.offset++] = type;
  writeCString(writer, name);
}

function writeCString(writer: Writer, text: string): void {
  reserve(writer, text.length * 3 + 17);
  const { bytes } = writer;
  const start = writer.offset;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0) throw new CommandError(2, "A field name or regular expression cannot contain a null byte");
    if (code > 127) {
      writer.offset = start + bytes.write(text, start, "utf8");
      bytes[writer.offset++] = 0;
      return;
    }
    bytes[start + index] = code;
  }
  writer.offset = start + text.length;
  bytes[writer.offset++] = 0;
}

function writeElement(writer: Writer, name: string, value: Value, depth: number): void {
  switch (typeof value) {
    case "number":
      if ((value | 0) === value && !Object.is(value, -0)) {
        writeHeader(writer, 0x10, name);
        writer.offset = writer.bytes.writeInt32LE(value, writer.offset);
      } else {
        writeHeader(writer, 0x01, name);
        writer.offset = writer.bytes.writeDoubleLE(value, writer.offset);
      }
      return;
    case "string": {
      writeHeader(writer, 0x02, name);
      reserve(writer, value.length * 3 + 5);
      const length = writer.bytes.write(value, writer.offset + 4, "utf8");
      writer.bytes.writeInt32LE(length + 1, writer.offset);
      writer.offset += 4 + length;
      writer.bytes[writer.offset++] = 0;
      return;
    }
    case "boolean":
      writeHeader(writer, 0x08, name);
      writer.bytes[writer.offset++] = value ? 1 : 0;
      return;
    case "undefined":
      writeHeader(writer, 0x06, name);
      return;
    default:
      writeObject(writer, name, value, depth);
  }
}

function writeObject(writer: Writer, name: string, value: Value & (object | null), depth: number): void {
  if (value === null) writeHeader(writer, 0x0a, name);
  else if (Array.isArray(value)) {
    writeHeader(writer, 0x04, name);
    writeArray(writer, value, depth + 1);
  } else if (isDoc(value)) {
    writeHeader(writer, 0x03, name);
    writeDocument(writer, value, depth + 1);
  } else if (value instanceof ObjectId) {
    writeHeader(writer, 0x07, name);
    writeBytes(writer, value.id);
  } else if (value instanceof Date) {
    writeHeader(writer, 0x09, name);
    writer.offset = writer.bytes.writeBigInt64LE(BigInt(value.getTime()), writer.offset);
  } else if (value instanceof Double) {
    writeHeader(writer, 0x01, name);
    writer.offset = writer.bytes.writeDoubleLE(value.value, writer.offset);
  } else if (value instanceof Timestamp || value instanceof Long) {
    writeHeader(writer, value instanceof Timestamp ? 0x11 : 0x12, name);
    writer.offset = writer.bytes.writeInt32LE(value.low | 0, writer.offset);
    writer.offset = writer.bytes.writeInt32LE(value.high | 0, writer.offset);
  } else if (value instanceof Decimal128) {
    writeHeader(writer, 0x13, name);
    writeBytes(writer, value.bytes);
  } else if (value instanceof Binary) {
    writeHeader(writer, 0x05, name);
    writeBinary(writer, value);
  } else if (value instanceof BSONRegExp) {
    writeHeader(writer, 0x0b, name);
    writeCString(writer, value.pattern);
    writeCString(writer, value.options);
  } else if (value instanceof MinKey) writeHeader(writer, 0xff, name);
  else if (value instanceof MaxKey) writeHeader(writer, 0x7f, name);
  else throw new TypeError(`A value of field '${name}' has no BSON type`);
}

function writeBinary(writer: Writer, value: Binary): void {
  const content = value.buffer.subarray(0, value.position);
  reserve(writer, content.length + 5);
  writer.offset = writer.bytes.writeInt32LE(content.length, writer.offset);
  writer.bytes[writer.offset++] = value.sub_type;
  writeBytes(writer, content);
}

function writeBytes(writer: Writer, content: Uint8Array): void {
  reserve(writer, content.length);
  writer.bytes.set(content, writer.offset);
  writer.offset += content.length;
}
