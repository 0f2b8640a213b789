import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const START_TIMEOUT_MS = 30_000;

/** An engine in a child process on a directory of its own; it can be killed without warning and started again on the same data. */
export class EngineProcess {
  readonly directory = mkdtempSync(join(tmpdir(), "goldbean-crash-"));
  private child: ChildProcess | null = null;
  private ready: Promise<string> = Promise.reject(new Error("not started"));

  constructor() {
    this.ready.catch(() => undefined);
  }

  start(): Promise<string> {
    this.ready = this.launch();
    this.ready.catch(() => undefined);
    return this.ready;
  }

  /** The address of the engine that runs, or will run as soon as the restart is done. */
  uri(): Promise<string> {
    return this.ready;
  }

  /** kill -9 and a restart on what is on disk. Resolves when the new engine serves. */
  async crash(): Promise<string> {
    const child = this.child!;
    let restarted: (uri: Promise<string>) => void = () => undefined;
    // Sessions that notice the crash wait for the next engine, not for the one that has just died.
    this.ready = new Promise((resolve) => (restarted = resolve));
    this.ready.catch(() => undefined);
    child.kill("SIGKILL");
    await once(child, "exit");
    restarted(this.launch());
    return this.ready;
  }

  async remove(): Promise<void> {
    const child = this.child;
    if (child && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  private launch(): Promise<string> {
    const child = spawn(process.execPath, ["--import", "tsx", join(import.meta.dirname, "serve.ts"), this.directory], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child = child;
    return new Promise((resolve, reject) => {
      let complaint = "";
      const timer = setTimeout(() => reject(new Error(`the engine did not start within ${START_TIMEOUT_MS} ms\n${complaint}`)), START_TIMEOUT_MS);
      child.stderr.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-4_000)));
      child.once("exit", (code, signal) => {
        clearTimeout(timer);
        reject(new Error(`the engine ended with ${code ?? signal}\n${complaint}`));
      });
      createInterface({ input: child.stdout }).on("line", (line) => {
        if (!line.startsWith("mongodb://")) return;
        clearTimeout(timer);
        resolve(line.trim());
      });
    });
  }
}
