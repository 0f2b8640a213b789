import { fork, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, mkdtemp, mkdir } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The site, built when it is not, and other servers to compare it with, as processes of their own. */
export interface Running {
  origin: string;
  pid: number;
  stop: () => Promise<void>;
}

const START_TIMEOUT_MS = 120_000;

export async function startSite(dataDir: string, settings: Record<string, string> = {}): Promise<Running> {
  const child = fork(join("scripts", "run.js"), ["start"], {
    env: { ...process.env, NODE_ENV: "production", PORT: "0", DATA_DIR: dataDir, LOG_LEVEL: "warn", MEDIA_WORKERS: "0", ...settings },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: startFlags(),
  });
  return running(child, await readyPort(child));
}

/** The flags that `npm start` gives to node, so that what is measured is what runs. */
function startFlags(): string[] {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: { start: string } };
  return scripts.start.split(" ").filter((word) => word.startsWith("--"));
}

/** A server that does nothing but send these bytes: what this machine can do at best. */
export async function startFloor(bodyFile: string): Promise<Running> {
  const child = fork(join("scripts", "bench", "floor.js"), [bodyFile], { stdio: ["ignore", "ignore", "inherit", "ipc"], execArgv: [] });
  return running(child, await readyPort(child));
}

function running(child: ChildProcess, port: number): Running {
  return {
    origin: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function readyPort(child: ChildProcess): Promise<number> {
  const signal = AbortSignal.timeout(START_TIMEOUT_MS);
  const ended = once(child, "exit", { signal }).then(([code]) => {
    throw new Error(`the server ended with code ${String(code)} while it started`);
  });
  const ready = once(child, "message", { signal }).then(([message]) => (message as { port: number }).port);
  return Promise.race([ready, ended]);
}

/** A data directory with so many posts; made once below `directory` and used again by the next run. */
export async function ensureScale(directory: string, posts: number): Promise<string> {
  const path = join(directory, `posts-${posts}`);
  if (existsSync(join(path, "finished"))) return path;
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true });
  await run(process.execPath, ["scripts/run.js", "seed", "--scale", `posts=${posts}`], { DATA_DIR: path });
  await run("touch", [join(path, "finished")], {});
  return path;
}

/** The demo content in a directory of its own, removed by the caller. */
export async function makeDemoData(): Promise<string> {
  return mkdtemp(join(tmpdir(), "goldbean-bench-"));
}

async function run(command: string, parameters: string[], settings: Record<string, string>): Promise<void> {
  const child = spawn(command, parameters, { env: { ...process.env, NODE_ENV: "production", ...settings }, stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${parameters.join(" ")} ended with code ${String(code)}`);
}

/** Resident memory of a process in megabytes. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

/** Clock ticks of /proc a second: fixed at 100 on Linux, whatever the kernel's own timer. */
const TICKS_PER_SEC = 100;

/** CPU time that a process has used since it began, all its threads, in milliseconds (steps of ten). */
export async function cpuMs(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name in brackets may hold spaces; the fields behind it are 3, 4, …; user and system time are 14 and 15.
  const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SEC;
}
