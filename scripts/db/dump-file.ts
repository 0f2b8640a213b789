import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, renameSync, rmSync } from "node:fs";
import { finished } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { deserialize, serialize, type Document } from "bson";
import type { CollectionProof, DumpRecord } from "./dump";

/**
 * The backup file: gzip of the line `goldbean-dump 1\n`, then frames of one tag byte and one BSON document (which carries its
 * own length): H header, C collection with options and indexes, D a document as stored, E end of a collection with count and
 * sha256, T trailer with the sha256 of everything before it. Any BSON library can read it.
 * A file is written beside its name and moved there when it is whole and flushed; it is read to its trailer before it is used.
 */
const MAGIC = Buffer.from("goldbean-dump 1\n");
const LENGTH_BYTES = 4;

export class DumpFileDamaged extends Error {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`${path} is not a whole backup: ${reason}. Nothing was written.`, options);
    this.name = "DumpFileDamaged";
  }
}

export async function writeDumpFile(path: string, records: AsyncIterable<DumpRecord>): Promise<CollectionProof[]> {
  const partial = `${path}.partial`;
  const proofs: CollectionProof[] = [];
  const hash = createHash("sha256");
  const gzip = createGzip();
  const file = createWriteStream(partial, { flags: "wx", mode: 0o600, flush: true });
  gzip.pipe(file);
  const closed = finished(file);
  const put = async (bytes: Uint8Array) => {
    hash.update(bytes);
    if (!gzip.write(bytes)) await once(gzip, "drain");
  };
  try {
    await put(MAGIC);
    for await (const record of records) {
      const [tag, body] = frameOf(record);
      await put(Buffer.from(tag));
      await put(body);
      if (record.kind === "end") proofs.push({ name: record.name, count: record.count, sha256: record.sha256 });
    }
    gzip.write(Buffer.from("T"));
    gzip.end(serialize({ collections: proofs.length, sha256: hash.digest("hex") }));
    await closed;
    renameSync(partial, path);
    return proofs;
  } catch (error) {
    file.destroy();
    await closed.catch(() => undefined);
    rmSync(partial, { force: true });
    throw error;
  }
}

function frameOf(record: DumpRecord): [string, Uint8Array] {
  if (record.kind === "document") return ["D", record.bytes];
  const { kind, ...body } = record;
  return [{ header: "H", collection: "C", end: "E" }[kind], serialize(body)];
}

/** Reads a file to its trailer and throws DumpFileDamaged unless every byte is as it was written. */
export async function checkDumpFile(path: string): Promise<CollectionProof[]> {
  const proofs: CollectionProof[] = [];
  for await (const record of readDumpFile(path)) if (record.kind === "end") proofs.push({ name: record.name, count: record.count, sha256: record.sha256 });
  return proofs;
}

export async function* readDumpFile(path: string): AsyncGenerator<DumpRecord> {
  const reader = new FrameReader(path);
  const hash = createHash("sha256");
  const magic = await reader.take(MAGIC.length);
  if (!magic.equals(MAGIC)) throw new DumpFileDamaged(path, "it does not begin as one of version 1");
  hash.update(magic);
  for (;;) {
    const tag = await reader.take(1);
    const length = (await reader.peek(LENGTH_BYTES)).readInt32LE(0);
    if (length < 5) throw new DumpFileDamaged(path, "a document has no length");
    const body = await reader.take(length);
    if (tag.toString() === "T") {
      if (deserialize(body).sha256 !== hash.digest("hex")) throw new DumpFileDamaged(path, "its checksum does not match");
      return;
    }
    hash.update(tag);
    hash.update(body);
    yield recordOf(path, tag.toString(), body);
  }
}

function recordOf(path: string, tag: string, body: Buffer): DumpRecord {
  if (tag === "D") return { kind: "document", bytes: body };
  const fields: Document = deserialize(body);
  switch (tag) {
    case "H":
      return { kind: "header", format: 1, database: String(fields.database), takenAt: fields.takenAt as Date };
    case "C":
      // Index options are kept with their types: a filter on a Long stays one.
      return { kind: "collection", ...(deserialize(body, { promoteValues: false, bsonRegExp: true }) as { name: string; options: Document; indexes: Document[] }) };
    case "E":
      return { kind: "end", name: String(fields.name), count: Number(fields.count), sha256: String(fields.sha256) };
    default:
      throw new DumpFileDamaged(path, `it has an unknown part "${tag}"`);
  }
}

/** Takes exact numbers of bytes from the unzipped stream, holding no more than one chunk beside the frame asked for. */
class FrameReader {
  private held: Buffer = Buffer.alloc(0);
  private readonly chunks: AsyncIterator<Buffer>;

  constructor(private readonly path: string) {
    const file = createReadStream(path);
    const gunzip = createGunzip();
    file.on("error", (error) => gunzip.destroy(error));
    this.chunks = file.pipe(gunzip)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async take(length: number): Promise<Buffer> {
    const bytes = await this.peek(length);
    this.held = this.held.subarray(length);
    return bytes;
  }

  async peek(length: number): Promise<Buffer> {
    if (this.held.length < length) {
      const parts = [this.held];
      let total = this.held.length;
      while (total < length) {
        const part = await this.next();
        parts.push(part);
        total += part.length;
      }
      this.held = Buffer.concat(parts);
    }
    return this.held.subarray(0, length);
  }

  private async next(): Promise<Buffer> {
    let result: IteratorResult<Buffer>;
    try {
      result = await this.chunks.next();
    } catch (error) {
      throw new DumpFileDamaged(this.path, (error as Error).message, { cause: error });
    }
    if (result.done) throw new DumpFileDamaged(this.path, "it ends too early");
    return result.value;
  }
}
