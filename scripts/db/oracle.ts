import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/**
 * A MongoDB query engine to compare with. It is started by a script that takes PORT and DATADIR and prints its address;
 * where no such script exists, `--live URI` names a server that is already there.
 */
export interface Oracle {
  uri: string;
  /** Whether the process still runs. */
  isAlive(): boolean;
  stop(): Promise<void>;
}

const START_ATTEMPTS_MAX = 3;
const START_TIMEOUT_MS = 180_000;

/** The first start may fetch packages and lose a race with another download: it is tried a few times. */
export async function startOracle(script: string, port: number): Promise<Oracle> {
  let lastError: unknown;
  for (let attempt = 0; attempt < START_ATTEMPTS_MAX; attempt++) {
    try {
      return await startOnce(script, port);
    } catch (error) {
      lastError = error;
    }
  }
  throw new Error(`The comparison engine did not start: ${script}`, { cause: lastError });
}

async function startOnce(script: string, port: number): Promise<Oracle> {
  const directory = mkdtempSync(join(tmpdir(), "goldbean-oracle-"));
  const child = spawn(script, [String(port), directory], { stdio: ["ignore", "pipe", "pipe"] });
  const removeDirectory = () => rmSync(directory, { recursive: true, force: true });
  try {
    const uri = await readAddress(child);
    return {
      uri,
      isAlive: () => child.exitCode === null && child.signalCode === null,
      stop: async () => {
        await endOf(child);
        removeDirectory();
      },
    };
  } catch (error) {
    await endOf(child);
    removeDirectory();
    throw error;
  }
}

function readAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaint = "";
    const timer = setTimeout(() => reject(new Error(`no address within ${START_TIMEOUT_MS} ms\n${complaint}`)), START_TIMEOUT_MS);
    child.stderr?.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2_000)));
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code}\n${complaint}`));
    });
    createInterface({ input: child.stdout! }).on("line", (line) => {
      if (!line.startsWith("mongodb://")) return;
      clearTimeout(timer);
      resolve(line.trim());
    });
  });
}

function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
