import { chmod, rm } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { Engine } from "./commands/engine";
import { answer } from "./commands/dispatch";
import { removeExpired } from "./ttl";
import { WireServer } from "./wire/server";

/**
 * One running engine with its socket. Runs in a worker thread, so that a long scan does not stop the pages of the product;
 * tests may run it in their own thread.
 */
export interface ServeOptions {
  directory: string;
  /** What hello names: the socket path, or host:port. */
  address: string;
  listen: { path: string } | { host: string; port: number };
  /** False leaves rows past their expiry alone: for tests whose clock is not the machine's. */
  expires?: boolean | undefined;
}

export interface Served {
  close(): Promise<void>;
}

const EXPIRE_EVERY_MS = 1000;
const TTL_EVERY_MS = 60_000;

export async function serve({ directory, address, listen, expires = true }: ServeOptions): Promise<Served> {
  const engine = await Engine.open({ directory, address });
  const server = new WireServer({ answer: (command, connectionId) => answer(engine, command, connectionId) });
  engine.connections = () => server.connections;
  if ("path" in listen) await rm(listen.path, { force: true });
  await server.listen(listen);
  if ("path" in listen) await chmod(listen.path, 0o600);
  const expiry = setInterval(() => engine.expire(), EXPIRE_EVERY_MS);
  let upkeep: Promise<unknown> = Promise.resolve();
  const ttl = setInterval(() => {
    if (!expires) return;
    const now = engine.clock();
    // A failed round shows itself in the next write as well; the timer must not bring the process down.
    upkeep = removeExpired(engine, now)
      .then(() => engine.sessions.sweep(now))
      .catch((error: unknown) => process.emitWarning(`upkeep of the embedded database failed: ${String(error)}`));
  }, TTL_EVERY_MS);
  expiry.unref();
  ttl.unref();
  return {
    close: async () => {
      clearInterval(expiry);
      clearInterval(ttl);
      await server.close();
      await upkeep;
      await engine.close();
      if ("path" in listen) await rm(listen.path, { force: true });
    },
  };
}

/** The messages between the launcher and this thread. */
export type FromWorker = { kind: "ready" } | { kind: "failed"; name: string; message: string } | { kind: "closed" };
export type ToWorker = { kind: "close" };

function isServeOptions(data: unknown): data is { serve: ServeOptions } {
  return typeof data === "object" && data !== null && "serve" in data;
}

async function runInThread(options: ServeOptions): Promise<void> {
  const send = (message: FromWorker): void => parentPort?.postMessage(message);
  try {
    const served = await serve(options);
    parentPort?.once("message", () => {
      void served.close().then(() => {
        send({ kind: "closed" });
        parentPort?.close();
      });
    });
    send({ kind: "ready" });
  } catch (error) {
    send({ kind: "failed", name: error instanceof Error ? error.name : "Error", message: error instanceof Error ? error.message : String(error) });
  }
}

if (parentPort && isServeOptions(workerData)) void runInThread(workerData.serve);
