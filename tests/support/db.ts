import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nanoid } from "nanoid";
import mongoose from "mongoose";
import { afterAll, beforeAll } from "vitest";
import { connect, disconnect } from "@models/connection.server";
import { ensureIndexes } from "@models/indexes.server";

/**
 * A real database for the tests of one file: the embedded engine in a temporary directory, or a fresh database
 * name on the replica set at MONGODB_URI. Indexes are those of every collection that the file has imported.
 */
export function useDatabase(): void {
  let close: () => Promise<void> = () => Promise.resolve();
  beforeAll(async () => {
    close = await openDatabase();
  });
  afterAll(() => close());
}

let uri = "";

/** Where the database of this file is, for a second process. */
export function databaseUri(): string {
  return uri;
}

async function openDatabase(): Promise<() => Promise<void>> {
  const cluster = process.env.MONGODB_URI;
  if (cluster) return openFreshName(cluster);
  const { startEmbedded } = await import("@models/embedded");
  const directory = await mkdtemp(join(tmpdir(), "goldbean-test-"));
  const engine = await startEmbedded({ directory, expires: false });
  uri = engine.uri;
  await connect(monitored(uri));
  await ensureIndexes();
  return async () => {
    await disconnect();
    await engine.close();
    await rm(directory, { recursive: true, force: true });
  };
}

async function openFreshName(cluster: string): Promise<() => Promise<void>> {
  const address = new URL(cluster);
  address.pathname = `/goldbean-test-${nanoid(8).replace(/[^a-z0-9]/gi, "x")}`;
  uri = address.href;
  await connect(monitored(uri));
  await ensureIndexes();
  return async () => {
    await mongoose.connection.dropDatabase();
    await disconnect();
  };
}

/** With command events, so that a test can see which queries a page makes. */
function monitored(address: string): string {
  return `${address}${address.includes("?") ? "&" : "?"}monitorCommands=true`;
}
