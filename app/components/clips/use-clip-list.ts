import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isHidden, keepHidden, NOTHING_HIDDEN, readHidden, withHidden, withoutHidden, type Hidden, type HiddenKind } from "./hidden";
import type { ClipData, ClipFeedMark, ClipPageData } from "./types";

/**
 * The clips of a feed as they were loaded, without repeats and without what this browser hides. More pages come by their
 * cursor while the reader is three clips before the end; a page that does not come is said in the stage and asked again.
 */
const AHEAD = 3;
const TIMEOUT_MS = 10_000;
/** A ranking has 300 places; latest goes further back, but nobody swipes through more than this on one page. */
const PAGES_MAX = 60;

export interface ClipList {
  clips: ClipData[];
  hidden: Hidden;
  more: { state: "none" | "waiting" | "loading" } | { state: "failed"; sentence: string | null };
  loadMore: () => void;
  hide: (kind: HiddenKind, id: string) => void;
  unhide: (kind: HiddenKind, id: string) => void;
  showAll: () => void;
}

export function useClipList(page: ClipPageData, feed: ClipFeedMark, { current, keepId }: { current: number; keepId: string | null }): ClipList {
  const [pages, setPages] = useState([page]);
  const [asking, setAsking] = useState<"idle" | "loading" | "failed">("idle");
  const [sentence, setSentence] = useState<string | null>(null);
  const [hidden, setHidden] = useState(NOTHING_HIDDEN);
  const taken = useRef(page);

  useEffect(() => setHidden(readHidden()), []);
  // The same page read anew, after a login for instance: what it says about each clip, in the order that is on the stage.
  useEffect(() => {
    if (taken.current === page) return;
    taken.current = page;
    const fresh = new Map(page.items.map((clip) => [clip.id, clip]));
    setPages((shown) => shown.map((known) => ({ ...known, items: known.items.map((clip) => fresh.get(clip.id) ?? clip) })));
  }, [page]);

  const clips = useMemo(() => {
    const seen = new Set<string>();
    return pages.flatMap(({ items }) => items).filter((clip) => !seen.has(clip.id) && seen.add(clip.id) && (clip.id === keepId || !isHidden(clip, hidden)));
  }, [pages, hidden, keepId]);

  const cursor = pages.length < PAGES_MAX ? (pages.at(-1)?.nextCursor ?? null) : null;
  const loadMore = useCallback(() => {
    if (!cursor) return;
    setAsking("loading");
    fetch(`/clips/more?${new URLSearchParams({ ...(feed === "" ? {} : { feed }), cursor, lang: document.documentElement.lang })}`, { signal: AbortSignal.timeout(TIMEOUT_MS), headers: { Accept: "application/json" } })
      .then(async (reply) => {
        const body = (await reply.json()) as ClipPageData & { error?: string };
        if (!reply.ok) setSentence(body.error ?? null);
        else setPages((shown) => [...shown, body]);
        setAsking(reply.ok ? "idle" : "failed");
      })
      .catch(() => {
        // Cut off, too slow, or an answer that is none: the stage says so and offers to ask again.
        setSentence(null);
        setAsking("failed");
      });
  }, [cursor, feed]);

  const near = current >= clips.length - AHEAD;
  useEffect(() => {
    if (near && cursor && asking === "idle") loadMore();
  }, [near, cursor, asking, loadMore]);

  const change = useCallback((next: Hidden) => {
    setHidden(next);
    keepHidden(next);
  }, []);

  return {
    clips,
    hidden,
    more: asking === "failed" ? { state: "failed", sentence } : { state: asking === "loading" ? "loading" : cursor ? "waiting" : "none" },
    loadMore,
    hide: (kind, id) => change(withHidden(hidden, kind, id)),
    unhide: (kind, id) => change(withoutHidden(hidden, kind, id)),
    showAll: () => change(NOTHING_HIDDEN),
  };
}
