import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterAll, beforeAll } from "vitest";
import { startEmbedded } from "@models/embedded";

export interface TestEngine {
  uri: string;
  client: MongoClient;
  directory: string;
}

/** A fresh embedded engine for the tests of one file. It is what is under test, so MONGODB_URI does not replace it. */
export function useEngine(): () => TestEngine {
  let engine: TestEngine | null = null;
  let close: () => Promise<void> = () => Promise.resolve();
  beforeAll(async () => {
    const opened = await openEngine();
    engine = opened;
    close = opened.close;
  });
  afterAll(() => close());
  return () => {
    if (!engine) throw new Error("the engine runs from beforeAll to afterAll");
    return engine;
  };
}

export async function openEngine(): Promise<TestEngine & { close(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "goldbean-engine-"));
  const running = await startEmbedded({ directory });
  const client = await new MongoClient(running.uri).connect();
  return {
    uri: running.uri,
    client,
    directory,
    close: async () => {
      await client.close();
      await running.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
