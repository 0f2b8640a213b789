import { spawn } from "node:child_process";
import { once } from "node:events";

/** Load from a process of its own, so that making it does not slow down what is measured more than it must. */
export interface Load {
  url: string;
  connections: number;
  durationSec: number;
  headers?: Record<string, string>;
  /** Requests per second in all; unset = as many as it can. */
  ratePerSec?: number;
}

export interface LoadResult {
  requestsPerSec: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  /** Status → how many. */
  statuses: Record<string, number>;
  errors: number;
}

interface AutocannonReport {
  requests: { average: number; total: number };
  latency: { p50: number; p99: number; max: number };
  statusCodeStats: Record<string, { count: number }>;
  errors: number;
}

export async function load({ url, connections, durationSec, headers = {}, ratePerSec }: Load): Promise<LoadResult> {
  const parameters = ["-j", "-c", String(connections), "-d", String(durationSec), ...Object.entries(headers).flatMap(([name, value]) => ["-H", `${name}=${value}`])];
  if (ratePerSec) parameters.push("-R", String(ratePerSec));
  const child = spawn(process.execPath, ["node_modules/autocannon/autocannon.js", ...parameters, url], { stdio: ["ignore", "pipe", "ignore"] });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  const report = JSON.parse(Buffer.concat(chunks).toString("utf8")) as AutocannonReport;
  return {
    requestsPerSec: Math.round(report.requests.average),
    p50Ms: report.latency.p50,
    p99Ms: report.latency.p99,
    maxMs: report.latency.max,
    statuses: Object.fromEntries(Object.entries(report.statusCodeStats).map(([status, { count }]) => [status, count])),
    errors: report.errors,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length === 0 ? Number.NaN : sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
