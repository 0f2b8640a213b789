/**
 * Words kept in this browser while they are written: there before the server knows them, after a crash and after a
 * logout. A copy belongs to whoever typed it; a guest's copy is taken over by the member they become.
 */
export interface LocalCopy<T> {
  by: string | null;
  /** ISO time. */
  at: string;
  words: T;
}

const PREFIX = "words:";
const LIFE_MS = 30 * 86_400_000;

export function keepLocal<T>(key: string, by: string | null, words: T): boolean {
  try {
    window.localStorage.setItem(PREFIX + key, JSON.stringify({ by, at: new Date().toISOString(), words } satisfies LocalCopy<T>));
    return true;
  } catch {
    // Private windows and full disks refuse; the server copy then has to do, and the status line says which exists.
    return false;
  }
}

/** The copy under `key`, if it is this person's (or a guest's) and not older than 30 days. */
export function findLocal<T>(key: string, by: string | null, isWords: (value: unknown) => value is T): LocalCopy<T> | null {
  try {
    const stored = window.localStorage.getItem(PREFIX + key);
    if (stored === null) return null;
    const copy = JSON.parse(stored) as Partial<LocalCopy<unknown>>;
    if (!isWords(copy.words) || typeof copy.at !== "string") return null;
    if (Date.now() - Date.parse(copy.at) > LIFE_MS) return null;
    if (copy.by != null && copy.by !== by) return null;
    return { by: copy.by ?? null, at: copy.at, words: copy.words };
  } catch {
    // Damaged or refused storage holds nothing that could be shown.
    return null;
  }
}

/** Both texts, one after the other, unless what was typed goes on from what was kept: browsers put words back too. */
export function keepBoth(kept: string, typed: string, between = "\n\n"): string {
  return typed.startsWith(kept) ? typed : kept + between + typed;
}

export function dropLocal(key: string): void {
  try {
    window.localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was stored where nothing can be removed.
    return;
  }
}
