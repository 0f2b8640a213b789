import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import S3rver from "s3rver";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BadKey, mediaKey, mediaPrefix, MissingObject, openStorage, sourceKey, type Storage } from "@media/storage";

/** One contract, kept by both stores: the disk, and a bucket served on this machine. */
const directory = mkdtempSync(join(tmpdir(), "goldbean-storage-"));
const bucket = new S3rver({ address: "127.0.0.1", port: 0, silent: true, directory: join(directory, "bucket"), configureBuckets: [{ name: "clips", configs: [] }] });
let endpoint = "";

beforeAll(async () => {
  const { port } = await bucket.run();
  endpoint = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await bucket.close();
  await rm(directory, { recursive: true });
});

const newId = () => randomBytes(16).toString("hex");

function fileOf(bytes: Buffer | string): string {
  const path = join(directory, `given-${newId()}`);
  writeFileSync(path, bytes);
  return path;
}

const openLocal = (dataDir = join(directory, "data")) => openStorage({ DATA_DIR: dataDir, S3_REGION: "us-east-1" });
const openBucket = (name = "clips") =>
  openStorage({ DATA_DIR: directory, S3_ENDPOINT: endpoint, S3_BUCKET: name, S3_REGION: "us-east-1", S3_ACCESS_KEY_ID: "S3RVER", S3_SECRET_ACCESS_KEY: "S3RVER" });

describe.each<[string, () => Storage]>([
  ["the disk", () => openLocal()],
  ["a bucket", () => openBucket()],
])("on %s", (_name, open) => {
  test("given a file, when it is put, then it is read whole, in part, and copied out as it was", async () => {
    const storage = open();
    const bytes = randomBytes(300_000);
    const key = mediaKey(newId(), "360.mp4");
    await storage.put(key, fileOf(bytes), "video/mp4");
    expect(await storage.stat(key)).toEqual({ bytes: bytes.length });
    const whole = await storage.openRead(key);
    expect(whole?.bytes).toBe(bytes.length);
    expect((await buffer(whole!.stream)).equals(bytes)).toBe(true);
    const part = await storage.openRead(key, { start: 100, end: 199 });
    expect(part?.bytes).toBe(100);
    expect((await buffer(part!.stream)).equals(bytes.subarray(100, 200))).toBe(true);
    const copy = join(directory, newId());
    await storage.fetchTo(key, copy);
    expect(readFileSync(copy).equals(bytes)).toBe(true);
  });

  test("given a text, when it is put, then it is there", async () => {
    const storage = open();
    const key = mediaKey(newId(), "captions-en-1.vtt");
    await storage.putText(key, "WEBVTT\n\n说明", "text/vtt");
    expect((await buffer((await storage.openRead(key))!.stream)).toString()).toBe("WEBVTT\n\n说明");
  });

  test("given a file larger than one part, then it arrives whole", async () => {
    const storage = open();
    const bytes = randomBytes(18 * 1024 * 1024);
    const key = sourceKey(newId());
    await storage.put(key, fileOf(bytes), "application/octet-stream");
    expect((await buffer((await storage.openRead(key))!.stream)).equals(bytes)).toBe(true);
  });

  test("given a key with something under it, when it is put again, then the new bytes stand", async () => {
    const storage = open();
    const key = mediaKey(newId(), "poster.jpg");
    await storage.put(key, fileOf("old"), "image/jpeg");
    await storage.put(key, fileOf("newer"), "image/jpeg");
    expect((await buffer((await storage.openRead(key))!.stream)).toString()).toBe("newer");
  });

  test("given nothing under a key, then every question says so and removing it is no error", async () => {
    const storage = open();
    const key = mediaKey(newId(), "none.webp");
    expect(await storage.stat(key)).toBeNull();
    expect(await storage.openRead(key)).toBeNull();
    await expect(storage.fetchTo(key, join(directory, newId()))).rejects.toBeInstanceOf(MissingObject);
    await storage.remove(key);
    await storage.removeAll(mediaPrefix(newId()));
  });

  test("given the files of two assets, when one asset is removed, then the other keeps its own", async () => {
    const storage = open();
    const [gone, stays] = [newId(), newId()];
    for (let i = 0; i < 11; i += 1) await storage.put(mediaKey(gone, `${i}.webp`), fileOf(`${i}`), "image/webp");
    await storage.put(mediaKey(stays, "640.webp"), fileOf("four"), "image/webp");
    await storage.put(sourceKey(stays), fileOf("source"), "image/jpeg");
    const listed = async (prefix: string) => {
      const found: { key: string; bytes: number }[] = [];
      for await (const object of storage.list(prefix)) if (object.key.includes(gone) || object.key.includes(stays)) found.push(object);
      return found;
    };
    expect(await listed("media/")).toHaveLength(12);
    await storage.removeAll(mediaPrefix(gone));
    expect(await listed("media/")).toEqual([{ key: mediaKey(stays, "640.webp"), bytes: 4 }]);
    expect(await listed("source/")).toEqual([{ key: sourceKey(stays), bytes: 6 }]);
    await storage.remove(sourceKey(stays));
    expect(await listed("source/")).toEqual([]);
  });

  test("given names that would leave the store, then they are no keys", async () => {
    const storage = open();
    const id = newId();
    for (const key of ["", "media/", `media/${id}`, `media/${id}/`, `media/${id}/../x`, `media/${id}/a..b`, `media/${id}/.hidden`, `media/${id}/a/b`, `source/${id}/x`, "source/..", `/source/${id}`, `media/${id}/a\0`, `media/${id.toUpperCase()}/a.x`]) {
      await expect(storage.put(key, fileOf("x"), "text/plain"), key).rejects.toBeInstanceOf(BadKey);
      expect(() => {
        if (storage.localPath(key) === null) throw new BadKey(key);
      }, key).toThrow(BadKey);
      await expect(storage.openRead(key), key).rejects.toBeInstanceOf(BadKey);
    }
    for (const prefix of ["", "media", "media/", "source/", `media/${id}`, "media/../"]) await expect(storage.removeAll(prefix), prefix).rejects.toBeInstanceOf(BadKey);
  });

  test("given a reader who leaves, when the stream is destroyed, then it closes", async () => {
    const storage = open();
    const key = mediaKey(newId(), "720.mp4");
    await storage.put(key, fileOf(randomBytes(2_000_000)), "video/mp4");
    const { stream } = (await storage.openRead(key))!;
    const closed = new Promise((resolve) => stream.once("close", resolve));
    stream.once("data", () => stream.destroy());
    await closed;
    expect(stream.destroyed).toBe(true);
  });

  test("then it says that it is usable", async () => {
    expect(await open().check()).toBe(true);
  });
});

test("on the disk, then the file is moved in, uploads lie where nobody else may look, and the free share is known", async () => {
  const storage = openLocal(join(directory, "own"));
  const path = fileOf("moved");
  const id = newId();
  await storage.put(sourceKey(id), path, "image/jpeg");
  expect(existsSync(path)).toBe(false);
  expect(statSync(join(directory, "own/media-store/source")).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(directory, "own/media-store/arriving"))).toEqual([]);
  expect(storage.localPath(sourceKey(id))).toBe(join(directory, "own/media-store/source", id));
  const share = await storage.freeShare!();
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThanOrEqual(1);
});

test("in a bucket that is not there, then it says that it is not usable, and a failure is no absence", async () => {
  const storage = openBucket("nowhere");
  expect(await storage.check()).toBe(false);
  await expect(storage.put(mediaKey(newId(), "a.webp"), fileOf("x"), "image/webp")).rejects.toThrow();
});
