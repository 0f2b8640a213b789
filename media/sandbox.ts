import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { availableParallelism } from "node:os";
import type { Readable } from "node:stream";

/**
 * Runs a foreign program over a file that somebody uploaded. Always: an argument array and no shell, an empty
 * environment, no standard input, low priority, limits on time, memory and output, and the whole process group is
 * killed when the time is over or the caller gives up. Where user namespaces work, bubblewrap also takes away the
 * network and every file that is not named; elsewhere the limits remain, and `describeSandbox` says so.
 */
export interface SandboxedRun {
  program: string;
  args: string[];
  /** Files or folders the program may read, absolute. It sees them under their own names. */
  readOnly?: string[];
  /** The one folder it may write to, absolute; also its working directory. */
  writable?: string;
  timeoutMs: number;
  /** CPU seconds after which the kernel kills it. Default: what the time allows on every core. */
  cpuSec?: number;
  /** Address space, which is several times what is resident. Default 3 GiB: libsvtav1 and 4K decoders reserve much. */
  memoryBytes?: number;
  /** Largest file it may write. Default 1 GiB. */
  fileBytes?: number;
  /** Called with each line. With `onStdout`, stdout is not kept in the result. */
  onStdout?: (line: string) => void;
  onStderr?: (line: string) => void;
  signal?: AbortSignal;
  /** Another kind than the one that this machine offers; a test's way to see the weaker one. */
  kind?: SandboxDescription["kind"];
}

export interface SandboxedResult {
  /** Null when a signal ended it: a limit was passed, or it crashed. */
  code: number | null;
  /** The first 8 MiB. */
  stdout: string;
  stdoutCut: boolean;
  /** The last 64 KiB. */
  stderr: string;
  /** User and system seconds of all processes, and the highest sum of their resident sets, read while they run. */
  cpuSec: number;
  peakRssBytes: number;
}

/** The time was over. Not the sender's fault by itself: a crowded machine is slow too. */
export class SandboxTimeout extends Error {
  constructor(program: string, timeoutMs: number) {
    super(`${program} was stopped after ${timeoutMs} ms`);
    this.name = "SandboxTimeout";
  }
}

export interface SandboxDescription {
  kind: "bwrap" | "limits" | "none";
  detail: string;
}

const STDOUT_BYTES_MAX = 8 * 1024 * 1024;
const STDERR_BYTES_MAX = 64 * 1024;
const LINE_CHARS_MAX = 16 * 1024;
/** Often while a probe may be over in a moment, seldom once it is known to be an encode. */
const POLL_MS = 20;
const POLL_SEEN = 50;
const POLL_LATER_MS = 250;
const PROBE_TIMEOUT_MS = 5_000;
/** Linux reports CPU time to user space in hundredths of a second whatever the kernel's own tick is. */
const TICKS_PER_SEC = 100;

export async function runSandboxed(run: SandboxedRun): Promise<SandboxedResult> {
  run.signal?.throwIfAborted();
  const [program, ...args] = wrap(run);
  const child = spawn(program as string, args, {
    cwd: run.writable ?? "/",
    env: CLEAN_ENV,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const meter = new Meter(child.pid);
  const stdout = new Head();
  const stderr = new Tail();
  read(child.stdout as Readable, run.onStdout, run.onStdout ? null : stdout);
  read(child.stderr as Readable, run.onStderr, stderr);
  const { code, stoppedBy } = await untilEnd(child, run).finally(() => meter.stop());
  if (stoppedBy === "timeout") throw new SandboxTimeout(run.program, run.timeoutMs);
  if (stoppedBy === "abort") throw run.signal?.reason instanceof Error ? run.signal.reason : new Error("aborted");
  return { code, stdout: stdout.text(), stdoutCut: stdout.cut, stderr: stderr.text(), cpuSec: meter.cpuSec(), peakRssBytes: meter.peakRssBytes };
}

/** Which of the two is in force on this machine. Tried once, then remembered. */
export function describeSandbox(): SandboxDescription {
  return (described ??= probe());
}
let described: SandboxDescription | null = null;

// The types of this project insist on NODE_ENV, which is of no use to a foreign program.
const CLEAN_ENV = { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" } as unknown as NodeJS.ProcessEnv;

function probe(): SandboxDescription {
  if (process.platform !== "linux") return { kind: "none", detail: "not Linux: only time limits and the lists of allowed formats hold" };
  if (existsSync("/usr/bin/bwrap")) {
    const tried = spawnSync("/usr/bin/bwrap", [...bwrapArgs({}), "/usr/bin/true"], { env: CLEAN_ENV, timeout: PROBE_TIMEOUT_MS, stdio: "ignore" });
    if (tried.status === 0) return { kind: "bwrap", detail: "bubblewrap: no network, no files but the named ones" };
  }
  const why = existsSync("/usr/bin/bwrap") ? "user namespaces are off" : "bubblewrap is not installed";
  if (!existsSync("/usr/bin/prlimit")) return { kind: "none", detail: `${why}, and there is no prlimit` };
  return { kind: "limits", detail: `${why}: limits${canLeaveNetwork() ? ", no network" : ""} and the lists of allowed formats hold` };
}

/** Root may take the network away without a user namespace. Others may not, and then the lists of protocols hold alone. */
function canLeaveNetwork(): boolean {
  if (leavesNetwork === null) {
    const tried = existsSync("/usr/bin/unshare") && spawnSync("/usr/bin/unshare", ["--net", "/usr/bin/true"], { timeout: PROBE_TIMEOUT_MS, stdio: "ignore" });
    leavesNetwork = tried !== false && tried.status === 0;
  }
  return leavesNetwork;
}
let leavesNetwork: boolean | null = null;

function wrap(run: SandboxedRun): string[] {
  const { kind = describeSandbox().kind } = run;
  const command = [run.program, ...run.args];
  if (kind === "none") return command;
  const cpuSec = run.cpuSec ?? Math.ceil((run.timeoutMs / 1000) * availableParallelism());
  const limits = [
    "/usr/bin/prlimit",
    `--as=${run.memoryBytes ?? 3 * 1024 ** 3}`,
    `--cpu=${cpuSec}`,
    `--fsize=${run.fileBytes ?? 1024 ** 3}`,
    "--nofile=128",
    "--core=0",
  ];
  const nice = existsSync("/usr/bin/nice") ? ["/usr/bin/nice", "-n", "10"] : [];
  if (kind === "bwrap") return [...nice, ...limits, "/usr/bin/bwrap", ...bwrapArgs(run), ...command];
  const alone = existsSync("/usr/bin/setpriv") ? ["/usr/bin/setpriv", "--no-new-privs", "--pdeathsig", "KILL"] : [];
  const offline = canLeaveNetwork() ? ["/usr/bin/unshare", "--net"] : [];
  return [...nice, ...offline, ...limits, ...alone, ...command];
}

function bwrapArgs({ program, readOnly = [], writable }: Partial<SandboxedRun>): string[] {
  const inside = program && !program.startsWith("/usr/") ? [...readOnly, program] : readOnly;
  return [
    ...["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"],
    ...Object.entries(CLEAN_ENV).flatMap(([name, value]) => ["--setenv", name, value ?? ""]),
    ...["--ro-bind", "/usr", "/usr", ...rootLinks()],
    ...["--ro-bind-try", "/etc/alternatives", "/etc/alternatives", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
    ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...inside.flatMap((path) => ["--ro-bind", path, path]),
    ...(writable ? ["--bind", writable, writable, "--chdir", writable] : ["--chdir", "/tmp"]),
    "--",
  ];
}

/** /lib, /bin and so on: links into /usr on most systems, folders of their own on others. */
function rootLinks(): string[] {
  return ["/lib", "/lib64", "/bin", "/sbin"].flatMap((path) => {
    if (!existsSync(path)) return [];
    return lstatSync(path).isSymbolicLink() ? ["--symlink", readlinkSync(path), path] : ["--ro-bind", path, path];
  });
}

type StoppedBy = "timeout" | "abort" | null;

function untilEnd(child: ChildProcess, run: SandboxedRun): Promise<{ code: number | null; stoppedBy: StoppedBy }> {
  return new Promise((resolve, reject) => {
    let stoppedBy: StoppedBy = null;
    const stop = (reason: StoppedBy): void => {
      stoppedBy ??= reason;
      killGroup(child);
    };
    const timer = setTimeout(() => stop("timeout"), run.timeoutMs);
    const onAbort = (): void => stop("abort");
    run.signal?.addEventListener("abort", onAbort, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      run.signal?.removeEventListener("abort", onAbort);
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("close", (code) => {
      done();
      resolve({ code, stoppedBy });
    });
  });
}

/** The child leads its own group; bubblewrap's children die with it, as it asked the kernel for. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // It ended by itself between the decision and the signal.
  }
}

interface Sink {
  add(line: string): void;
}

/** Splits into lines without ever holding more than one short one: a program may print a gigabyte without a line end. */
function read(stream: Readable, onLine: ((line: string) => void) | undefined, sink: Sink | null): void {
  let open = "";
  const end = (): void => {
    sink?.add(open);
    onLine?.(open);
    open = "";
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const pieces = chunk.split("\n");
    pieces.forEach((piece, at) => {
      if (open.length < LINE_CHARS_MAX) open += piece.slice(0, LINE_CHARS_MAX - open.length);
      if (at < pieces.length - 1) end();
    });
  });
  stream.on("end", () => {
    if (open) end();
  });
}

class Head implements Sink {
  cut = false;
  private readonly lines: string[] = [];
  private size = 0;
  add(line: string): void {
    if (this.size + line.length > STDOUT_BYTES_MAX) this.cut = true;
    if (this.cut) return;
    this.size += line.length + 1;
    this.lines.push(line);
  }
  text(): string {
    return this.lines.join("\n");
  }
}

class Tail implements Sink {
  private lines: string[] = [];
  private size = 0;
  add(line: string): void {
    this.lines.push(line);
    this.size += line.length + 1;
    if (this.size < 2 * STDERR_BYTES_MAX) return;
    this.lines = [this.text()];
    this.size = this.lines[0]?.length ?? 0;
  }
  text(): string {
    return this.lines.join("\n").slice(-STDERR_BYTES_MAX);
  }
}

/**
 * What the process and everything below it used. Node cannot ask the kernel for the children's total, so /proc is
 * read while they live; what happens after the last look is not seen. ffmpeg's own exact figures replace these where it prints them.
 */
class Meter {
  peakRssBytes = 0;
  private readonly ticksOf = new Map<number, number>();
  private timer: NodeJS.Timeout | null = null;
  private looks = 0;
  constructor(private readonly pid: number | undefined) {
    if (pid !== undefined && process.platform === "linux") this.lookLater();
  }
  stop(): void {
    if (this.timer) clearTimeout(this.timer);
  }
  private lookLater(): void {
    this.timer = setTimeout(
      () => {
        this.look();
        this.lookLater();
      },
      this.looks++ < POLL_SEEN ? POLL_MS : POLL_LATER_MS,
    );
  }
  cpuSec(): number {
    return [...this.ticksOf.values()].reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SEC;
  }
  private look(): void {
    let rssBytes = 0;
    for (const pid of family(this.pid as number)) {
      try {
        const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "").split(" ");
        this.ticksOf.set(pid, Number(fields[11]) + Number(fields[12]));
        rssBytes += Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
      } catch {
        // It ended while we looked; what was seen before stays counted.
      }
    }
    this.peakRssBytes = Math.max(this.peakRssBytes, rssBytes);
  }
}

const FAMILY_MAX = 32;

function family(root: number): number[] {
  const pids = [root];
  for (let at = 0; at < pids.length && pids.length < FAMILY_MAX; at++) {
    try {
      for (const task of readdirSync(`/proc/${pids[at]}/task`))
        pids.push(...readFileSync(`/proc/${pids[at]}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number));
    } catch {
      // It ended, or this kernel does not list children: then only the parent is counted.
    }
  }
  return pids;
}
