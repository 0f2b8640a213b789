import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { fetchAsset, isMoving, type AssetView } from "./asset";
import { listNoTransfers, listTransfers, onTransfers, type Transfer } from "./transfers";

/** The files that this tab is sending, newest state at once. */
export function useTransfers(place?: string): Transfer[] {
  const list = useSyncExternalStore(onTransfers, listTransfers, listNoTransfers);
  return place === undefined ? [...list] : list.filter((transfer) => transfer.place === place);
}

export type KnownAssets = ReadonlyMap<string, AssetView | "gone">;

const POLL_MS = 2_000;
/** An upload that another tab or device may be sending is asked about this often before it counts as broken off. */
const STILL_MAX = 4;

/**
 * Asks about each asset once, and again every two seconds while one of them moves. A page that is hidden or offline asks
 * nothing, and asks at once when that is over. `nudge` changes when there is a reason to ask anew.
 */
export function useAssets(ids: readonly string[], given: readonly AssetView[] = [], nudge = 0): KnownAssets {
  const [known, setKnown] = useState<KnownAssets>(() => new Map(given.map((asset) => [asset.id, asset])));
  const latest = useRef(known);
  latest.current = known;
  const names = ids.join(" ");
  useEffect(() => {
    const stop = new AbortController();
    let timer: number | undefined;
    let still = 0;
    const wanted = names === "" ? [] : names.split(" ");

    async function ask(all: boolean) {
      window.clearTimeout(timer);
      const due = wanted.filter((id) => all || isDue(latest.current.get(id), still));
      if (due.length === 0 || document.visibilityState === "hidden" || !navigator.onLine) return;
      const before = latest.current;
      const answers = await Promise.all(due.map(async (id) => [id, await fetchAsset(id, stop.signal)] as const));
      if (stop.signal.aborted) return;
      const next = new Map(before);
      for (const [id, answer] of answers) if (answer) next.set(id, answer);
      still = due.every((id) => isSame(before.get(id), next.get(id))) ? still + 1 : 0;
      setKnown(next);
      latest.current = next;
      timer = window.setTimeout(() => void ask(false), POLL_MS);
    }

    const onShow = () => {
      still = 0;
      void ask(false);
    };
    void ask(nudge > 0);
    document.addEventListener("visibilitychange", onShow);
    window.addEventListener("online", onShow);
    return () => {
      stop.abort();
      window.clearTimeout(timer);
      document.removeEventListener("visibilitychange", onShow);
      window.removeEventListener("online", onShow);
    };
  }, [names, nudge]);
  return known;
}

function isDue(asset: AssetView | "gone" | undefined, still: number): boolean {
  if (asset === undefined) return true;
  if (asset === "gone") return false;
  return isMoving(asset) || (asset.state === "uploading" && still < STILL_MAX);
}

function isSame(a: AssetView | "gone" | undefined, b: AssetView | "gone" | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
