import { Link, useFetcher } from "@remix-run/react";
import { useEffect, useRef } from "react";
import { useT } from "~/i18n/react";
import { PostRow } from "./PostRow";
import type { FeedPageView } from "./types";

/** The rows of a feed. "Load more" is a plain link to the next page; with scripts the rows are appended instead. */
export function FeedList({ pages, onMore, more }: { pages: FeedPageView[]; onMore: (next: FeedPageView) => void; more: (cursor: string) => string }) {
  const t = useT();
  const fetcher = useFetcher<{ page: FeedPageView }>();
  const firstNewRow = useRef<HTMLLIElement | null>(null);
  const taken = useRef<unknown>(null);
  const hasAsked = useRef(false);

  useEffect(() => {
    if (!fetcher.data || taken.current === fetcher.data) return;
    taken.current = fetcher.data;
    onMore(fetcher.data.page);
  }, [fetcher.data, onMore]);

  useEffect(() => {
    if (!hasAsked.current) return;
    hasAsked.current = false;
    // Keyboard and screen-reader users go on where the new rows begin.
    firstNewRow.current?.querySelector<HTMLAnchorElement>("h2 a")?.focus({ preventScroll: true });
  }, [pages.length]);

  const seen = new Set<string>();
  const rows = pages.flatMap((p, index) => p.items.map((item, at) => ({ item, first: index === pages.length - 1 && at === 0 }))).filter(({ item }) => !seen.has(item.id) && seen.add(item.id));
  const next = pages.at(-1)?.nextCursor ?? null;
  const href = next ? more(next) : null;

  return (
    <>
      <ol>
        {rows.map(({ item, first }) => (
          <li key={item.id} ref={first ? firstNewRow : undefined}>
            <PostRow post={item} />
          </li>
        ))}
      </ol>
      <div className="more">
        {href ? (
          <Link
            className="btn"
            to={href}
            prefetch="none"
            rel="nofollow"
            aria-busy={fetcher.state !== "idle"}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey) return;
              event.preventDefault();
              if (fetcher.state !== "idle") return;
              hasAsked.current = true;
              fetcher.load(href);
            }}
          >
            {fetcher.state === "idle" ? t("feed.more") : t("feed.loading")}
          </Link>
        ) : (
          <p className="meta">{t("feed.caughtUp")}</p>
        )}
      </div>
    </>
  );
}
