import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
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

test("given a port, when the engine starts, then the driver reaches it over TCP on the loopback address only", async () => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  const port = typeof address === "object" && address ? address.port : 0;
  probe.close();
  await once(probe, "close");
  const engine = await startEmbedded({ directory: newDirectory(), port });
  expect(engine.uri).toBe(`mongodb://127.0.0.1:${port}/goldbean?replicaSet=rs0`);
  const client = await new MongoClient(engine.uri, { serverApi: { version: "1", strict: true } }).connect();
  await client.withSession((session) => session.withTransaction(() => client.db().collection("c").insertOne({ _id: 1 as never }, { session })));
  expect(await client.db().collection("c").countDocuments()).toBe(1);
  await client.close();
  await engine.close();
});

/** A process of its own that starts an engine, says so on its standard output, and lives until it is killed. */
async function engineProcess(directory: string): Promise<{ kill(): Promise<void> }> {
  const program = `import { connectOrStart } from ${JSON.stringify(new URL("../../../models/embedded/index.ts", import.meta.url).href)};
    const { uri } = await connectOrStart(${JSON.stringify(directory)});
    console.log(uri);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  return {
    kill: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

test("given another process that runs the engine, then this one connects to it; when that one was killed, then this one takes over", async () => {
  const directory = newDirectory();
  const other = await engineProcess(directory);
  await expect(startEmbedded({ directory })).rejects.toThrow(DirectoryInUse);
  const joined = await connectOrStart(directory);
  const client = await new MongoClient(joined.uri).connect();
  await client.db().collection("c").insertOne({ _id: 1 as never });
  await client.close();
  await joined.close();
  await other.kill();
  expect(existsSync(join(directory, "engine.lock"))).toBe(true);
  const own = await connectOrStart(directory);
  const again = await new MongoClient(own.uri).connect();
  expect(await again.db().collection("c").countDocuments()).toBe(1);
  await again.close();
  await own.close();
});
