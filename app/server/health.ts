import { constants } from "node:fs";
import { access } from "node:fs/promises";

/** One line of /readyz. `required` ones decide whether traffic should come here. */
export interface Check {
  name: "database" | "storage" | "media" | "encoder" | "sandbox";
  required: boolean;
  /** "limited": works, with less than it could have. */
  state: "ok" | "limited" | "absent" | "failed";
  /** What was found, for operators. */
  detail?: string;
}

/** What keeps and prepares photos and clips (media-health.ts). */
export interface MediaHealth {
  /** Answers from what was found at the start; never throws. */
  check: () => Promise<Check[]>;
}

export interface HealthSources {
  pingDatabase: () => Promise<boolean>;
  dataDir: string;
  /** Absent while developing and in tests. */
  media?: MediaHealth;
}

/** Asks each part once. Never throws: a part that cannot be asked has failed. */
export async function checkReadiness({ pingDatabase, dataDir, media }: HealthSources): Promise<{ ready: boolean; checks: Check[] }> {
  const [database, storage, others] = await Promise.all([pingDatabase().catch(() => false), isWritable(dataDir), media?.check() ?? []]);
  const checks: Check[] = [
    { name: "database", required: true, state: database ? "ok" : "failed" },
    { name: "storage", required: true, state: storage ? "ok" : "failed" },
    // Reading and writing work without the rest; only photos and clips wait for it.
    ...others,
  ];
  return { ready: checks.every(({ required, state }) => !required || state === "ok"), checks };
}

function isWritable(path: string): Promise<boolean> {
  return access(path, constants.W_OK).then(
    () => true,
    () => false,
  );
}
