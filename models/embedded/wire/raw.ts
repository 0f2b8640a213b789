/**
 * BSON put together from bytes that are BSON already. Stored documents travel to the client as they are stored;
 * decoding and encoding them again would be the largest cost of a read.
 */
const TERMINATOR = Buffer.from([0]);

/** One document with the fields of all parts, in order. The caller sees to it that no name occurs twice. */
export function joinDocuments(parts: readonly Uint8Array[]): Buffer {
  let length = 5;
  for (const part of parts) length += part.length - 5;
  const joined = Buffer.allocUnsafe(length);
  joined.writeInt32LE(length, 0);
  let offset = 4;
  for (const part of parts) {
    joined.set(part.subarray(4, part.length - 1), offset);
    offset += part.length - 5;
  }
  joined[offset] = 0;
  return joined;
}

/** A document with one field: an array of the given documents. */
export function arrayField(name: string, documents: readonly Uint8Array[]): Buffer {
  const pieces: Uint8Array[] = [];
  let arrayLength = 5;
  documents.forEach((document, index) => {
    const header = Buffer.from(`\x03${index}\0`, "latin1");
    pieces.push(header, document);
    arrayLength += header.length + document.length;
  });
  return wrapField(0x04, name, [lengthBytes(arrayLength), ...pieces, TERMINATOR], arrayLength);
}

/** A document with one field that is the given document. */
export function documentField(name: string, document: Uint8Array): Buffer {
  return wrapField(0x03, name, [document], document.length);
}

function wrapField(type: number, name: string, content: readonly Uint8Array[], contentLength: number): Buffer {
  const label = Buffer.concat([Buffer.from([type]), Buffer.from(name), TERMINATOR]);
  const total = 4 + label.length + contentLength + 1;
  return Buffer.concat([lengthBytes(total), label, ...content, TERMINATOR], total);
}

function lengthBytes(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(length, 0);
  return bytes;
}
