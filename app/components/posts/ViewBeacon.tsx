import { useEffect } from "react";

/** Reading means that the page was in front of somebody for this long. */
const READ_AFTER_MS = 4_000;

/** Tells the server once that the post was read; without scripts the picture in `noscript` does it. */
export function ViewBeacon({ postId }: { postId: string }) {
  useEffect(() => {
    let seenMs = 0;
    const step = 1_000;
    const timer = window.setInterval(() => {
      if (document.visibilityState === "visible") seenMs += step;
      if (seenMs < READ_AFTER_MS) return;
      window.clearInterval(timer);
      navigator.sendBeacon(`/posts/${postId}/view`);
    }, step);
    return () => window.clearInterval(timer);
  }, [postId]);
  return (
    <noscript>
      <img src={`/posts/${postId}/view`} width={1} height={1} alt="" className="vh" />
    </noscript>
  );
}
