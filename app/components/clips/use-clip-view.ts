import { useEffect } from "react";

/** A clip was seen when this much of it has played on the stage. */
const SEEN_AFTER_SEC = 3;
/** A step larger than this is a jump, not time that passed. */
const STEP_MAX_SEC = 1;
/** Said once per page; the server counts a reader once a day whatever it is told. */
const told = new Set<string>();

export function useClipView(clipId: string, video: HTMLVideoElement | null): void {
  useEffect(() => {
    if (!video || told.has(clipId)) return;
    const film = video;
    let seen = 0;
    let last = film.currentTime;
    function onTime() {
      const step = film.currentTime - last;
      last = film.currentTime;
      if (step > 0 && step < STEP_MAX_SEC) seen += step;
      if (seen < Math.min(SEEN_AFTER_SEC, Math.max(0.5, film.duration - 0.5)) || told.has(clipId)) return;
      told.add(clipId);
      navigator.sendBeacon(`/posts/${clipId}/view`);
    }
    film.addEventListener("timeupdate", onTime);
    return () => film.removeEventListener("timeupdate", onTime);
  }, [clipId, video]);
}
