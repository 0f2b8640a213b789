import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** Figures for /metrics. Kept pages and files are counted in plain integers on their fast path and read out here. */
export interface Tallies {
  pagesKept: number;
  pagesNotModified: number;
  files: number;
}

export interface MetricSources {
  tallies: Tallies;
  cache: { readonly pages: number; readonly bytes: number };
  gate: { readonly running: number; readonly waiting: number; readonly refused: number };
}

export interface Metrics {
  registry: Registry;
  observeRequest: (facts: { method: string; status: number; durationSec: number }) => void;
  countPageMade: (outcome: "kept" | "passed" | "failed") => void;
  countInvalidated: (pages: number) => void;
}

export function createMetrics({ tallies, cache, gate }: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Histogram({
    name: "goldbean_request_duration_seconds",
    help: "Requests that reached the application, by method and status class",
    labelNames: ["method", "status"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const made = new Counter({ name: "goldbean_pages_made_total", help: "Whole pages rendered for guests", labelNames: ["outcome"], registers });
  const invalidated = new Counter({ name: "goldbean_pages_invalidated_total", help: "Kept pages dropped because of a write", registers });
  readOut("goldbean_pages_served_total", "Requests answered from the page cache", () => tallies.pagesKept);
  readOut("goldbean_files_served_total", "Requests answered with a static file", () => tallies.files);
  readOut("goldbean_page_cache_pages", "Pages kept", () => cache.pages);
  readOut("goldbean_page_cache_bytes", "Bytes of the pages kept", () => cache.bytes);
  readOut("goldbean_gate_running", "Requests being worked on", () => gate.running);
  readOut("goldbean_gate_waiting", "Requests waiting for room", () => gate.waiting);
  readOut("goldbean_gate_refused_total", "Requests answered 503 for want of room", () => gate.refused);

  function readOut(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  return {
    registry,
    observeRequest: ({ method, status, durationSec }) => requests.observe({ method, status: `${Math.floor(status / 100)}xx` }, durationSec),
    countPageMade: (outcome) => made.inc({ outcome }),
    countInvalidated: (pages) => invalidated.inc(pages),
  };
}
