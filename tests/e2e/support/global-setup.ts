import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { requireChromium } from "../../../scripts/setup-browser";

declare module "vitest" {
  interface ProvidedContext {
    origin: string;
    chromium: string;
    /** Of the server: a test may plant rows and files beside the demo. */
    dataDir: string;
  }
}

const READY_TIMEOUT_MS = 120_000;

/** One server for all journeys: the real `npm start` on an empty data directory, so that the demo is planted. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = requireChromium();
  const directory = await mkdtemp(join(tmpdir(), "goldbean-e2e-"));
  const server = fork("scripts/run.js", ["start"], {
    env: { ...process.env, NODE_ENV: "production", PORT: "0", HOST: "127.0.0.1", DATA_DIR: directory, DEMO: "true", LOG_LEVEL: "warn", DEMO_CLIPS: "4", MONGODB_URI: process.env.E2E_MONGODB_URI ?? "" },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server was not ready in time")), READY_TIMEOUT_MS);
    server.on("message", (message: { kind?: string; port?: number }) => {
      if (message.kind !== "ready" || message.port === undefined) return;
      clearTimeout(timer);
      resolve(message.port);
    });
    server.once("exit", (code) => reject(new Error(`the server stopped with ${code} before it was ready`)));
  }).catch(async (error: unknown) => {
    server.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  project.provide("origin", `http://127.0.0.1:${port}`);
  project.provide("chromium", chromium);
  project.provide("dataDir", directory);
  return async () => {
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await gone;
    await rm(directory, { recursive: true, force: true });
  };
}
