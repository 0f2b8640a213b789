/**
 * Keys of the one ordered store. A key is `ident (4 bytes, big endian) + suffix`; an ident names one keyspace:
 * the engine's own records (the reserved idents below), the records of a collection, or the entries of an index.
 * Idents are never used twice, so what a dropped collection leaves behind cannot be mistaken for something new.
 */
export const IDENT_META = 1;
export const IDENT_CATALOG = 2;
export const IDENT_SESSIONS = 3;
/** Keyspaces of dropped collections and indexes that still have to be emptied. */
export const IDENT_GARBAGE = 4;
export const FIRST_FREE_IDENT = 16;

/** LMDB allows 1,978 bytes with 4 KB pages; some room is left for the ident and the record number. */
export const KEY_MAX_BYTES = 1900;

const RECORD_NUMBER_BYTES = 6;

export function identKey(ident: number, suffix?: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(4 + (suffix?.length ?? 0));
  key.writeUInt32BE(ident, 0);
  if (suffix) key.set(suffix, 4);
  return key;
}

/** Record numbers count up from 1 in the order of insertion; six bytes last for 281 trillion. */
export function recordKey(ident: number, recordNumber: number): Buffer {
  const key = Buffer.allocUnsafe(4 + RECORD_NUMBER_BYTES);
  key.writeUInt32BE(ident, 0);
  key.writeUIntBE(recordNumber, 4, RECORD_NUMBER_BYTES);
  return key;
}

export function recordNumberOf(key: Buffer): number {
  return key.readUIntBE(key.length - RECORD_NUMBER_BYTES, RECORD_NUMBER_BYTES);
}

export function recordNumberBytes(recordNumber: number): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_NUMBER_BYTES);
  bytes.writeUIntBE(recordNumber, 0, RECORD_NUMBER_BYTES);
  return bytes;
}

/** The smallest key above every key that begins with `prefix`. */
export function afterPrefix(prefix: Uint8Array): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = end[i] ?? 0;
    if (byte < 0xff) {
      end[i] = byte + 1;
      return end.subarray(0, i + 1);
    }
  }
  // Idents begin far below 0xffffffff, so a prefix of nothing but 0xff bytes does not occur.
  throw new RangeError("no key follows this prefix");
}
