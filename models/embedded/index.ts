import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as delay } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { DirectoryInUse, isListening, ownerIsAlive, readLock, takeLock } from "./lock";
import type { LockRecord } from "./lock";
import type { FromWorker, ServeOptions, Served } from "./worker";

/**
 * Starts the embedded engine on a data directory, or finds the one that already runs there. Clients connect with the
 * official driver to `uri`. The engine's files are in `<directory>/db`; one engine at a time may have them open.
 */
export interface EmbeddedOptions {
  directory: string;
  /** Listen on 127.0.0.1 with this port instead of a unix socket. */
  port?: number | undefined;
  /** Where the unix socket is to be; must end in .sock. Default: `<directory>/db.sock`. */
  socketPath?: string | undefined;
  /** Run in the calling thread: for tests that want to see inside. */
  inThread?: boolean | undefined;
  /** False leaves rows past their expiry alone: for tests whose clock is not the machine's. */
  expires?: boolean | undefined;
}

export interface Embedded {
  uri: string;
  close(): Promise<void>;
}

export { DirectoryInUse } from "./lock";

/** The database that a connection uses when it names none. */
const DATABASE = "goldbean";
const REPLICA_SET = "rs0";
const HOST = "127.0.0.1";
/** Node cuts longer paths off without a word (108 bytes with the ending zero on Linux, 104 on macOS). */
const SOCKET_PATH_MAX_BYTES = 103;
const START_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 50;

export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const directory = resolve(options.directory);
  const { address, listen, uri } = await place(directory, options);
  const release = await takeLock(directory, { uri, listen });
  try {
    const data = join(directory, "db");
    await mkdir(data, { recursive: true, mode: 0o700 });
    const serving: ServeOptions = { directory: data, address, listen, expires: options.expires };
    const served = options.inThread ? await (await import("./worker")).serve(serving) : await startWorker(serving);
    return {
      uri,
      close: async () => {
        await served.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** For a second process (seed, worker, scripts): uses the engine that runs on the directory, or starts one for itself. */
export async function connectOrStart(directory: string, options: Omit<EmbeddedOptions, "directory"> = {}): Promise<Embedded> {
  const path = resolve(directory);
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    const owner = await readLock(path);
    if (owner && (await isListening(owner.listen))) return { uri: owner.uri, close: () => Promise.resolve() };
    if (owner && (await ownerIsAlive(owner))) {
      // It is just starting or just ending.
      if (Date.now() > deadline) throw new DirectoryInUse(`process ${owner.pid} holds ${path} but does not answer on its socket`);
      await delay(LOOK_EVERY_MS);
      continue;
    }
    try {
      return await startEmbedded({ ...options, directory: path });
    } catch (error) {
      // Another process was faster: then its engine is the one to use.
      if (!(error instanceof DirectoryInUse) || Date.now() > deadline) throw error;
      await delay(LOOK_EVERY_MS);
    }
  }
}

interface Place {
  address: string;
  listen: LockRecord["listen"];
  uri: string;
}

async function place(directory: string, { port, socketPath }: EmbeddedOptions): Promise<Place> {
  if (port !== undefined) {
    const address = `${HOST}:${port}`;
    return { address, listen: { host: HOST, port }, uri: `mongodb://${address}/${DATABASE}?replicaSet=${REPLICA_SET}` };
  }
  const path = await usableSocketPath(socketPath ? resolve(socketPath) : join(directory, "db.sock"));
  return { address: path, listen: { path }, uri: `mongodb://${encodeURIComponent(path)}/${DATABASE}?replicaSet=${REPLICA_SET}` };
}

async function usableSocketPath(wanted: string): Promise<string> {
  // The driver takes a host for a socket only by this ending.
  if (!wanted.endsWith(".sock")) throw new Error(`the socket path ${wanted} must end in .sock`);
  // The driver also writes the hosts of a hello in lower case, and would then look for another file.
  const fits = Buffer.byteLength(wanted) <= SOCKET_PATH_MAX_BYTES && wanted === wanted.toLowerCase();
  if (fits) return wanted;
  const temporary = tmpdir() === tmpdir().toLowerCase() ? tmpdir() : "/tmp";
  const folder = join(temporary, `goldbean-${process.getuid?.() ?? 0}`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  return join(folder, `${createHash("sha256").update(wanted).digest("hex").slice(0, 24)}.sock`);
}

/** When a bundler has moved this file, the engine's own files are still at their place below the working directory. */
function threadFile(): string {
  const beside = join(dirname(fileURLToPath(import.meta.url)), "thread.mjs");
  return existsSync(beside) ? beside : resolve("models/embedded/thread.mjs");
}

async function startWorker(options: ServeOptions): Promise<Served> {
  // No flags of the calling process: they may load its own code (a test runner's, say) into this thread as well.
  const worker = new Worker(threadFile(), { execArgv: [], workerData: { serve: options } });
  await new Promise<void>((started, failed) => {
    worker.once("error", failed);
    worker.once("exit", (code) => failed(new Error(`the embedded database ended with code ${code} while it started`)));
    worker.once("message", (message: FromWorker) => {
      if (message.kind === "failed") failed(Object.assign(new Error(message.message), { name: message.name }));
      else started();
    });
  });
  // From here on an error in the thread has no listener and ends the process: without its database it could only fail.
  worker.removeAllListeners("error");
  worker.removeAllListeners("exit");
  const ended = new Promise<void>((done) => worker.once("exit", () => done()));
  return {
    close: async () => {
      worker.postMessage({ kind: "close" });
      await ended;
    },
  };
}
