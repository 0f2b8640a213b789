import { MongoClient, type Db } from "mongodb";
import { env } from "../../app/env.server";
import { connectOrStart } from "../../models/embedded/index";

/** The database of this installation, opened by a tool beside the running site. */
export interface Home {
  db: Db;
  /** How a consistent view is had: see withSnapshot. */
  kind: "cluster" | "embedded";
  close(): Promise<void>;
}

/** MONGODB_URI where it is set; otherwise the embedded engine in DATA_DIR, through the socket of the process that runs it. */
export async function openHome(): Promise<Home> {
  if (env.MONGODB_URI) {
    const client = await new MongoClient(env.MONGODB_URI).connect();
    return { db: client.db(), kind: "cluster", close: () => client.close() };
  }
  const engine = await connectOrStart(env.DATA_DIR);
  const client = await new MongoClient(engine.uri).connect();
  return {
    db: client.db(),
    kind: "embedded",
    close: async () => {
      await client.close();
      await engine.close();
    },
  };
}

/** Runs a tool: prints a failure as its sentence and ends with 1, so that a shell script stops. */
export async function runTool(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
