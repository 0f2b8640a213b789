import { link, mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { randomUUID } from "node:crypto";

/**
 * The file that says who runs a data directory and where it listens. It appears complete or not at all (written aside,
 * then linked), and names its owner by process id and start time, so that a reused process id is not taken for the owner.
 */
export interface LockRecord {
  pid: number;
  /** Start of the process in clock ticks since boot, where the system tells it (/proc); otherwise "". */
  pidStart: string;
  uri: string;
  listen: { path: string } | { host: string; port: number };
}

export class DirectoryInUse extends Error {
  override name = "DirectoryInUse";
}

const TAKEOVER_MAX_MS = 10_000;

const lockPath = (directory: string): string => join(directory, "engine.lock");

export async function readLock(directory: string): Promise<LockRecord | undefined> {
  try {
    return JSON.parse(await readFile(lockPath(directory), "utf8")) as LockRecord;
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Takes the directory for this process, or throws DirectoryInUse. */
export async function takeLock(directory: string, where: Pick<LockRecord, "uri" | "listen">): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const record: LockRecord = { pid: process.pid, pidStart: await startOf(process.pid), ...where };
  if (!(await place(directory, record))) {
    await removeStale(directory);
    if (!(await place(directory, record))) throw await inUse(directory);
  }
  return async () => {
    const current = await readLock(directory);
    if (current?.pid === record.pid && current.uri === record.uri) await rm(lockPath(directory), { force: true });
  };
}

export async function ownerIsAlive({ pid, pidStart }: LockRecord): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: the process exists and belongs to somebody else.
    if (!isCode(error, "EPERM")) return false;
  }
  return pidStart === "" || pidStart === (await startOf(pid));
}

/** Whether somebody accepts connections there. */
export function isListening(listen: LockRecord["listen"]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(listen);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function place(directory: string, record: LockRecord): Promise<boolean> {
  const aside = join(directory, `engine.lock.${randomUUID()}`);
  await writeFile(aside, JSON.stringify(record), { mode: 0o600 });
  try {
    await link(aside, lockPath(directory));
    return true;
  } catch (error) {
    if (isCode(error, "EEXIST")) return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Only one process at a time may remove a lock that was left behind, or two could each remove the other's new one. */
async function removeStale(directory: string): Promise<void> {
  const guard = join(directory, "engine.lock.takeover");
  try {
    await (await open(guard, "wx")).close();
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: 0 }));
    if (Date.now() - mtimeMs < TAKEOVER_MAX_MS) throw await inUse(directory);
    await rm(guard, { force: true });
    return removeStale(directory);
  }
  try {
    const current = await readLock(directory);
    // A process id says nothing about another container that shares the directory; its socket does.
    if (current && ((await ownerIsAlive(current)) || (await isListening(current.listen)))) throw await inUse(directory);
    await rm(lockPath(directory), { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function inUse(directory: string): Promise<DirectoryInUse> {
  const owner = await readLock(directory);
  const who = owner ? `process ${owner.pid}` : "another process";
  return new DirectoryInUse(`${directory} is in use by ${who}. Stop it first, or connect to it instead of starting a second engine.`);
}

async function startOf(pid: number): Promise<string> {
  try {
    const status = await readFile(`/proc/${pid}/stat`, "utf8");
    // The command name in parentheses may hold spaces; the start time is the twentieth field after it.
    return status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    // No /proc on this system: then the process id alone has to do.
    return "";
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
