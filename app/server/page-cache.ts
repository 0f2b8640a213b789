import { LRUCache } from "lru-cache";

/**
 * Whole pages kept for guests. Guarantees: (1) the bytes kept never exceed `bytesMax`; (2) a page is made once,
 * however many ask for it at the same time; (3) a page made before one of its tags was invalidated is not kept;
 * (4) past `maxAgeMs` a page is served once more while it is made again, past `staleMaxMs` never, unless making it fails.
 * Knows nothing of HTTP: `T` is what the caller sends.
 */
export interface KeptPage<T> {
  page: T;
  tags: readonly string[];
  bytes: number;
}

export interface MadePage<T> extends KeptPage<T> {
  /** False: everyone who waited gets it, nobody else does. */
  keep: boolean;
}

interface Entry<T> extends KeptPage<T> {
  madeAt: number;
}

export interface PageCacheOptions {
  bytesMax: number;
  maxAgeMs: number;
  /** How much older than `maxAgeMs` a page may be served while a newer one is made. */
  staleMaxMs: number;
}

const INVALIDATIONS_MAX = 20_000;

export class PageCache<T> {
  readonly #entries: LRUCache<string, Entry<T>>;
  readonly #keysOfTag = new Map<string, Set<string>>();
  readonly #making = new Map<string, Promise<MadePage<T>>>();
  /** Tag → sequence number of its last invalidation, for pages that were being made at that moment. */
  readonly #invalidatedAt = new Map<string, number>();
  #sequence = 0;
  #clearedAt = 0;

  constructor(private readonly options: PageCacheOptions) {
    this.#entries = new LRUCache({
      maxSize: Math.max(1, options.bytesMax),
      sizeCalculation: (entry) => Math.max(1, entry.bytes),
      dispose: (entry, key) => this.#forgetTags(entry, key),
    });
  }

  get pages(): number {
    return this.#entries.size;
  }
  get bytes(): number {
    return this.#entries.calculatedSize;
  }
  get making(): number {
    return this.#making.size;
  }

  /** A kept page and whether it is time to make it again. */
  get(key: string, nowMs: number): { page: T; due: boolean } | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    const ageMs = nowMs - entry.madeAt;
    if (ageMs <= this.options.maxAgeMs) return { page: entry.page, due: false };
    return ageMs <= this.options.maxAgeMs + this.options.staleMaxMs ? { page: entry.page, due: true } : undefined;
  }

  /** A page however old, for when it cannot be made. */
  getExpired(key: string): T | undefined {
    return this.#entries.peek(key)?.page;
  }

  /** Makes the page, or joins whoever is making it. */
  make(key: string, work: () => Promise<MadePage<T>>, nowMs: number): Promise<MadePage<T>> {
    const running = this.#making.get(key);
    if (running) return running;
    const startedAt = this.#sequence;
    const making = work()
      .then((made) => {
        if (made.keep && !this.#invalidatedSince(made.tags, startedAt)) this.#keep(key, { ...made, madeAt: nowMs });
        return made;
      })
      .finally(() => this.#making.delete(key));
    this.#making.set(key, making);
    return making;
  }

  /** Drops every page that carries one of the tags. Returns how many. */
  invalidate(tags: Iterable<string>): number {
    let count = 0;
    for (const tag of tags) {
      this.#sequence += 1;
      this.#invalidatedAt.delete(tag);
      this.#invalidatedAt.set(tag, this.#sequence);
      for (const key of [...(this.#keysOfTag.get(tag) ?? [])]) count += Number(this.#entries.delete(key));
    }
    this.#boundInvalidations();
    return count;
  }

  clear(): void {
    this.#sequence += 1;
    this.#clearedAt = this.#sequence;
    this.#entries.clear();
  }

  #keep(key: string, entry: Entry<T>): void {
    // lru-cache ignores an entry that is larger than the whole; its tags must then not be indexed either.
    if (entry.bytes > this.options.bytesMax) return;
    this.#entries.set(key, entry);
    for (const tag of entry.tags) {
      const keys = this.#keysOfTag.get(tag);
      if (keys) keys.add(key);
      else this.#keysOfTag.set(tag, new Set([key]));
    }
  }

  #forgetTags(entry: Entry<T>, key: string): void {
    for (const tag of entry.tags) {
      const keys = this.#keysOfTag.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOfTag.delete(tag);
    }
  }

  #invalidatedSince(tags: readonly string[], sequence: number): boolean {
    return this.#clearedAt > sequence || tags.some((tag) => (this.#invalidatedAt.get(tag) ?? 0) > sequence);
  }

  /** The oldest are forgotten; a page still being made since before then is treated as invalidated. */
  #boundInvalidations(): void {
    for (const [tag, sequence] of this.#invalidatedAt) {
      if (this.#invalidatedAt.size <= INVALIDATIONS_MAX) return;
      this.#invalidatedAt.delete(tag);
      this.#clearedAt = Math.max(this.#clearedAt, sequence);
    }
  }
}
