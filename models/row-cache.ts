import { LRUCache } from "lru-cache";

/** Anything that says when it is over: a session of the driver, which ends after its transaction. */
interface Ending {
  once(event: "ended", listener: () => void): unknown;
}

export interface RowCacheOptions<T> {
  /** Reads rows by id; ids without a row are left out. */
  load: (ids: string[]) => Promise<Map<string, T>>;
  /** How long a row may be shown after it changed in another process. In this one, see `forget`. */
  lifeMs: number;
  rowsMax: number;
  /** A clock that only goes forward, in milliseconds. */
  clock?: () => number;
}

interface Entry<T> {
  reading: Promise<T | null>;
  /** Undefined until it is read; null when there is none. */
  row: T | null | undefined;
  askedAtMs: number;
}

/**
 * Rows that nearly every page shows, kept for a moment. Guarantees: (1) a row is asked for once, however many pages want
 * it at the same time; (2) who asks after `forget` sees what was written before it; (3) at most `rowsMax` rows are kept;
 * (4) a failed reading is not remembered. For showing only: whoever decides something reads the row itself.
 */
export class RowCache<T> {
  readonly #entries: LRUCache<string, Entry<T>>;
  readonly #clock: () => number;

  constructor(private readonly options: RowCacheOptions<T>) {
    this.#entries = new LRUCache({ max: options.rowsMax });
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** Rows by id; ids without a row are left out. */
  async list(ids: readonly string[]): Promise<Map<string, T>> {
    const nowMs = this.#clock();
    const wanted = new Map<string, Entry<T>>();
    const missing: string[] = [];
    for (const id of new Set(ids)) {
      const entry = this.#entries.get(id);
      if (entry && nowMs - entry.askedAtMs <= this.options.lifeMs) wanted.set(id, entry);
      else missing.push(id);
    }
    if (missing.length > 0) for (const [id, entry] of this.#ask(missing, nowMs)) wanted.set(id, entry);
    const rows = new Map<string, T>();
    // What is forgotten or pushed out from here on does not matter: this page has its entries in hand.
    for (const [id, entry] of wanted) {
      const row = entry.row === undefined ? await entry.reading : entry.row;
      if (row !== null) rows.set(id, row);
    }
    return rows;
  }

  /** The next who asks reads anew. With a running transaction also once it is over, because until then others read the old row. */
  forget(id: string, tx?: Ending): void {
    this.#entries.delete(id);
    tx?.once("ended", () => this.#entries.delete(id));
  }

  #ask(ids: string[], askedAtMs: number): Map<string, Entry<T>> {
    const loading = this.options.load(ids);
    const entries = new Map<string, Entry<T>>();
    for (const id of ids) {
      const entry: Entry<T> = { askedAtMs, row: undefined, reading: loading.then((rows) => (entry.row = rows.get(id) ?? null)) };
      entry.reading.catch(() => {
        if (this.#entries.peek(id) === entry) this.#entries.delete(id);
      });
      this.#entries.set(id, entry);
      entries.set(id, entry);
    }
    return entries;
  }
}
