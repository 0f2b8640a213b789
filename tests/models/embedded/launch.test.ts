import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterEach, expect, test } from "vitest";
import { DirectoryInUse, connectOrStart, startEmbedded } from "@models/embedded/index";

const directories: string[] = [];

function newDirectory(name = "goldbean-launch-"): string {
  const directory = mkdtempSync(join(tmpdir(), name));
  directories.push(directory);
  return directory;
}

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

test("given an engine in a worker thread, when the official driver connects over the socket, then data is there again after a restart", async () => {
  const directory = newDirectory();
  for (const round of [1, 2]) {
    const engine = await startEmbedded({ directory });
    const client = await new MongoClient(engine.uri).connect();
    await client.db().collection("posts").insertOne({ round });
    expect(await client.db().collection("posts").countDocuments()).toBe(round);
    await client.close();
    await engine.close();
  }
});

test("given a running engine, when a second one is started on its directory, then it is refused, and connectOrStart finds the first", async () => {
  const directory = newDirectory();
  const engine = await startEmbedded({ directory });
  await expect(startEmbedded({ directory })).rejects.toThrow(DirectoryInUse);
  const found = await connectOrStart(directory);
  expect(found.uri).toBe(engine.uri);
  await found.close();
  const client = await new MongoClient(engine.uri).connect();
  expect(await client.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
  await client.close();
  await engine.close();
});

test("given a directory with a short path in lower case, when the engine starts, then its socket is in the directory", async () => {
  const directory = join("/tmp", `goldbean-launch-${process.pid}`);
  directories.push(directory);
  const engine = await startEmbedded({ directory });
  expect(engine.uri).toContain(encodeURIComponent(join(directory, "db.sock")));
  await engine.close();
});

test("given a directory whose path is too long for a socket, when the engine starts, then the socket is in the temp folder", async () => {
  const directory = join(newDirectory(), "d".repeat(120));
  const engine = await startEmbedded({ directory });
  const path = decodeURIComponent(/^mongodb:\/\/([^/]+)\//.exec(engine.uri)?.[1] ?? "");
  expect(Buffer.byteLength(path)).toBeLessThan(108);
  const client = await new MongoClient(engine.uri).connect();
  expect(await client.db("admin").command({ hello: 1 })).toMatchObject({ me: path, primary: path, hosts: [path] });
  await client.close();
  await engine.close();
});
