/**
 * One way to read and write ordered keys, whatever lies below: LMDB itself, or writes that are not on disk yet
 * laid over it. Collections and indexes are written once against `View` and `Writer`.
 */
export interface Range {
  /** Inclusive. */
  from: Buffer;
  /** Exclusive. */
  to: Buffer;
  reverse?: boolean;
}

export interface Entry {
  key: Buffer;
  value: Buffer;
}

export interface View {
  /** The number of the last commit group that this view shows; Infinity for the newest state of all. */
  readonly seq: number;
  get(key: Buffer): Buffer | undefined;
  range(range: Range): Iterable<Entry>;
  count(range: Range): number;
}

export interface Writer extends View {
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
  /** Called before a record or a unique key changes; throws when somebody else holds or has changed it. */
  claim(key: Buffer): void;
}

/** Strings of one byte per character order and compare as their bytes do, and make good map keys. */
const textOf = (key: Buffer): string => key.toString("latin1");

/** Pending writes in key order. A value of null is a removal. */
export class WriteSet {
  readonly #values = new Map<string, Buffer | null>();
  #sorted: string[] = [];
  #unsorted: string[] = [];
  sizeBytes = 0;

  get size(): number {
    return this.#values.size;
  }

  get(key: Buffer): Buffer | null | undefined {
    return this.#values.get(textOf(key));
  }

  set(key: Buffer, value: Buffer | null): void {
    this.#set(textOf(key), value);
  }

  absorb(other: WriteSet): void {
    for (const [text, value] of other.#values) this.#set(text, value);
  }

  *entries(): Iterable<[text: string, key: Buffer, value: Buffer | null]> {
    for (const [text, value] of this.#values) yield [text, Buffer.from(text, "latin1"), value];
  }

  keys(): Iterable<string> {
    return this.#values.keys();
  }

  /** The entries inside the range, in its direction, as they stand now. */
  slice({ from, to, reverse }: Range): { text: string; value: Buffer | null }[] {
    if (this.#values.size === 0) return [];
    this.#sort();
    const start = this.#lowerBound(textOf(from));
    const end = this.#lowerBound(textOf(to));
    const found = this.#sorted.slice(start, end).map((text) => ({ text, value: this.#values.get(text) ?? null }));
    return reverse ? found.reverse() : found;
  }

  #set(text: string, value: Buffer | null): void {
    if (!this.#values.has(text)) this.#unsorted.push(text);
    this.#values.set(text, value);
    this.sizeBytes += text.length + (value?.length ?? 0);
  }

  /** Sorting waits for the first range read: a bulk insert reads no ranges and so never pays for it. */
  #sort(): void {
    if (this.#unsorted.length === 0) return;
    const added = this.#unsorted.sort();
    const merged: string[] = [];
    let i = 0;
    for (const text of this.#sorted) {
      for (let next = added[i]; next !== undefined && next < text; next = added[++i]) merged.push(next);
      merged.push(text);
    }
    for (; i < added.length; i++) merged.push(added[i] ?? "");
    this.#sorted = merged;
    this.#unsorted = [];
  }

  #lowerBound(text: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? "") < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** `base` with the writes of `top` laid over it. */
export class Layered implements View {
  constructor(
    readonly base: View,
    readonly top: WriteSet,
    readonly seq: number = base.seq,
  ) {}

  get(key: Buffer): Buffer | undefined {
    const own = this.top.get(key);
    return own === undefined ? this.base.get(key) : (own ?? undefined);
  }

  range(range: Range): Iterable<Entry> {
    const own = this.top.slice(range);
    return own.length === 0 ? this.base.range(range) : merge(this.base.range(range), own, range.reverse === true);
  }

  count(range: Range): number {
    let count = this.base.count(range);
    for (const { text, value } of this.top.slice(range)) {
      const below = this.base.get(Buffer.from(text, "latin1")) !== undefined;
      if (value && !below) count++;
      else if (!value && below) count--;
    }
    return count;
  }
}

function* merge(base: Iterable<Entry>, own: { text: string; value: Buffer | null }[], reverse: boolean): Iterable<Entry> {
  let i = 0;
  for (const entry of base) {
    const text = textOf(entry.key);
    for (let next = own[i]; next && (reverse ? next.text > text : next.text < text); next = own[++i]) {
      if (next.value) yield { key: Buffer.from(next.text, "latin1"), value: next.value };
    }
    const same = own[i];
    if (same?.text !== text) {
      yield entry;
      continue;
    }
    i++;
    if (same.value) yield { key: entry.key, value: same.value };
  }
  for (let next = own[i]; next; next = own[++i]) {
    if (next.value) yield { key: Buffer.from(next.text, "latin1"), value: next.value };
  }
}

/** A view that collects writes of its own; `claimKey` decides who may touch what. */
export class WriteView extends Layered implements Writer {
  constructor(
    base: View,
    readonly claimKey: (text: string) => void,
  ) {
    super(base, new WriteSet());
  }

  put(key: Buffer, value: Buffer): void {
    this.top.set(key, value);
  }

  remove(key: Buffer): void {
    this.top.set(key, null);
  }

  claim(key: Buffer): void {
    this.claimKey(textOf(key));
  }

  /** Runs `work` on a layer of its own that is kept only when it returns: one statement of a command. */
  attempt<T>(work: (writer: Writer) => T): T {
    const inner = new WriteView(this, this.claimKey);
    const result = work(inner);
    this.top.absorb(inner.top);
    return result;
  }
}
