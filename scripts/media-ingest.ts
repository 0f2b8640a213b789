import { fork, type ChildProcess } from "node:child_process";
import { chmod, mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeTools } from "@media/ffmpeg";
import type { IngestJob } from "@media/ingest";
import { lineOfRefusal, type IngestLine } from "@media/ingest-line";

/**
 * `npm run media:ingest -- FILE… --out DIR [--json] [--extras]`: the whole pipeline over files, without database and
 * pages. Prints a line for each file, in order, and ends with 0 also when some are refused. What an accepted file became
 * lies in DIR under its name; a refused one leaves nothing. Each file has a process of its own, so that one that breaks
 * its decoder costs its own line and no other, and so that memory is counted for it alone.
 */
const USAGE = "Usage: npm run media:ingest -- FILE… --out DIR [--json] [--extras]";
/** Three minutes of 4K with extras take some 20 minutes of two cores. */
const FILE_TIMEOUT_MS = 60 * 60_000;
const SELF = fileURLToPath(import.meta.url);

type Task = Omit<IngestJob, "ctx"> & { ctx: Pick<IngestJob["ctx"], "workDir" | "outDir" | "tools"> };

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: "string" }, json: { type: "boolean" }, extras: { type: "boolean" } } });
  if (!values.out || positionals.length === 0) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const out = resolve(values.out);
  const taken = new Set<string>();
  await mkdir(out, { recursive: true });
  for (const file of positionals) {
    const line = await ingestAlone(resolve(file), join(out, folderName(file, taken)), values.extras ?? false);
    console.log(values.json ? JSON.stringify({ ...line, file }) : describe(file, line));
  }
}

/** Files of the same name from different folders get a number. */
function folderName(file: string, taken: Set<string>): string {
  const plain = basename(file).replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^\.+/, "_") || "_";
  let name = plain;
  for (let number = 2; taken.has(name); number++) name = `${plain}-${number}`;
  taken.add(name);
  return name;
}

/** The scratch folders are made and removed here, whatever becomes of the child. */
async function ingestAlone(file: string, target: string, extras: boolean): Promise<IngestLine> {
  const workDir = await mkdtemp(join(tmpdir(), "goldbean-ingest-"));
  const outDir = await mkdtemp(join(target, "../.ingest-"));
  scratch.add(workDir).add(outDir);
  try {
    if (!(await stat(file).catch(() => null))?.isFile()) return lineOfRefusal(file, "failed", "there is no such file");
    const line = await runChild({ file, extras, ctx: { workDir, outDir, tools: await describeTools() } });
    if (line.verdict === "reject") return line;
    await rm(target, { recursive: true, force: true });
    await rename(outDir, target);
    await chmod(target, 0o755);
    return { ...line, outputs: line.outputs.map((path) => join(target, basename(path))) };
  } finally {
    await Promise.all([workDir, outDir].map((path) => rm(path, { recursive: true, force: true })));
    scratch.delete(workDir);
    scratch.delete(outDir);
  }
}

const scratch = new Set<string>();
let running: ChildProcess | null = null;

function runChild(task: Task): Promise<IngestLine> {
  return new Promise((resolve) => {
    const child = fork(SELF, [], { execArgv: ["--import", "tsx"], env: { ...process.env, MEDIA_INGEST_CHILD: "1" }, stdio: ["ignore", "ignore", "inherit", "ipc"] });
    running = child;
    let line: IngestLine | null = null;
    const timer = setTimeout(() => child.kill("SIGKILL"), FILE_TIMEOUT_MS);
    child.once("message", (message) => (line = message as IngestLine));
    child.once("error", (error) => (line ??= lineOfRefusal(task.file, "failed", error.message)));
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      running = null;
      resolve(line ?? lineOfRefusal(task.file, "failed", `its process ended with ${signal ?? code}`));
    });
    child.send(task);
  });
}

function describe(file: string, line: IngestLine): string {
  const use = `${line.cpuSec} s CPU, ${line.peakRssMb} MB`;
  if (line.verdict === "reject") return `rejected  ${file}: ${line.reason}${line.error ? ` (${line.error})` : ""}; ${use}`;
  const length = line.durationSec === null ? "" : `, ${line.durationSec.toFixed(1)} s${line.hasAudio ? " with sound" : ""}`;
  return `accepted  ${file}: ${line.kind}, ${line.width}×${line.height}${length} → ${line.renditions.map(({ name }) => name).join(" ")}; ${use}`;
}

/** The child's part: one file, one line, the end. */
async function serveOne(): Promise<void> {
  const { ingestFile } = await import("@media/ingest");
  process.once("message", (task: Task) => {
    void ingestFile(task).then((line) => process.send?.(line, () => process.exit(0)));
  });
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    running?.kill("SIGKILL");
    void Promise.all([...scratch].map((path) => rm(path, { recursive: true, force: true }))).finally(() => process.exit(130));
  });
}

if (process.env.MEDIA_INGEST_CHILD === "1" && process.send) await serveOne();
else await main();
