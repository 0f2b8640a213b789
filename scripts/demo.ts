import { logger } from "../app/logger.server";
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from "./seed/accounts";
import { loadSeedContent } from "./seed/content";
import { isPlanted, plant } from "./seed/plant";

/** Demo data for an empty embedded database, and what to tell the person who started it. */
export interface Demo {
  describe: (address: string) => string;
}

export async function prepareDemo(now: Date): Promise<Demo> {
  if (!(await isPlanted())) {
    const planted = await plant(loadSeedContent(), now);
    logger.info({ event: "demo.planted", ...planted });
  }
  return { describe };
}

function describe(address: string): string {
  const rows = DEMO_ACCOUNTS.map(({ job, handle, phone }) => `  ${job.padEnd(14)} ${handle.padEnd(10)} ${phone ?? ""}`);
  return ["", `Goldbean is at ${address}`, "", `Demo accounts (password ${DEMO_PASSWORD}; codes for phone login appear at ${address}/outbox):`, ...rows, ""].join("\n");
}
