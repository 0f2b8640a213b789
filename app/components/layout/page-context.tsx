import { createContext, useContext, type ReactNode } from "react";

/** What every part of a page may need: who reads, and the clock the page was made with. */
export interface PageContextValue {
  viewer: { id: string; handle: string; displayName: string; tier: number } | null;
  /** ISO time of the render; the browser prints the same relative times as the server did. */
  now: string;
}

const PageContext = createContext<PageContextValue>({ viewer: null, now: new Date(0).toISOString() });

export function PageProvider({ value, children }: { value: PageContextValue; children: ReactNode }) {
  return <PageContext.Provider value={value}>{children}</PageContext.Provider>;
}

export function usePage(): PageContextValue {
  return useContext(PageContext);
}

export function useViewer(): PageContextValue["viewer"] {
  return usePage().viewer;
}
