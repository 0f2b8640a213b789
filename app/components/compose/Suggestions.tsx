import { useEffect, useState } from "react";
import { useLocale, useT } from "~/i18n/react";
import { getJson } from "./send";
import type { Asked } from "./text-tools";

export interface Suggestion {
  /** What goes into the text. */
  insert: string;
  name: string;
  detail: string;
}

interface InstrumentRow {
  id: string;
  name: string;
  exchange: string;
}

interface MemberRow {
  handle: string;
  displayName: string;
}

const WAIT_MS = 180;

/** Asks the server for what is being typed after a sign; the newest question wins. */
export function useSuggestions(asked: Asked | null): Suggestion[] {
  const locale = useLocale();
  const [found, setFound] = useState<Suggestion[]>([]);
  const kind = asked?.kind;
  const text = asked?.text ?? "";
  useEffect(() => {
    setFound([]);
    if (!kind) return;
    const stop = new AbortController();
    const timer = window.setTimeout(() => {
      void (kind === "ticker" ? findTickers(text, locale, stop.signal) : findMembers(text, stop.signal)).then((rows) => {
        if (!stop.signal.aborted) setFound(rows);
      });
    }, WAIT_MS);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [kind, text, locale]);
  return found;
}

async function findTickers(text: string, locale: string, signal: AbortSignal): Promise<Suggestion[]> {
  const reply = await getJson<{ items: InstrumentRow[] }>(`/instruments/search?q=${encodeURIComponent(text)}&lang=${locale}`, signal);
  return (reply?.items ?? []).map(({ id, name, exchange }) => ({ insert: exchange === "US" ? `$${id}$` : `$${name}(${id})$`, name, detail: id }));
}

async function findMembers(text: string, signal: AbortSignal): Promise<Suggestion[]> {
  const reply = await getJson<{ items: MemberRow[] }>(`/mentions/search?q=${encodeURIComponent(text)}`, signal);
  return (reply?.items ?? []).map(({ handle, displayName }) => ({ insert: `@${handle} `, name: displayName, detail: `@${handle}` }));
}

export const optionId = (index: number): string => `suggestion-${index}`;

/** Below the text, where the keyboard of a phone leaves room; arrows choose, Enter takes, Escape closes. */
export function SuggestionList({ items, active, onPick }: { items: Suggestion[]; active: number; onPick: (item: Suggestion) => void }) {
  const t = useT();
  return (
    <ul className="suggest" role="listbox" id="suggestions" aria-label={t("compose.suggestions")}>
      {items.map((item, index) => (
        <li key={item.insert} role="option" id={optionId(index)} aria-selected={index === active} onPointerDown={(event) => event.preventDefault()} onClick={() => onPick(item)}>
          <b>{item.name}</b> <span className="meta num">{item.detail}</span>
        </li>
      ))}
    </ul>
  );
}
