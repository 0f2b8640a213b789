import { createReadStream, createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type * as Sdk from "@aws-sdk/client-s3";
import type { ByteRange, OpenedObject, Storage, StorageSettings } from "./storage";
import { MissingObject, requireKey, requirePrefix } from "./storage-keys";

const CONNECT_MS = 5_000;
/** Without a byte for this long a request is given up. */
const SILENCE_MS = 30_000;
const CHECK_MS = 2_000;
const ATTEMPTS_MAX = 3;
/** A part of an upload: a clip of 200 MB goes in 25, and 4 are on their way at once. */
const PART_BYTES = 8 * 1024 * 1024;
const PARTS_AT_ONCE = 4;
const REMOVE_AT_ONCE = 8;
/** An asset has some thirty files; a list of all of them is read page by page, and this many pages at most. */
const LIST_PAGES_MAX = 100_000;

/**
 * Objects in a bucket. The service makes an object visible when all of it has arrived, so `put` is atomic by itself.
 * Checksums are left to what the service asks for, and objects are removed one by one: not every S3-compatible service
 * knows the newer ways.
 */
export class S3Storage implements Storage {
  readonly #bucket: string;
  #connected: Promise<Connection> | undefined;

  constructor(private readonly settings: StorageSettings & { S3_BUCKET: string }) {
    this.#bucket = settings.S3_BUCKET;
  }

  #connect(): Promise<Connection> {
    return (this.#connected ??= connect(this.settings));
  }

  localPath(_key: string): null {
    return null;
  }

  async put(key: string, path: string, type: string): Promise<void> {
    const Key = requireKey(key);
    const { client } = await this.#connect();
    const { Upload } = await import("@aws-sdk/lib-storage");
    const params = { Bucket: this.#bucket, Key, Body: createReadStream(path), ContentType: type };
    await new Upload({ client, params, partSize: PART_BYTES, queueSize: PARTS_AT_ONCE }).done();
  }

  async putText(key: string, text: string, type: string): Promise<void> {
    const Key = requireKey(key);
    const { client, sdk } = await this.#connect();
    await client.send(new sdk.PutObjectCommand({ Bucket: this.#bucket, Key, Body: text, ContentType: type }));
  }

  async fetchTo(key: string, path: string): Promise<void> {
    const opened = await this.openRead(key);
    if (!opened) throw new MissingObject(key);
    try {
      await pipeline(opened.stream, createWriteStream(path));
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  async openRead(key: string, range?: ByteRange): Promise<OpenedObject | null> {
    const Key = requireKey(key);
    const { client, sdk } = await this.#connect();
    const Range = range ? `bytes=${range.start}-${range.end}` : undefined;
    const found = await client.send(new sdk.GetObjectCommand({ Bucket: this.#bucket, Key, Range })).catch(nullIfAbsent);
    if (!found?.Body) return null;
    return { stream: found.Body as Readable, bytes: found.ContentLength ?? 0 };
  }

  async stat(key: string): Promise<{ bytes: number } | null> {
    const Key = requireKey(key);
    const { client, sdk } = await this.#connect();
    const found = await client.send(new sdk.HeadObjectCommand({ Bucket: this.#bucket, Key })).catch(nullIfAbsent);
    return found && { bytes: found.ContentLength ?? 0 };
  }

  async remove(key: string): Promise<void> {
    const Key = requireKey(key);
    const { client, sdk } = await this.#connect();
    await client.send(new sdk.DeleteObjectCommand({ Bucket: this.#bucket, Key })).catch(nullIfAbsent);
  }

  async removeAll(prefix: string): Promise<void> {
    let batch: string[] = [];
    const removeBatch = () => Promise.all(batch.map((key) => this.remove(key)));
    for await (const { key } of this.list(requirePrefix(prefix, { ofAsset: true }))) {
      batch.push(key);
      if (batch.length < REMOVE_AT_ONCE) continue;
      await removeBatch();
      batch = [];
    }
    await removeBatch();
  }

  async *list(prefix: string): AsyncIterable<{ key: string; bytes: number }> {
    const Prefix = requirePrefix(prefix);
    const { client, sdk } = await this.#connect();
    let ContinuationToken: string | undefined;
    for (let page = 0; page < LIST_PAGES_MAX; page += 1) {
      const reply = await client.send(new sdk.ListObjectsV2Command({ Bucket: this.#bucket, Prefix, ContinuationToken }));
      for (const { Key, Size } of reply.Contents ?? []) if (Key !== undefined) yield { key: Key, bytes: Size ?? 0 };
      ContinuationToken = reply.NextContinuationToken;
      if (!reply.IsTruncated || !ContinuationToken) return;
    }
  }

  async check(): Promise<boolean> {
    try {
      const { client, sdk } = await this.#connect();
      await client.send(new sdk.HeadBucketCommand({ Bucket: this.#bucket }), { abortSignal: AbortSignal.timeout(CHECK_MS) });
      return true;
    } catch {
      // Whatever the reason, nothing can be written now; the call that needs it will name it.
      return false;
    }
  }
}

interface Connection {
  client: Sdk.S3Client;
  sdk: typeof Sdk;
}

async function connect(settings: StorageSettings): Promise<Connection> {
  const sdk = await import("@aws-sdk/client-s3");
  const { S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  const client = new sdk.S3Client({
    region: settings.S3_REGION,
    ...(settings.S3_ENDPOINT ? { endpoint: settings.S3_ENDPOINT } : {}),
    forcePathStyle: settings.S3_FORCE_PATH_STYLE ?? settings.S3_ENDPOINT !== undefined,
    ...(accessKeyId && secretAccessKey ? { credentials: { accessKeyId, secretAccessKey } } : {}),
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    maxAttempts: ATTEMPTS_MAX,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  return { client, sdk };
}

function nullIfAbsent(error: unknown): null {
  if (typeof error === "object" && error !== null && "$metadata" in error && (error.$metadata as { httpStatusCode?: number }).httpStatusCode === 404) return null;
  throw error;
}
