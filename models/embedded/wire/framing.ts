import { decode, setField } from "../bson/values";
import type { Doc } from "../bson/values";

/**
 * MongoDB wire messages, as bytes. Read: OP_MSG and OP_QUERY (the first handshake only). Written: OP_MSG and OP_REPLY.
 * Source: the wire protocol chapter of the MongoDB manual.
 */
export const MESSAGE_MAX_BYTES = 48_000_000;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** A reader must refuse a message with a flag of the low half that it does not know. */
const UNKNOWN_REQUIRED_FLAGS = 0xffff & ~(CHECKSUM_PRESENT | MORE_TO_COME);

export interface Request {
  requestId: number;
  /**
   * Decodes the command; its first field is its name, document sequences have been put into their fields. Done by whoever
   * answers: a document that cannot be decoded is refused in an answer, only a broken frame ends the connection.
   */
  command: () => Doc;
  /** The client wants no answer: writes with `w: 0`. */
  silent: boolean;
  legacy: boolean;
}

/** The peer does not speak the protocol; the connection ends. */
export class ProtocolViolation extends Error {
  override name = "ProtocolViolation";
}

/** Cuts whole messages out of a stream of chunks. */
export class MessageSplitter {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const messages: Buffer[] = [];
    for (;;) {
      if (this.#length < HEADER_BYTES) return messages;
      const wanted = this.#peekLength();
      if (wanted < HEADER_BYTES || wanted > MESSAGE_MAX_BYTES) {
        throw new ProtocolViolation(`a message of ${wanted} bytes is outside 16 to ${MESSAGE_MAX_BYTES}`);
      }
      if (this.#length < wanted) return messages;
      const all = this.#chunks.length === 1 ? (this.#chunks[0] ?? chunk) : Buffer.concat(this.#chunks, this.#length);
      messages.push(all.subarray(0, wanted));
      const rest = all.subarray(wanted);
      this.#chunks = rest.length > 0 ? [rest] : [];
      this.#length = rest.length;
    }
  }

  #peekLength(): number {
    const first = this.#chunks[0];
    if (first && first.length >= 4) return first.readInt32LE(0);
    const joined = Buffer.concat(this.#chunks, this.#length);
    this.#chunks = [joined];
    return joined.readInt32LE(0);
  }
}

export function parseRequest(message: Buffer): Request {
  const requestId = message.readInt32LE(4);
  const opCode = message.readInt32LE(12);
  if (opCode === OP_MSG) return parseMsg(message, requestId);
  if (opCode === OP_QUERY) return parseQuery(message, requestId);
  throw new ProtocolViolation(`opcode ${opCode} is not spoken here`);
}

export function encodeMsg(body: Uint8Array, requestId: number, responseTo: number): Buffer {
  const message = Buffer.allocUnsafe(HEADER_BYTES + 5 + body.length);
  writeHeader(message, requestId, responseTo, OP_MSG);
  message.writeUInt32LE(0, 16);
  message[20] = 0;
  message.set(body, 21);
  return message;
}

export function encodeLegacyReply(body: Uint8Array, requestId: number, responseTo: number): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + 20 + body.length);
  writeHeader(message, requestId, responseTo, OP_REPLY);
  // AwaitCapable: the flag that every server since 1.6 sets.
  message.writeInt32LE(8, 16);
  message.writeInt32LE(1, 32);
  message.set(body, 36);
  return message;
}

function writeHeader(message: Buffer, requestId: number, responseTo: number, opCode: number): void {
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(requestId, 4);
  message.writeInt32LE(responseTo, 8);
  message.writeInt32LE(opCode, 12);
}

function parseMsg(message: Buffer, requestId: number): Request {
  const flags = message.readUInt32LE(16);
  if (flags & UNKNOWN_REQUIRED_FLAGS) throw new ProtocolViolation(`unknown required flags ${flags}`);
  const end = flags & CHECKSUM_PRESENT ? message.length - 4 : message.length;
  let body: Buffer | undefined;
  const sequences: [name: string, documents: Buffer[]][] = [];
  for (let offset = 20; offset < end; ) {
    const kind = message[offset++];
    const size = sizeAt(message, offset, end);
    const section = message.subarray(offset, offset + size);
    if (kind === 0) body = section;
    else if (kind === 1) sequences.push(parseSequence(section));
    else throw new ProtocolViolation(`unknown section kind ${kind}`);
    offset += size;
  }
  if (!body) throw new ProtocolViolation("a message without a body section");
  const whole = body;
  const command = (): Doc => {
    const doc = decode(whole);
    for (const [name, documents] of sequences) setField(doc, name, documents.map((document) => decode(document)));
    return doc;
  };
  return { requestId, command, silent: (flags & MORE_TO_COME) !== 0, legacy: false };
}

function parseSequence(section: Buffer): [string, Buffer[]] {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd < 0) throw new ProtocolViolation("a document sequence without a name");
  const name = section.toString("utf8", 4, nameEnd);
  const documents: Buffer[] = [];
  for (let offset = nameEnd + 1; offset < section.length; ) {
    const size = sizeAt(section, offset, section.length);
    documents.push(section.subarray(offset, offset + size));
    offset += size;
  }
  return [name, documents];
}

function parseQuery(message: Buffer, requestId: number): Request {
  const nameEnd = message.indexOf(0, 20);
  const offset = nameEnd + 9;
  if (nameEnd < 0 || offset + 4 > message.length) throw new ProtocolViolation("a broken OP_QUERY");
  const collection = message.toString("utf8", 20, nameEnd);
  const body = message.subarray(offset, offset + sizeAt(message, offset, message.length));
  const command = (): Doc => Object.assign(decode(body), { $db: collection.split(".", 1)[0] ?? "admin" });
  return { requestId, command, silent: false, legacy: true };
}

function sizeAt(buffer: Buffer, offset: number, end: number): number {
  const size = offset + 4 <= end ? buffer.readInt32LE(offset) : 0;
  if (size < 5 || offset + size > end) throw new ProtocolViolation("a section is longer than its message");
  return size;
}
