/**
 * Who holds which key. Keys are records and unique index entries. Only transactions hold locks: a plain write runs to
 * its end without a pause, so nobody could meet it half-way.
 */
export interface Holder {
  /** Resolves when the holder has committed or aborted and its locks are free. */
  readonly ended: Promise<void>;
}

/** A plain write met a lock: it waits for `holder.ended` and starts again. */
export class LockHeld extends Error {
  override name = "LockHeld";
  constructor(readonly holder: Holder) {
    super("the key is held by an open transaction");
  }
}

export class Locks {
  readonly #holders = new Map<string, Holder>();
  readonly #keys = new Map<Holder, string[]>();

  holderOf(text: string): Holder | undefined {
    return this.#holders.get(text);
  }

  take(text: string, holder: Holder): void {
    if (this.#holders.get(text) === holder) return;
    this.#holders.set(text, holder);
    const keys = this.#keys.get(holder);
    if (keys) keys.push(text);
    else this.#keys.set(holder, [text]);
  }

  release(holder: Holder): void {
    for (const text of this.#keys.get(holder) ?? []) this.#holders.delete(text);
    this.#keys.delete(holder);
  }

  /** For plain writes: passes when the key is free. */
  requireFree(text: string): void {
    const holder = this.#holders.get(text);
    if (holder) throw new LockHeld(holder);
  }
}
