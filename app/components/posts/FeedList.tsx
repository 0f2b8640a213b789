import { Link, useFetcher, useLocation, useNavigationType } from "@remix-run/react";
import { useEffect, useRef, useState } from "react";
import { useT } from "~/i18n/react";
import { PostRow } from "./PostRow";
import type { FeedPageView } from "./types";

/**
 * A feed page and the pages loaded after it. "Load more" is a plain link to the next page; with scripts the rows are
 * appended instead. What was loaded is remembered per history entry, so that Back returns to the same place.
 */
const remembered = new Map<string, FeedPageView[]>();
const REMEMBERED_MAX = 20;

function remember(key: string, pages: FeedPageView[]): void {
  remembered.delete(key);
  remembered.set(key, pages);
  const oldest = remembered.keys().next().value;
  if (remembered.size > REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
}

export function FeedList({ page, more }: { page: FeedPageView; more: (cursor: string) => string }) {
  const t = useT();
  const { key } = useLocation();
  const isBack = useNavigationType() === "POP";
  const [pages, setPages] = useState<FeedPageView[]>(() => (isBack ? remembered.get(key) : undefined) ?? [page]);
  const fetcher = useFetcher<{ page: FeedPageView }>();
  const firstNewRow = useRef<HTMLLIElement | null>(null);
  const taken = useRef<unknown>(null);

  // Another feed on the same component starts over.
  useEffect(() => {
    setPages((shown) => (shown[0]?.openedAt === page.openedAt && shown[0]?.items[0]?.id === page.items[0]?.id ? shown : [page]));
  }, [page]);

  useEffect(() => {
    if (!fetcher.data || taken.current === fetcher.data) return;
    taken.current = fetcher.data;
    const next = fetcher.data.page;
    setPages((shown) => [...shown, next]);
  }, [fetcher.data]);

  useEffect(() => {
    remember(key, pages);
    // Keyboard and screen-reader users go on where the new rows begin.
    if (pages.length > 1) firstNewRow.current?.querySelector<HTMLAnchorElement>("h2 a")?.focus({ preventScroll: true });
  }, [key, pages]);

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
              if (fetcher.state === "idle") fetcher.load(href);
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
