/**
 * What a piece of work gives, and the milliseconds of processor time it took in this process. Time on the wall belongs to
 * the whole machine: a bound on it fails when something else runs, and says nothing about the work.
 */
export function withCpuMs<T>(work: () => T): { result: T; cpuMs: number } {
  const before = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(before);
  return { result, cpuMs: (user + system) / 1_000 };
}
