import { fork, type ChildProcess } from "node:child_process";
import { logger } from "../app/logger.server";

/**
 * Media workers beside the server: processes of their own, so that a picture that breaks a decoder breaks no page. One
 * that dies is started again, later each time it dies young.
 */
export interface Workers {
  stop: () => Promise<void>;
}

const RESTART_FIRST_MS = 1_000;
const RESTART_MAX_MS = 60_000;
/** One that lived this long was well. */
const WELL_AFTER_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;

/** Starts `count` workers from the built file. The first gets `firstArguments`, such as --demo. */
export function startWorkers({ path, count, firstArguments }: { path: string; count: number; firstArguments: string[] }): Workers {
  const keepers = Array.from({ length: count }, (_, index) => keepRunning(path, index === 0 ? firstArguments : []));
  return { stop: async () => void (await Promise.all(keepers.map((keeper) => keeper.stop()))) };
}

function keepRunning(path: string, parameters: string[]): Workers {
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | undefined;
  let pauseMs = RESTART_FIRST_MS;
  let stopping = false;

  function start(): void {
    const startedAtMs = performance.now();
    // Its messages go where ours go; the channel tells it when this process is gone, however that happened.
    child = fork(path, parameters, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    child.once("exit", (code) => {
      child = null;
      if (stopping) return;
      pauseMs = performance.now() - startedAtMs > WELL_AFTER_MS ? RESTART_FIRST_MS : Math.min(pauseMs * 2, RESTART_MAX_MS);
      logger.warn({ event: "media.workerEnded", code, restartMs: pauseMs });
      timer = setTimeout(start, pauseMs);
    });
  }

  start();
  return {
    stop: async () => {
      stopping = true;
      clearTimeout(timer);
      const ending = child;
      if (!ending || ending.exitCode !== null) return;
      const gone = new Promise((resolve) => ending.once("exit", resolve));
      ending.kill("SIGTERM");
      const late = setTimeout(() => ending.kill("SIGKILL"), STOP_TIMEOUT_MS);
      await gone;
      clearTimeout(late);
    },
  };
}
