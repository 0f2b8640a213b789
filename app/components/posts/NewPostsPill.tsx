import { useEffect, useState } from "react";
import { useT } from "~/i18n/react";

const POLL_MS = 30_000;

/**
 * Says how many posts have come since the page was opened. Nothing on the page moves until it is pressed.
 * Asks only while the page is looked at.
 */
export function NewPostsPill({ feed, openedAt }: { feed: string; openedAt: string }) {
  const t = useT();
  const [count, setCount] = useState(0);

  useEffect(() => {
    setCount(0);
    const stop = new AbortController();
    async function ask() {
      if (document.visibilityState !== "visible") return;
      const answer = await fetch(`/new-posts?feed=${encodeURIComponent(feed)}&since=${encodeURIComponent(openedAt)}`, { signal: stop.signal });
      if (answer.ok) setCount(((await answer.json()) as { count: number }).count);
    }
    // A lost connection only means that the pill stays as it was; the next turn asks again.
    const quietly = () => void ask().catch(() => undefined);
    const timer = window.setInterval(quietly, POLL_MS);
    document.addEventListener("visibilitychange", quietly);
    return () => {
      stop.abort();
      window.clearInterval(timer);
      document.removeEventListener("visibilitychange", quietly);
    };
  }, [feed, openedAt]);

  return (
    <div className="pill-slot" aria-live="polite">
      {count > 0 ? (
        <button type="button" className="pill" onClick={() => window.location.reload()}>
          {t("feed.newPosts", { count })}
        </button>
      ) : null}
    </div>
  );
}
