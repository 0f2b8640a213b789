import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ingestFile } from "@media/ingest";
import type { IngestLine } from "@media/ingest-line";
import { draw, makeHostileFiles, makeScene, type HostileFile } from "../support/pictures";

const ROOT = join(import.meta.dirname, "../..");
const SAMPLES = join(ROOT, "../shared/media-samples");

// Programs run at low priority, and a busy machine lets them wait.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let out: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "goldbean-ingested-"));
  out = join(folder, "out");
  for (const name of ["in", "out", "work", "tmp"]) await mkdir(join(folder, name));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const ingest = (file: string): Promise<IngestLine> => ingestFile({ file, ctx: { workDir: join(folder, "work"), outDir: out } });

interface Row {
  file: string;
  expected: "accept" | "reject" | "either";
  wanted: string;
}

function manifest(): Row[] {
  if (!existsSync(SAMPLES)) return [];
  const [, ...rows] = readFileSync(join(SAMPLES, "MANIFEST.tsv"), "utf8").trim().split("\n");
  return rows.map((row) => row.split("\t")).map(([file = "", , , , , expected, wanted = ""]) => ({ file, expected: expected as Row["expected"], wanted }));
}

describe.skipIf(!existsSync(SAMPLES))("samples of what people send", () => {
  test.each(manifest())("$file: $expected, $wanted", async ({ file, expected, wanted }) => {
    const line = await ingest(join(SAMPLES, file));
    if (expected !== "either") expect(line.verdict).toBe(expected);
    if (line.verdict === "reject") {
      expect(wanted).toContain(line.reason);
      expect(await readdir(out)).toEqual([]);
    } else {
      const [, width, height] = /(?:display|accept) (\d+)x(\d+)/.exec(wanted) ?? [];
      if (width) {
        expect(Math.abs(line.width! - Number(file.startsWith("i03") ? 3000 : width))).toBeLessThanOrEqual(2);
        expect(Math.abs(line.height! - Number(file.startsWith("i03") ? 4000 : height))).toBeLessThanOrEqual(2);
      }
      expect(line.outputs.map((path) => path.slice(out.length + 1)).sort()).toEqual((await readdir(out)).sort());
    }
    expect(await readdir(join(folder, "work"))).toEqual([]);
  });
});

/** Runs the command as an operator would. */
async function runCommand(files: string[], env: Record<string, string> = {}): Promise<IngestLine[]> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", "scripts/media-ingest.ts", ...files, "--out", out, "--json"], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: join(folder, "tmp"), ...env },
    timeout: 110_000,
  });
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as IngestLine);
}

/** tsx keeps what it compiled there. */
const leftovers = async () => (await readdir(join(folder, "tmp"))).filter((name) => !name.startsWith("tsx-"));

async function write({ name, bytes }: Pick<HostileFile, "name" | "bytes">): Promise<string> {
  const path = join(folder, "in", name);
  await writeFile(path, bytes);
  return path;
}

describe("the command", () => {
  test("a line for each file, in order; refused ones leave nothing and the run goes on", async () => {
    const photo = await draw(makeScene(500, 400)).jpeg().toBuffer();
    const hostile = (await makeHostileFiles()).filter(({ name }) => ["bomb.png", "text-bomb.png", "bomb.gif", "half.jpg", "photo.mp4"].includes(name));
    const first = await write({ name: "holiday photo.jpg", bytes: photo });
    const files = [first, ...(await Promise.all(hostile.map(write))), join(folder, "missing.jpg"), first];
    const lines = await runCommand(files);
    expect(lines.map(({ file }) => file)).toEqual(files);
    const refused = lines.slice(1, -2);
    expect(refused).toHaveLength(5);
    for (const [at, line] of refused.entries()) {
      expect(line.verdict).toBe("reject");
      expect(hostile[at]!.reasons).toContain(line.reason);
      expect(line.cpuSec).toBeLessThan(1);
      expect(line.peakRssMb).toBeGreaterThan(20);
      expect(line.peakRssMb).toBeLessThan(200);
    }
    expect(lines.at(-2)).toMatchObject({ verdict: "reject", reason: "failed" });
    expect(lines[0]).toMatchObject({ kind: "image", verdict: "accept", reason: null, width: 500, height: 400, durationSec: null, hasAudio: null });
    expect(lines[0]!.renditions).toContainEqual({ name: "320.webp", width: 320, height: 256, bytes: (await readFile(join(out, "holiday_photo.jpg/320.webp"))).length });
    expect(lines[0]!.outputs.every((path) => existsSync(path))).toBe(true);
    expect((await readdir(out)).sort()).toEqual(["holiday_photo.jpg", "holiday_photo.jpg-2"]);
    expect(await leftovers()).toEqual([]);
  });

  test("a process that breaks costs its own line alone and leaves nothing", async () => {
    const file = await write({ name: "photo.jpg", bytes: await draw(makeScene(50, 40)).jpeg().toBuffer() });
    const breaking = "data:text/javascript,if(process.env.MEDIA_INGEST_CHILD)process.exit(9)";
    const lines = await runCommand([file, file], { NODE_OPTIONS: `--import ${breaking}` });
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatchObject({ verdict: "reject", reason: "failed", error: "its process ended with 9" });
    expect(await readdir(out)).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });
});
