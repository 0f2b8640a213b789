/**
 * A signal for processes that work until they are told to stop: by SIGTERM, by Ctrl-C, or by the end of the process that
 * started them, however that came about. A parent that died before this was asked counts too.
 */
export function untilStopped(): AbortSignal {
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "disconnect"] as const) process.once(name, () => stopping.abort());
  // Without a parent's channel this is undefined; false means that there was one.
  if (process.connected === false) stopping.abort();
  return stopping.signal;
}
