import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/** Debian's package manager, for setup scripts: tried where it may be, and never a reason to stop. */
const INSTALL_TIMEOUT_MS = 10 * 60_000;

export function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** @returns whether all of them are installed now; says on stderr what it does */
export function install(packages: readonly string[], purpose: string): boolean {
  console.error(`Installing ${packages.join(" ")} for ${purpose} …`);
  const done = apt("update") && apt("install", "-y", "--no-install-recommends", ...packages);
  if (!done) console.error("apt could not install all of it.");
  return done;
}

function apt(...args: string[]): boolean {
  const { status } = spawnSync("apt-get", ["-qq", "-o", "Acquire::Retries=3", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}
