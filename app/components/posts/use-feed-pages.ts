import { useLocation, useNavigationType } from "@remix-run/react";
import { useEffect, useState } from "react";
import type { FeedPageView } from "./types";

/**
 * The pages of a feed that are on the screen: the one that came with the address, and those loaded after it. They are
 * remembered per history entry, so that Back leads to the same rows at the same place, however far the feed has moved on
 * meanwhile; the pill says what is new. What is read anew under an entry only refreshes the rows that stand there.
 */
interface Shown {
  /** Of the history entry. */
  key: string;
  /** What the loader gave last. */
  page: FeedPageView;
  pages: FeedPageView[];
}

const remembered = new Map<string, FeedPageView[]>();
const REMEMBERED_MAX = 20;

export function useFeedPages(page: FeedPageView): { pages: FeedPageView[]; append: (next: FeedPageView) => void } {
  const { key, hash } = useLocation();
  const isBack = useNavigationType() === "POP";
  const [shown, setShown] = useState<Shown>(() => ({ key, page, pages: refresh((isBack && remembered.get(key)) || [page], page) }));
  let current = shown;
  if (shown.key !== key || shown.page !== page) {
    // A jump inside the page is an entry of its own and changes nothing.
    const isSameVisit = shown.key === key || hash !== "";
    const pages = isSameVisit ? shown.pages : (isBack && remembered.get(key)) || [page];
    current = { key, page, pages: refresh(pages, page) };
    setShown(current);
  }
  const { pages } = current;
  useEffect(() => remember(key, pages), [key, pages]);
  return { pages, append: (next) => setShown((before) => ({ ...before, pages: [...before.pages, next] })) };
}

function refresh(pages: FeedPageView[], page: FeedPageView): FeedPageView[] {
  const fresh = new Map(page.items.map((item) => [item.id, item]));
  return pages.map((known) => ({ ...known, items: known.items.map((item) => fresh.get(item.id) ?? item) }));
}

function remember(key: string, pages: FeedPageView[]): void {
  remembered.delete(key);
  remembered.set(key, pages);
  const oldest = remembered.keys().next().value;
  if (remembered.size > REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
}
