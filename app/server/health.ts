import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** One line of /readyz. `required` ones decide whether traffic should come here. */
export interface Check {
  name: "database" | "storage" | "encoder";
  required: boolean;
  state: "ok" | "absent" | "failed";
}

export interface HealthSources {
  pingDatabase: () => Promise<boolean>;
  dataDir: string;
  /** The ffmpeg that was named, and the directories to look in when none was. */
  ffmpegPath: string | undefined;
  searchPath: string;
}

/** Asks each part once. Never throws: a part that cannot be asked has failed. */
export async function checkReadiness({ pingDatabase, dataDir, ffmpegPath, searchPath }: HealthSources): Promise<{ ready: boolean; checks: Check[] }> {
  const [database, storage, encoder] = await Promise.all([
    pingDatabase().catch(() => false),
    isUsable(dataDir, constants.W_OK),
    findProgram("ffmpeg", { given: ffmpegPath, searchPath }),
  ]);
  const checks: Check[] = [
    { name: "database", required: true, state: database ? "ok" : "failed" },
    { name: "storage", required: true, state: storage ? "ok" : "failed" },
    // Reading and writing work without an encoder; only uploads wait for one.
    { name: "encoder", required: false, state: encoder ? "ok" : "absent" },
  ];
  return { ready: checks.every(({ required, state }) => !required || state === "ok"), checks };
}

/** The path of a program: the one given, or the first in the search path. */
export async function findProgram(name: string, { given, searchPath }: { given: string | undefined; searchPath: string }): Promise<string | null> {
  const candidates = given ? [given] : searchPath.split(delimiter).filter(Boolean).map((directory) => join(directory, name));
  for (const candidate of candidates) if (await isUsable(candidate, constants.X_OK)) return candidate;
  return null;
}

function isUsable(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
