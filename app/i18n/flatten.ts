import type { Messages } from "./t";

/** `gate.json` with key `like` becomes `gate.like`. */
export function flatten(files: Record<string, Messages>): Messages {
  const all: Messages = {};
  for (const [path, messages] of Object.entries(files)) {
    const namespace = /([\w-]+)\.json$/.exec(path)?.[1] ?? "";
    for (const [key, text] of Object.entries(messages)) all[`${namespace}.${key}`] = text;
  }
  return all;
}
