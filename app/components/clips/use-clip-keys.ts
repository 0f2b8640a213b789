import { useEffect, useRef } from "react";

export interface ClipKeys {
  next: () => void;
  previous: () => void;
  toggle: () => void;
  sound: () => void;
  captions: () => void;
  like: () => void;
  fullscreen: () => void;
  seek: (bySec: number) => void;
  close: () => void;
}

const SEEK_SEC = 5;

/** Keys of the stage. They rest while somebody types, chooses, or reads the panel, and with any modifier held. */
export function useClipKeys(keys: ClipKeys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      const target = event.target instanceof Element ? event.target : null;
      const { next, previous, toggle, sound, captions, like, fullscreen, seek, close } = current.current;
      if (event.key === "Escape") return close();
      if (target?.closest("input, textarea, select, [contenteditable], dialog, .clip-panel")) return;
      // Space and Enter belong to the control that has the focus.
      const onControl = target?.closest("a, button, summary") !== null && target?.closest("a, button, summary") !== undefined;
      const act: Record<string, () => void> = {
        ArrowDown: next, j: next, PageDown: next,
        ArrowUp: previous, k: previous, PageUp: previous,
        ArrowRight: () => seek(SEEK_SEC), ArrowLeft: () => seek(-SEEK_SEC),
        m: sound, c: captions, l: like, f: fullscreen,
        ...(onControl ? {} : { " ": toggle }),
      };
      const chosen = act[event.key.length === 1 ? event.key.toLowerCase() : event.key];
      if (!chosen) return;
      event.preventDefault();
      if (event.repeat && (chosen === like || chosen === sound || chosen === captions || chosen === fullscreen || chosen === toggle)) return;
      chosen();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}
