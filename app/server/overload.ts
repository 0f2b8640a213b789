/**
 * How many requests may be worked on at once, how many may wait, and for how long. What does not fit is refused at
 * once, so that a flood costs one short answer each and memory stays bounded.
 */
export interface GateOptions {
  concurrencyMax: number;
  queueMax: number;
  waitMaxMs: number;
}

export class Overloaded extends Error {
  constructor() {
    super("more requests than can be worked on");
    this.name = "Overloaded";
  }
}

interface Waiter {
  start: () => void;
  refuse: () => void;
  timer: NodeJS.Timeout;
}

export class Gate {
  #running = 0;
  #refused = 0;
  readonly #queue: Waiter[] = [];

  constructor(private readonly options: GateOptions) {}

  get running(): number {
    return this.#running;
  }
  get waiting(): number {
    return this.#queue.length;
  }
  get refused(): number {
    return this.#refused;
  }
  get full(): boolean {
    return this.#running >= this.options.concurrencyMax && this.#queue.length >= this.options.queueMax;
  }

  /** Counts a refusal that was decided on `full` before the work was even described. */
  countRefusal(): void {
    this.#refused += 1;
  }

  /** Runs `work` when there is room. Rejects with Overloaded when there is none, or the wait was too long. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#running >= this.options.concurrencyMax) await this.#wait(signal);
    else this.#running += 1;
    try {
      return await work();
    } finally {
      this.#passOn();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#queue.length >= this.options.queueMax) {
      this.#refused += 1;
      return Promise.reject(new Overloaded());
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        const place = this.#queue.indexOf(waiter);
        if (place === -1) return;
        this.#queue.splice(place, 1);
        clearTimeout(waiter.timer);
        this.#refused += 1;
        reject(new Overloaded());
      };
      const waiter: Waiter = {
        start: () => {
          clearTimeout(waiter.timer);
          signal?.removeEventListener("abort", leave);
          resolve();
        },
        refuse: leave,
        timer: setTimeout(leave, this.options.waitMaxMs),
      };
      // A reader who closed the tab gives the place to somebody else.
      signal?.addEventListener("abort", leave, { once: true });
      this.#queue.push(waiter);
    });
  }

  /** The freed place goes straight to the one who waited longest; `#running` stays the same. */
  #passOn(): void {
    const next = this.#queue.shift();
    if (next) next.start();
    else this.#running -= 1;
  }
}
