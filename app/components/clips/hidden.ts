/**
 * What a reader does not want to see again. It stays in this browser: nothing about it is sent, and the feed is the same
 * for everybody on the server. Bounded: the oldest wish goes when a list is full.
 */
export interface Hidden {
  clips: string[];
  authors: string[];
  topics: string[];
}
export type HiddenKind = keyof Hidden;

export const NOTHING_HIDDEN: Hidden = { clips: [], authors: [], topics: [] };
const KEY = "clips-hidden";
const MAX: Record<HiddenKind, number> = { clips: 300, authors: 100, topics: 30 };
const ID = /^[\w:.-]{1,80}$/;

export function readHidden(): Hidden {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(KEY) ?? "{}");
    const given = typeof stored === "object" && stored !== null ? (stored as Partial<Record<HiddenKind, unknown>>) : {};
    const list = (kind: HiddenKind) => (Array.isArray(given[kind]) ? given[kind].filter((id): id is string => typeof id === "string" && ID.test(id)).slice(-MAX[kind]) : []);
    return { clips: list("clips"), authors: list("authors"), topics: list("topics") };
  } catch {
    // Storage is off, or somebody else's words stand there: then nothing is hidden.
    return NOTHING_HIDDEN;
  }
}

export function withHidden(hidden: Hidden, kind: HiddenKind, id: string): Hidden {
  return { ...hidden, [kind]: [...hidden[kind].filter((known) => known !== id), id].slice(-MAX[kind]) };
}

export function withoutHidden(hidden: Hidden, kind: HiddenKind, id: string): Hidden {
  return { ...hidden, [kind]: hidden[kind].filter((known) => known !== id) };
}

export function keepHidden(hidden: Hidden): void {
  try {
    window.localStorage.setItem(KEY, JSON.stringify(hidden));
  } catch {
    // Storage is off or full: the wish holds until the page is left.
  }
}

export function countHidden(hidden: Hidden): number {
  return hidden.clips.length + hidden.authors.length + hidden.topics.length;
}

export function isHidden({ id, author, topic }: { id: string; author: { id: string }; topic: { slug: string } | null }, hidden: Hidden): boolean {
  return hidden.clips.includes(id) || hidden.authors.includes(author.id) || (topic !== null && hidden.topics.includes(topic.slug));
}
