import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { describeSandbox, runSandboxed, SandboxTimeout, type SandboxDescription, type SandboxedRun } from "@media/sandbox";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "goldbean-sandbox-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));
vi.setConfig({ testTimeout: 60_000 });

const { kind: best } = describeSandbox();
const kinds: SandboxDescription["kind"][] = best === "bwrap" ? ["bwrap", "limits"] : [best];
const TIMEOUT_MS = 30_000;

/** A shell is what the product never runs; here it stands for a program that was taken over. */
const shell = (script: string, more: Partial<SandboxedRun> = {}) => runSandboxed({ program: "/bin/sh", args: ["-c", script], writable: dir, timeoutMs: TIMEOUT_MS, ...more });

describe.each(kinds)("under %s", (kind) => {
  test("given a file to read and a folder to write, then a program works on them and its output comes back", async () => {
    await writeFile(join(dir, "in"), "hello\n");
    const lines: string[] = [];
    const result = await shell("cat in; cp in out; echo oops >&2; exit 3", { kind, onStderr: (line) => lines.push(line) });
    expect(result).toMatchObject({ code: 3, stdout: "hello", stderr: "oops", stdoutCut: false });
    expect(lines).toEqual(["oops"]);
    expect(await readFile(join(dir, "out"), "utf8")).toBe("hello\n");
  });

  test("given secrets in the environment, then the program sees none of them", async () => {
    process.env.GOLDBEAN_TEST_SECRET = "swordfish";
    try {
      const { stdout } = await shell("env", { kind });
      expect(stdout).toContain("PATH=/usr/bin:/bin");
      expect(stdout).not.toContain("swordfish");
    } finally {
      delete process.env.GOLDBEAN_TEST_SECRET;
    }
  });

  test("given a program that never ends, then it and its children are killed when the time is over", async () => {
    const stop = shell("echo $$ > pid; sleep 600 & sleep 600", { kind, timeoutMs: 700 });
    await expect(stop).rejects.toBeInstanceOf(SandboxTimeout);
    await expectNoneLeft();
  });

  test("given an abort, then it ends with the abort's reason", async () => {
    const stop = new AbortController();
    const run = shell("echo started; sleep 600", { kind, signal: stop.signal, onStdout: () => stop.abort(new Error("shutting down")) });
    await expect(run).rejects.toThrow("shutting down");
    await expectNoneLeft();
  });

  test("given endless output, with and without line ends, then what is kept is bounded", async () => {
    const lines = await shell("yes | head -c 30000000; yes x | head -c 1000000 >&2", { kind });
    expect(lines.stdoutCut).toBe(true);
    expect(lines.stdout.length).toBeLessThanOrEqual(8 * 1024 * 1024);
    expect(lines.stderr.length).toBeLessThanOrEqual(64 * 1024);
    const line = await shell("head -c 30000000 /dev/zero | tr '\\0' x", { kind });
    expect(line.stdout.length).toBe(16 * 1024);
  });

  test("given a program that takes memory, processor or disk, then it gets no more than its share", async () => {
    const memory = await shell("x=$(head -c 300000000 /dev/zero | tr '\\0' x); echo survived", { kind, memoryBytes: 100 * 1024 * 1024 });
    expect(memory.stdout).not.toContain("survived");
    const processor = await shell("while :; do :; done", { kind, cpuSec: 1 });
    expect(processor.code).not.toBe(0);
    expect(processor.cpuSec).toBeGreaterThan(0.5);
    const disk = await shell("head -c 3000000 /dev/zero > big; echo $?", { kind, fileBytes: 1_000_000 });
    expect((await readFile(join(dir, "big"))).length).toBeLessThanOrEqual(1_000_000);
    expect(disk.stdout).not.toBe("0");
  });

  test("given a program that is not there, then the failure is told", async () => {
    const gone = await runSandboxed({ program: "/nowhere/ffmpeg", args: [], kind, writable: dir, timeoutMs: TIMEOUT_MS }).catch((error: unknown) => error);
    expect(gone instanceof Error || (gone as { code: number }).code !== 0).toBe(true);
  });
});

test.runIf(best === "bwrap")("given bubblewrap, then there is no network, no other file, and nothing outside can be written", async () => {
  let connections = 0;
  const listener = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
  const { port } = listener.address() as AddressInfo;
  const outside = await mkdtemp(join(tmpdir(), "goldbean-outside-"));
  await writeFile(join(outside, "secret"), "swordfish");
  try {
    const script = `/bin/bash -c 'echo > /dev/tcp/127.0.0.1/${port}' 2>&1; cat /etc/passwd ${outside}/secret 2>&1; touch /usr/x ${outside}/x 2>&1; ls /home /root /etc/shadow 2>&1`;
    const { stdout } = await shell(script);
    expect(connections).toBe(0);
    expect(stdout).not.toContain("swordfish");
    expect(stdout).not.toContain("root:");
    expect(stdout.match(/No such file|Read-only|cannot|refused|unreachable/g)?.length).toBeGreaterThanOrEqual(5);
  } finally {
    await new Promise((closed) => listener.close(closed));
    await rm(outside, { recursive: true, force: true });
  }
});

/** Waits until the kernel has buried everything that worked in the folder. */
async function expectNoneLeft(): Promise<void> {
  await vi.waitFor(
    async () => {
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
      const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")));
      expect(places.filter((place) => place === dir)).toEqual([]);
    },
    { timeout: 10_000, interval: 50 },
  );
}
