import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What the services store where the settings say lies in a folder of the run, and not beside the demo of whoever runs the tests. */
export default function setup(): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "goldbean-tests-"));
  process.env.DATA_DIR = folder;
  return () => rm(folder, { recursive: true, force: true });
}
