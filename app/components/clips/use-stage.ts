import { useCallback, useEffect, useRef, useState, type MutableRefObject, type RefObject } from "react";

/**
 * Where the stage stands. A swipe scrolls it, and the browser holds it at one clip (scroll-snap); keys, buttons and the
 * wheel scroll it by exactly one. A wheel is answered here, because one notch of it is too little for the snap.
 */
export interface Stage {
  goTo: (index: number) => void;
  /** The list has changed: be at this place at once. */
  stand: (index: number) => void;
  /** The reader has moved at least once. */
  moved: boolean;
  at: MutableRefObject<number>;
}

const WHEEL_MIN = 24;
/** Of a trackpad that goes on rolling; a new gesture begins after a pause of this length. */
const WHEEL_REST_MS = 160;
const WHEEL_AGAIN_MS = 700;

interface Options {
  root: RefObject<HTMLElement | null>;
  /** Places to stand at, the end included. */
  count: number;
  current: number;
  setCurrent: (index: number) => void;
  live: boolean;
}

export function useStage({ root, count, current, setCurrent, live }: Options): Stage {
  const [moved, setMoved] = useState(false);
  const at = useRef(current);
  at.current = current;
  /** Where a scroll that we began is going; places on the way are not stood at. */
  const target = useRef<number | null>(null);
  const feedOf = useCallback(() => root.current?.querySelector<HTMLElement>(".clip-feed") ?? null, [root]);

  const goTo = useCallback(
    (index: number) => {
      const feed = feedOf();
      const to = Math.max(0, Math.min(index, count - 1));
      if (!feed || to === at.current) return;
      const hadFocus = feed.contains(document.activeElement);
      const smooth = Math.abs(to - at.current) === 1 && !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      target.current = to;
      setCurrent(to);
      setMoved(true);
      feed.scrollTo({ top: to * feed.clientHeight, behavior: smooth ? "smooth" : "instant" });
      // The place that had the focus is going out of reach; whoever moves by keys goes on from the new one.
      if (hadFocus) window.requestAnimationFrame(() => (feed.children[to] as HTMLElement | undefined)?.focus({ preventScroll: true }));
    },
    [count, feedOf, setCurrent],
  );

  const stand = useCallback(
    (index: number) => {
      const feed = feedOf();
      if (!feed) return;
      target.current = index;
      setCurrent(index);
      // The snap holds on to the clip it was at, wherever that has gone; it lets go while the place is set.
      feed.style.scrollSnapType = "none";
      const settle = () => feed.scrollTo({ top: index * feed.clientHeight, behavior: "instant" });
      settle();
      window.requestAnimationFrame(() => {
        settle();
        feed.style.scrollSnapType = "";
        target.current = null;
      });
    },
    [feedOf, setCurrent],
  );

  useEffect(() => {
    const feed = live ? feedOf() : null;
    if (!feed) return;
    const view = feed;
    function onScroll() {
      const place = view.scrollTop / Math.max(view.clientHeight, 1);
      if (target.current !== null && Math.abs(place - target.current) > 0.02) return;
      target.current = null;
      const index = Math.round(place);
      if (index === at.current) return;
      setCurrent(index);
      setMoved(true);
    }
    const free = () => (target.current = null);
    view.addEventListener("scroll", onScroll, { passive: true });
    view.addEventListener("touchstart", free, { passive: true });
    view.addEventListener("scrollend", free);
    return () => {
      view.removeEventListener("scroll", onScroll);
      view.removeEventListener("touchstart", free);
      view.removeEventListener("scrollend", free);
    };
  }, [live, feedOf, setCurrent]);

  useEffect(() => {
    const stage = live ? root.current : null;
    if (!stage) return;
    let sum = 0;
    let lastAt = 0;
    let movedAt = 0;
    function onWheel(event: WheelEvent) {
      const inside = event.target instanceof Element && event.target.closest(".clip-panel, dialog");
      if (inside || event.ctrlKey) return;
      event.preventDefault();
      if (event.timeStamp - lastAt > WHEEL_REST_MS) sum = 0;
      lastAt = event.timeStamp;
      if (event.timeStamp - movedAt < WHEEL_AGAIN_MS) return;
      sum += event.deltaY;
      if (Math.abs(sum) < WHEEL_MIN) return;
      movedAt = event.timeStamp;
      goTo(at.current + Math.sign(sum));
      sum = 0;
    }
    stage.addEventListener("wheel", onWheel, { passive: false });
    return () => stage.removeEventListener("wheel", onWheel);
  }, [live, root, goTo]);

  return { goTo, stand, moved, at };
}
