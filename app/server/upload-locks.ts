import { ERRORS, type Lock, type Locker, type RequestRelease } from "@tus/server";

/**
 * One request at a time writes to an upload. The next one asks the holder to let go and waits its turn. In place of the
 * library's own lock, which looks again with every turn of the event loop and so takes a whole core while it waits
 * (up to three seconds after each broken connection).
 */
const WAIT_MAX_MS = 15_000;

interface Held {
  letGo: RequestRelease;
  waiting: (() => void)[];
}

export class UploadLocks implements Locker {
  readonly #held = new Map<string, Held>();

  newLock(id: string): Lock {
    return { lock: (signal, letGo) => this.#lock(id, signal, letGo), unlock: () => this.#unlock(id) };
  }

  async #lock(id: string, signal: AbortSignal, letGo: RequestRelease): Promise<void> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(WAIT_MAX_MS)]);
    for (let held = this.#held.get(id); held; held = this.#held.get(id)) {
      await held.letGo();
      if (this.#held.get(id) === held) await turnOf(held, limit);
      if (limit.aborted) throw ERRORS.ERR_LOCK_TIMEOUT;
    }
    this.#held.set(id, { letGo, waiting: [] });
  }

  #unlock(id: string): Promise<void> {
    const held = this.#held.get(id);
    this.#held.delete(id);
    for (const wake of held?.waiting ?? []) wake();
    return Promise.resolve();
  }
}

/** When the holder is done, or nobody waits any more. */
function turnOf(held: Held, limit: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (limit.aborted) return resolve();
    limit.addEventListener("abort", () => resolve(), { once: true });
    held.waiting.push(resolve);
  });
}
